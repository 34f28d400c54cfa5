//! Indices from Python: int64 arrays, lists and tuples of exact ints here, everything else by `refvec.integers`.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyTuple};

use super::core::{call, core};
use super::ids::frozen;
use super::made::{Any, number, text};
use super::plain::Plain;
use super::refusals::impossible;
use super::steps::{This, require_open};
use crate::{copied, room};

/// Never the number of an index, and what stands for integers beyond 64 bits.
const NEVER: i64 = -1;

/// Indices of a batch, and the integers as the caller gave them where those are others.
pub struct Indices<'py> {
    pub found: Vec<i64>,
    given: Option<Any<'py>>,
}

impl<'py> Indices<'py> {
    /// `check` comes before core's errors.
    pub fn new(indices: &Any<'py>, check: impl FnOnce() -> PyResult<()>) -> PyResult<Self> {
        let native = match frozen(indices)? {
            Some(items) => exact_ints(&items)?,
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
            None => number(py, self.found[position]),
        }
    }
}

/// A copy of an int64 array.
fn int64(indices: &Any<'_>) -> crate::Result<Option<Vec<i64>>> {
    Plain::<i64, 1>::new(indices).map(|array| copied(array.items())).transpose()
}

/// The numbers of exact ints of 64 bits, if all are.
fn exact_ints(items: &Bound<'_, PyTuple>) -> crate::Result<Option<Vec<i64>>> {
    let mut found = room(items.len())?;
    found.extend(items.iter_borrowed().map_while(|item| exact_int(&item)));
    Ok((found.len() == items.len()).then_some(found))
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
pub fn index<'py>(this: This<'_, 'py>, given: &Any<'py>) -> PyResult<(Any<'py>, i64)> {
    if let Some(number) = exact_int(given) {
        return Ok((given.clone(), number));
    }
    require_open(this)?;
    let py = this.py();
    let exact = call(py, &core(py)?.canonical_int, [given, &text(py, "index")?])?;
    let number = exact_int(&exact).unwrap_or(NEVER);
    Ok((exact, number))
}
