//! Vectors from Python: aligned contiguous native ones here, everything else by `refvec.vectors`.
//!
//! Other threads may write to a caller's array at any time, since numpy does so without the interpreter's lock. So it is read once, into
//! a copy, and everything after that reads the copy.

use std::borrow::Cow;

use pyo3::prelude::*;

use super::core::{call, core};
use super::made::{Any, optional};
use super::plain::Plain;
use super::refusals::impossible;
use super::steps::{This, cell, require_open};
use crate::{copied, with_copy};

const MAX_DIMENSION: usize = 65_536;

fn floats<'a, const N: usize>(object: &'a Any<'_>) -> Option<Plain<'a, f32, N>> {
    Plain::new(object).filter(|plain| (1..=MAX_DIMENSION).contains(&plain.shape[N - 1]))
}

/// Calls `run` with the components of any vector, which are nobody else's.
pub fn with_row<T>(this: This<'_, '_>, vector: &Any<'_>, run: impl FnOnce(&[f32]) -> PyResult<T>) -> PyResult<T> {
    if let Some(row) = borrowed(vector) {
        return with_copy(row, run);
    }
    require_open(this)?;
    let py = this.py();
    let row = call(py, &core(py)?.canonical_row, [vector, &optional(py, cell(this).dimension())?])?;
    run(borrowed(&row).ok_or_else(|| impossible("canonical_row() made no float32 row"))?)
}

/// The components of a row in the caller's own memory, for who reads them only once and at once.
pub fn borrowed<'a>(vector: &'a Any<'_>) -> Option<&'a [f32]> {
    floats::<1>(vector).map(|row| row.items())
}

/// The rows of a batch.
pub struct Rows<'a> {
    /// Others may be writing to them.
    pub data: &'a [f32],
    pub width: usize,
    /// Whether others can write to the data.
    shared: bool,
}

impl<'a> Rows<'a> {
    fn new(plain: &Plain<'a, f32, 2>, shared: bool) -> Self {
        Self { data: plain.items(), width: plain.shape[1], shared }
    }

    /// Components that are nobody else's; may be called detached.
    pub fn owned(&self) -> crate::Result<Cow<'_, [f32]>> {
        Ok(if self.shared { Cow::Owned(copied(self.data)?) } else { Cow::Borrowed(self.data) })
    }
}

/// Calls `run` with the rows of any batch.
pub fn with_rows<T>(this: This<'_, '_>, vectors: &Any<'_>, run: impl FnOnce(&Rows<'_>) -> PyResult<T>) -> PyResult<T> {
    if let Some(rows) = floats(vectors) {
        return run(&Rows::new(&rows, true));
    }
    let py = this.py();
    let rows = call(py, &core(py)?.canonical_rows, [vectors, &optional(py, cell(this).dimension())?])?;
    // A batch without a vector may come without a dimension.
    let plain = Plain::new(&rows).ok_or_else(|| impossible("canonical_rows() made no float32 rows"))?;
    run(&Rows::new(&plain, false))
}
