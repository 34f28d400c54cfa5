//! The binding: converts arguments, takes the lock, calls the store, converts the result.
//!
//! [`NativeStore`] is the first base of the Python class `RustVectorStore`, so the contract's methods resolve to its own without a Python
//! frame in between; whatever it lacks comes from `refvec.VectorStore`. Documentation lives there too.

mod arrays;
mod cell;
mod core;
mod dump;
mod ids;
mod reading;
mod writing;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use self::cell::{Cell, Refused};
use self::core::{Subject, guard};
use crate::{Precision, Size, Store};

#[pymodule(gil_used = false)]
mod _native {
    use numpy::Element;
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::NativeStore;
    #[pymodule_export]
    use super::panic;
    #[pymodule_export]
    const MAX_VECTORS: u32 = crate::MAX_SLOTS;

    /// Looks up all that the binding uses of numpy and refvec: later, an interrupt could fall into it.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        f32::get_dtype(module.py());
        super::core::core(module.py()).map(|_| ())
    }
}

/// Panics inside the guard of every call, so that tests can see what becomes of it.
#[pyfunction(name = "_panic")]
fn panic(py: Python<'_>, message: &str) -> PyResult<()> {
    guard(py, || panic!("{message}"))
}

/// The native part of a store; not a store by itself.
#[pyclass(frozen, subclass, module = "rust_vector_store._native")]
#[derive(Default)]
pub struct NativeStore {
    cell: Cell,
}

impl NativeStore {
    /// A reading step with an error that speaks of nothing in particular.
    fn look<T: Send>(&self, py: Python<'_>, step: impl FnOnce(&Store) -> T + Send) -> PyResult<T> {
        guard(py, || done(py, self.cell.read(py, step)))
    }

    fn size(&self, py: Python<'_>) -> PyResult<Size> {
        self.look(py, Store::size)
    }
}

fn done<T>(py: Python<'_>, result: Refused<T>) -> PyResult<T> {
    result.map_err(|refusal| refusal.raise(py, Subject::Nothing))
}

#[pymethods]
impl NativeStore {
    /// Make an unopened store; the arguments are for `VectorStore.__init__`.
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::default()
    }

    /// Start empty, or from a saved state.
    fn _open(&self, py: Python<'_>, spec: &Bound<'_, PyAny>, state: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        guard(py, || {
            let dimension: Option<usize> = spec.getattr("dimension")?.extract()?;
            let precision: Option<u8> = spec.getattr("precision")?.extract().ok();
            let precision = precision.map_or(Precision::Exact, Precision::Decimals);
            let store = if let Some(state) = state {
                dump::restored(py, dimension, precision, state)?
            } else {
                let capacity = spec.getattr("initial_capacity")?.extract()?;
                done(py, Store::new(dimension, precision, capacity, crate::MAX_SLOTS).map_err(Into::into))?
            };
            done(py, self.cell.replace(py, Some(store)))
        })
    }

    /// Release the memory; closing twice does nothing.
    #[pyo3(signature = (*, flush = true))]
    fn close(&self, py: Python<'_>, flush: bool) -> PyResult<()> {
        let _ = flush;
        guard(py, || done(py, self.cell.replace(py, None)))
    }

    #[getter]
    fn closed(&self, py: Python<'_>) -> PyResult<bool> {
        guard(py, || Ok(!self.cell.is_open(py)))
    }

    #[getter]
    fn dimension(&self) -> Option<usize> {
        self.cell.dimension()
    }

    #[getter]
    fn count(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.size(py)?.unique)
    }

    #[getter]
    fn total_references(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.size(py)?.references)
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.size(py)?.unique)
    }

    /// Return the counts.
    fn _size(&self, py: Python<'_>) -> PyResult<(usize, usize, usize, u64)> {
        let size = self.size(py)?;
        Ok((size.unique, size.references, size.allocated, size.capacity))
    }
}
