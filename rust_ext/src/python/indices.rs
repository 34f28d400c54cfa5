//! Indices from Python: int64 arrays, lists and tuples of exact ints here, everything else by `refvec.integers`.

use numpy::npyffi::NPY_TYPES;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyInt;

use super::cell::Cell;
use super::core::{call, core};
use super::ids::{all, frozen};
use super::made::{Any, integer, text};
use super::refusals::{impossible, plain};
use super::rows::Plain;
use crate::error::room;

/// Never the number of an index, and what stands for integers beyond 64 bits.
const NEVER: i64 = -1;

/// Indices of a batch, and the integers as the caller gave them where those are others.
pub struct Indices<'py> {
    pub found: Vec<i64>,
    given: Option<Any<'py>>,
}

impl<'py> Indices<'py> {
    /// For a call that needs an open store.
    pub fn open(cell: &Cell, indices: &Any<'py>) -> PyResult<Self> {
        Self::converted(indices, || cell.require_open(indices.py()))
    }

    pub fn new(indices: &Any<'py>) -> PyResult<Self> {
        Self::converted(indices, || Ok(()))
    }

    /// `check` comes before core's errors; a step checks again.
    fn converted(indices: &Any<'py>, check: impl FnOnce() -> PyResult<()>) -> PyResult<Self> {
        let native = match frozen(indices)? {
            Some(items) => all(&items, |item| Ok(exact_int(&item)))?,
            None => int64(indices)?,
        };
        if let Some(found) = native {
            return Ok(Self { found, given: None });
        }
        check()?;
        let py = indices.py();
        let (found, given): (Any<'py>, Any<'py>) = call(py, &core(py)?.canonical_indices, [indices])?.extract()?;
        let found = int64(&found)?.ok_or_else(|| impossible("canonical_indices() made no int64 array"))?;
        Ok(Self { found, given: Some(given) })
    }

    /// The integer at a position as the caller gave it.
    pub fn given(&self, py: Python<'py>, position: usize) -> PyResult<Any<'py>> {
        match &self.given {
            Some(given) => given.get_item(position),
            None => integer(py, self.found[position]),
        }
    }
}

/// A copy of an int64 array.
fn int64(indices: &Any<'_>) -> PyResult<Option<Vec<i64>>> {
    // Which of C's types has 64 bits depends on the platform; another of that size goes through numpy.
    let kind = if size_of::<std::ffi::c_long>() == 8 { NPY_TYPES::NPY_LONG } else { NPY_TYPES::NPY_LONGLONG };
    let Some(array) = Plain::new(indices, 1, kind) else { return Ok(None) };
    let mut copy = plain(indices.py(), room(array.len()))?;
    copy.extend_from_slice(array.items());
    Ok(Some(copy))
}

/// The number of an exact int of 64 bits.
fn exact_int(item: &Any<'_>) -> Option<i64> {
    if !item.is_exact_instance_of::<PyInt>() {
        return None;
    }
    let mut overflow = 0;
    // SAFETY: an exact int is converted without a call of Python code, and overflow is the only way to fail.
    let number = unsafe { ffi::PyLong_AsLongLongAndOverflow(item.as_ptr(), &raw mut overflow) };
    (overflow == 0).then_some(number)
}

/// One index as an exact int, and as a number.
pub fn index<'py>(cell: &Cell, given: &Any<'py>) -> PyResult<(Any<'py>, i64)> {
    if let Some(number) = exact_int(given) {
        return Ok((given.clone(), number));
    }
    let py = given.py();
    cell.require_open(py)?;
    let exact = call(py, &core(py)?.canonical_int, [given, &text(py, "index")?])?;
    let number = exact_int(&exact).unwrap_or(NEVER);
    Ok((exact, number))
}
