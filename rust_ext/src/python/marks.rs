//! Checksums and fingerprints of rows that other backends have.

use pyo3::prelude::*;

use super::door::functions;
use super::made::{Any, array};
use super::plain::Plain;
use super::refusals::impossible;
use super::states::precision;

functions! {
    /// Of every row of a contiguous array of float32, (n, d).
    fn checksums(rows: Any<'py>) -> Any<'py> { marked(&rows, crate::sums) }
    /// In a store with this seed and precision.
    fn fingerprints(rows: Any<'py>, seed: u64, precision: Any<'py>) -> Any<'py> {
        let digits = self::precision(&precision)?;
        marked(&rows, |rows, dimension| crate::fingerprints(rows, dimension, digits, seed))
    }
}

fn marked<'py>(rows: &Any<'py>, mark: impl Fn(&[f32], usize) -> crate::Result<Vec<u32>> + Sync) -> PyResult<Any<'py>> {
    let py = rows.py();
    let plain = Plain::<f32, 2>::new(rows).ok_or_else(|| impossible("rows are no contiguous float32"))?;
    let (items, dimension) = (plain.items(), plain.shape[1]);
    let marks = py.detach(|| mark(items, dimension))?;
    array::<u32, 1>(py, [marks.len()], &marks)
}
