//! Steps on the store, as the interpreter has them.
//!
//! Two rules keep calls from waiting for each other in a circle. No thread waits for the lock while it is attached to the interpreter: a
//! call tries, and where that fails it detaches before it waits. And no Python code runs while the lock is held: a step makes no Python
//! object, so that no finaliser and no signal handler can come upon a lock that its own thread holds.

use pyo3::prelude::*;

use super::NativeStore;
use crate::{Cell, Result, Store};

/// Copying as many components takes a few microseconds.
const FEW: usize = 1 << 14;
/// Following an id or an index costs as much as copying so many components.
pub const LOOK: usize = 64;
/// What stands for the components of a step that takes its time.
pub const LONG: usize = usize::MAX;

pub type This<'a, 'py> = &'a Bound<'py, NativeStore>;

pub fn cell<'a>(this: This<'a, '_>) -> &'a Cell {
    &this.get().cell
}

/// For what comes before all other errors; the step itself looks again.
pub fn require_open(this: This<'_, '_>) -> PyResult<()> {
    Ok(read(this, 0, |_| Ok(()))?)
}

/// A reading step over so many components.
#[inline]
pub fn read<T: Send>(this: This<'_, '_>, components: usize, step: impl FnOnce(&Store) -> Result<T> + Send) -> Result<T> {
    let cell = cell(this);
    let tried = if components <= FEW { cell.read_now(step) } else { Err(step) };
    tried.unwrap_or_else(|step| this.py().detach(|| cell.read(step)))
}

/// Work that needs no lock, over so many components: to detach is to wait for whoever is busy, be the work ever so short.
#[inline]
pub fn work<T: Send>(py: Python<'_>, components: usize, work: impl FnOnce() -> T + Send) -> T {
    if components <= FEW { work() } else { py.detach(work) }
}

/// A changing step over so many components.
#[inline]
pub fn write<T: Send>(this: This<'_, '_>, components: usize, step: impl FnOnce(&mut Store) -> Result<T> + Send) -> Result<T> {
    let cell = cell(this);
    let tried = if components <= FEW { cell.write_now(step) } else { Err(step) };
    tried.unwrap_or_else(|step| this.py().detach(|| cell.write(step)))
}
