//! The binding: converts arguments, detaches, calls the store, converts the result.
//!
//! [`NativeStore`] is the first base of the Python class `RustVectorStore`, so the contract's methods resolve to its own without a Python
//! frame in between; whatever it lacks comes from `refvec.VectorStore`. Documentation lives there too. The names with an underscore are
//! primitives of a backend, or what `RustVectorStore` makes the other primitives of; all else is here to be fast.

mod blocks;
mod core;
mod documentation;
mod door;
mod events;
mod ids;
mod indices;
mod made;
mod marks;
mod plain;
mod reading;
mod refusals;
mod rows;
mod searching;
mod states;
mod steps;
mod stored;
mod threads;
mod writing;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::Cell;

#[pymodule(gil_used = false)]
mod _native {
    use numpy::Element;
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::NativeStore;
    #[pymodule_export]
    use super::blocks::Blocks;
    #[pymodule_export]
    use super::events::Events;
    #[pymodule_export]
    use super::marks::{checksums, fingerprints};
    #[pymodule_export]
    const MAX_VECTORS: u32 = crate::MAX_SLOTS;
    #[pymodule_export]
    const MAX_THREADS: usize = crate::MAX_THREADS;
    #[pymodule_export]
    use super::threads::{num_threads, set_num_threads};

    /// Looks up all that the binding uses of numpy and refvec, for later an interrupt could fall into it; and the environment.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::forks::watch();
        let _ = crate::num_threads();
        f32::get_dtype(module.py());
        super::core::core(module.py()).map(|_| ())
    }
}

/// The native part of a store; not a store by itself.
#[pyclass(frozen, subclass, module = "rust_vector_store._native")]
pub struct NativeStore {
    cell: Cell,
}

#[pymethods]
impl NativeStore {
    /// Make an unopened store; the arguments are for `VectorStore.__init__`.
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { cell: Cell::default() }
    }
}

#[cfg(feature = "test-panic")]
door::methods! { NativeStore:
    /// Panic, within a changing step or outside.
    fn _panic(this, changing: bool) -> () {
        let panic = |_: &mut crate::Store| -> crate::Result<()> { panic!("on purpose") };
        if changing { Ok(steps::write(this, 0, panic)?) } else { panic!("on purpose") }
    }
}
