//! What the binding takes from `refvec` and the standard library, looked up once, when the module is loaded.

use std::ptr::null_mut;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

macro_rules! objects {
    ($($module:literal: $($field:ident = $name:literal),+;)+) => {
        /// The Python objects that are used again and again.
        pub struct Core {
            $($(pub $field: Py<PyAny>,)+)+
            /// The argument of a `MemoryError`: when one is needed, it is too late to make it.
            pub no_memory: Py<PyTuple>,
        }

        impl Core {
            fn import(py: Python<'_>) -> PyResult<Self> {
                let no_memory = ("not enough memory; nothing was changed",).into_pyobject(py)?.unbind();
                Ok(Self { $($($field: py.import($module)?.getattr($name)?.unbind(),)+)+ no_memory })
            }
        }
    };
}

objects! {
    "builtins": memory_error = "MemoryError", os_error = "OSError";
    "os": strerror = "strerror";
    "uuid": uuid = "UUID";
    "refvec.errors": refvec_error = "RefvecError", corrupt_error = "CorruptStoreError";
    "refvec.failures":
        store_closed = "store_closed", read_only = "read_only", store_full = "store_full", dimension_mismatch = "dimension_mismatch",
        length_mismatch = "length_mismatch", duplicate_id = "duplicate_id", unknown_id = "unknown_id", invalid_index = "invalid_index";
    "refvec.ids": canonical_id = "canonical_id", canonical_ids = "canonical_ids";
    "refvec.integers": canonical_int = "canonical_int", canonical_indices = "canonical_indices";
    "refvec.outputs": check_out = "check_out";
    "refvec.searching": check_query = "check_query";
    "refvec.state": size = "Size";
    "refvec.vectors": canonical_row = "canonical_row", canonical_rows = "canonical_rows";
}

pub fn core(py: Python<'_>) -> PyResult<&'static Core> {
    static CORE: PyOnceLock<Core> = PyOnceLock::new();
    CORE.get_or_try_init(py, || Core::import(py))
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
