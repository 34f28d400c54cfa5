//! Rows handed to Python block by block, from memory that the store shares with them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;

use super::door::methods;
use super::made::{Any, components, empty};
use super::refusals::misuse;
use super::steps::work;
use crate::Selection;

/// About how many components a block has.
const COMPONENTS: usize = 1 << 18;

/// An iterator over rows, each block a fresh array.
#[pyclass(frozen, module = "rust_vector_store._native")]
pub struct Blocks {
    /// `None` when the call that it was made for is over.
    rows: Mutex<Option<Arc<Selection>>>,
    next: AtomicUsize,
}

methods! { Blocks:
    fn __iter__(this) -> Any<'py> { Ok(this.clone().into_any()) }
    fn __next__(this) -> Option<Any<'py>> { this.get().block(this.py()) }
    /// Gives the memory back, however long the iterator itself is kept.
    fn end(this) -> () {
        let rows = this.get().rows.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(rows);
        Ok(())
    }
}

impl Blocks {
    pub fn of(py: Python<'_>, rows: Selection) -> PyResult<Any<'_>> {
        Ok(Bound::new(py, Self { rows: Mutex::new(Some(Arc::new(rows))), next: AtomicUsize::new(0) })?.into_any())
    }

    fn block<'py>(&self, py: Python<'py>) -> PyResult<Option<Any<'py>>> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let rows = rows.ok_or_else(|| misuse("the blocks of a state can be read only during the call that hands them over"))?;
        let height = (COMPONENTS / rows.dimension().max(1)).max(1);
        let start = self.next.fetch_add(height, Ordering::Relaxed).min(rows.len());
        let count = height.min(rows.len() - start);
        if count == 0 {
            return Ok(None);
        }
        let mut block = empty(py, [count, rows.dimension()])?;
        let places = components(&mut block);
        work(py, places.len(), || rows.copy(start, places))?;
        Ok(Some(block.into_any()))
    }
}
