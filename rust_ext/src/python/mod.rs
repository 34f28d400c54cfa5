//! The binding: converts arguments, takes the lock, calls the store, converts the result.
//!
//! [`NativeStore`] is the first base of the Python class `RustVectorStore`, so the contract's methods resolve to its own without a Python
//! frame in between; whatever it lacks comes from `refvec.VectorStore`. Documentation lives there too. The names with an underscore are
//! the primitives of a backend; the others are here to be fast.

mod blocks;
mod cell;
mod core;
mod door;
mod files;
mod ids;
mod indices;
mod made;
mod reading;
mod refusals;
mod rows;
mod searching;
mod states;
mod stored;
mod threads;
mod writing;

use std::sync::Mutex;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use self::cell::{Cell, Kept};
use self::door::methods;
use self::made::{Any, number, optional};
use self::refusals::done;
use crate::Size;

#[pymodule(gil_used = false)]
mod _native {
    use numpy::Element;
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::NativeStore;
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
    /// The first event that `_changes` has told, and its number: what is told again is the same object again.
    told: Mutex<Option<(u64, Py<PyAny>)>>,
}

#[pymethods]
impl NativeStore {
    /// Make an unopened store; the arguments are for `VectorStore.__init__`.
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { cell: Cell::new(), told: Mutex::new(None) }
    }
}

impl NativeStore {
    fn size(&self, py: Python<'_>) -> PyResult<Size> {
        done(py, self.cell.read(py, |store| Ok(store.size())))
    }
}

methods! { NativeStore:
    fn add_vector(this, chunk_id: &Any<'py>, vector: &Any<'py>) -> Any<'py> { writing::add_one(this, chunk_id, vector) }
    fn upsert_vector(this, chunk_id: &Any<'py>, vector: &Any<'py>) -> Any<'py> { writing::upsert_one(this, chunk_id, vector) }
    fn add_vectors(this, chunk_ids: &Any<'py>, vectors: &Any<'py>) -> Any<'py> { writing::add_batch(this, chunk_ids, vectors) }
    fn upsert_vectors(this, chunk_ids: &Any<'py>, vectors: &Any<'py>) -> Any<'py> { writing::upsert_batch(this, chunk_ids, vectors) }
    fn remove_vector(this, chunk_id: &Any<'py>) -> bool { writing::remove_one(this, chunk_id) }
    fn remove_vectors(this, chunk_ids: &Any<'py>) -> Any<'py> { writing::remove_batch(this, chunk_ids) }

    fn __len__(this) -> usize { Ok(this.get().size(this.py())?.unique) }
    fn __contains__(this, chunk_id: &Any<'py>) -> bool { reading::contains(this, chunk_id) }
    #[getter]
    fn count(this) -> Any<'py> { number(this.py(), this.get().size(this.py())?.unique) }
    #[getter]
    fn total_references(this) -> Any<'py> { number(this.py(), this.get().size(this.py())?.references) }
    #[getter]
    fn dimension(this) -> Any<'py> { optional(this.py(), this.get().cell.dimension()) }
    fn get_vector(this, chunk_id: &Any<'py>) -> Option<Any<'py>> { reading::row_of(this, chunk_id) }
    fn get_vectors(this, chunk_ids: &Any<'py>) -> Any<'py> { reading::rows_of(this, chunk_ids) }
    fn get_index(this, chunk_id: &Any<'py>) -> Option<Any<'py>> { reading::index_of(this, chunk_id) }
    fn get_indices(this, chunk_ids: &Any<'py>) -> Any<'py> { reading::indices_of(this, chunk_ids) }
    fn get_vector_by_index(this, index: &Any<'py>) -> Any<'py> { reading::row_at(this, index) }
    #[pyo3(signature = (indices, out = None))]
    fn get_vectors_by_indices(this, indices: &Any<'py>, out: Option<&Any<'py>>) -> Any<'py> { reading::rows_at(this, indices, out) }
    fn get_refcount(this, index: &Any<'py>) -> Any<'py> { reading::refcount(this, index) }
    fn get_refcounts(this, indices: &Any<'py>) -> Any<'py> { reading::refcounts(this, indices) }
    fn indices(this) -> Any<'py> { reading::indices(this) }
    fn ids(this) -> Any<'py> { reading::ids(this) }
    fn ids_at(this, index: &Any<'py>) -> Any<'py> { reading::ids_at(this, index) }
    fn find_vector(this, vector: &Any<'py>) -> Option<Any<'py>> { searching::find(this, vector) }

    fn _open(this, spec: &Any<'py>, state: Option<&Any<'py>>) -> () { states::open(this, spec, state) }
    fn _close(this) -> () { this.get().cell.replace(this.py(), None, Kept::InMemory); Ok(()) }
    fn _put(this, ids: &Any<'py>, rows: &Any<'py>, mode: &str) -> Any<'py> { writing::put_batch(this, ids, rows, mode) }
    fn _drop(this, ids: Option<&Any<'py>>) -> Any<'py> { writing::drop(this, ids) }
    fn _find(this, ids: &Any<'py>) -> Any<'py> { reading::indices_of(this, ids) }
    fn _rows(this, at: Option<&Any<'py>>) -> Any<'py> { reading::rows(this, at) }
    fn _refcounts(this, indices: &Any<'py>) -> Any<'py> { reading::refcounts(this, indices) }
    fn _scan(this, r#use: &Any<'py>) -> Any<'py> { states::scan(this, r#use) }
    fn _size(this) -> Any<'py> { states::python_size(this.py(), this.get().size(this.py())?) }
    fn _changes(this, r#use: &Any<'py>) -> Any<'py> { states::changes(this, r#use) }
    fn _reclaim(this, indices: &Any<'py>) -> () { states::reclaim(this, indices) }
    fn _settle(this, rows: &Any<'py>) -> () { states::settle(this, rows) }
    /// Has the content of another store in place of its own, which is given up.
    fn _adopt(this, other: &Bound<'py, NativeStore>) -> () { this.get().cell.adopt(this.py(), &other.get().cell) }
    fn _match(this, row: &Any<'py>) -> Option<Any<'py>> { searching::find(this, &row.get_item(0)?) }
    fn _narrowing(this, chunk_ids: &Any<'py>) -> Any<'py> { searching::narrowing(this, chunk_ids) }
    fn _search(
        this, queries: &Any<'py>, k: &Any<'py>, metric: &str, within: Option<&Any<'py>>, with_ids: bool
    ) -> Any<'py> { searching::search(this, queries, (k, metric, with_ids), within) }
}

#[cfg(feature = "test-panic")]
methods! { NativeStore:
    /// Panic, within a changing step or outside.
    fn _panic(this, changing: bool) -> () {
        let panic = |_: &mut crate::Store| -> crate::Result<()> { panic!("on purpose") };
        if changing { done(this.py(), this.get().cell.write(this.py(), panic)) } else { panic!("on purpose") }
    }
}
