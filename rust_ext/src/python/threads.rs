//! How many threads a call may use.

use pyo3::prelude::*;

use super::door::door;

#[pyfunction]
pub fn num_threads() -> PyResult<usize> {
    door(|| Ok(crate::num_threads()))
}

/// The number was checked in Python.
#[pyfunction]
pub fn set_num_threads(n: usize) -> PyResult<()> {
    door(|| {
        crate::set_num_threads(n);
        Ok(())
    })
}
