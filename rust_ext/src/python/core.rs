//! What the binding takes from `refvec` and the standard library, looked up once, when the module is loaded.

use std::ptr::null_mut;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

/// The Python objects that are used again and again.
pub struct Core {
    pub uuid: Py<PyAny>,
    pub canonical_id: Py<PyAny>,
    pub canonical_ids: Py<PyAny>,
    pub canonical_int: Py<PyAny>,
    pub canonical_indices: Py<PyAny>,
    pub canonical_row: Py<PyAny>,
    pub canonical_rows: Py<PyAny>,
    pub check_out: Py<PyAny>,
    pub check_query: Py<PyAny>,
    pub layout: Py<PyAny>,
    pub state: Py<PyAny>,
    pub changes: Py<PyAny>,
    pub size: Py<PyAny>,
    pub store_closed: Py<PyAny>,
    pub dimension_mismatch: Py<PyAny>,
    pub length_mismatch: Py<PyAny>,
    pub store_full: Py<PyAny>,
    pub duplicate_id: Py<PyAny>,
    pub unknown_id: Py<PyAny>,
    pub invalid_index: Py<PyAny>,
    pub refvec_error: Py<PyAny>,
    pub corrupt_error: Py<PyAny>,
    pub memory_error: Py<PyAny>,
    /// The argument of a `MemoryError`: when one is needed, it is too late to make it.
    pub no_memory: Py<PyTuple>,
}

pub fn core(py: Python<'_>) -> PyResult<&'static Core> {
    static CORE: PyOnceLock<Core> = PyOnceLock::new();
    CORE.get_or_try_init(py, || Core::import(py))
}

impl Core {
    fn import(py: Python<'_>) -> PyResult<Self> {
        let take = |module: &str, name: &str| Ok::<_, PyErr>(py.import(module)?.getattr(name)?.unbind());
        Ok(Self {
            uuid: take("uuid", "UUID")?,
            canonical_id: take("refvec.ids", "canonical_id")?,
            canonical_ids: take("refvec.ids", "canonical_ids")?,
            canonical_int: take("refvec.integers", "canonical_int")?,
            canonical_indices: take("refvec.integers", "canonical_indices")?,
            canonical_row: take("refvec.vectors", "canonical_row")?,
            canonical_rows: take("refvec.vectors", "canonical_rows")?,
            check_out: take("refvec.outputs", "check_out")?,
            check_query: take("refvec.searching", "check_query")?,
            layout: take("refvec.state", "Layout")?,
            state: take("refvec.state", "State")?,
            changes: take("refvec.state", "Changes")?,
            size: take("refvec.state", "Size")?,
            store_closed: take("refvec.failures", "store_closed")?,
            dimension_mismatch: take("refvec.failures", "dimension_mismatch")?,
            length_mismatch: take("refvec.failures", "length_mismatch")?,
            store_full: take("refvec.failures", "store_full")?,
            duplicate_id: take("refvec.failures", "duplicate_id")?,
            unknown_id: take("refvec.failures", "unknown_id")?,
            invalid_index: take("refvec.failures", "invalid_index")?,
            refvec_error: take("refvec.errors", "RefvecError")?,
            corrupt_error: take("refvec.errors", "CorruptStoreError")?,
            memory_error: take("builtins", "MemoryError")?,
            no_memory: ("not enough memory; nothing was changed",).into_pyobject(py)?.unbind(),
        })
    }
}

/// Calls a Python function. Unlike `PyO3`'s `call1`, which panics, it raises `MemoryError` where the tuple of arguments cannot be had.
pub fn call<'py, const N: usize>(py: Python<'py>, function: &Py<PyAny>, given: [&Bound<'py, PyAny>; N]) -> PyResult<Bound<'py, PyAny>> {
    const { assert!(N <= 6) };
    let mut a = [null_mut(); 6];
    for (place, argument) in a.iter_mut().zip(given) {
        *place = argument.as_ptr();
    }
    // SAFETY: valid objects, ended by a null pointer; the result is a new reference, or null with an error set.
    unsafe {
        let end = null_mut::<ffi::PyObject>();
        let found = ffi::PyObject_CallFunctionObjArgs(function.as_ptr(), a[0], a[1], a[2], a[3], a[4], a[5], end);
        Bound::from_owned_ptr_or_err(py, found)
    }
}
