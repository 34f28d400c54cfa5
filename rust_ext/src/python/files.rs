//! The row files that stores read from, as core's `StoredRows`, by the numbers that errors have.

use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use pyo3::intern;
use pyo3::prelude::*;

use super::core::{call, core};
use super::made::{Any, number};
use super::refusals::plain;
use crate::RowFile;

/// Owners by their numbers.
type Owners = Vec<(u64, Weak<Py<PyAny>>)>;

/// The last number, and who has one. Looked at only while attached to the interpreter, so that a fork finds it free.
static FILES: Mutex<(u64, Owners)> = Mutex::new((0, Vec::new()));

/// Calls `run` with the file of a `StoredRows`, which lives as long as somebody may read from it.
pub fn with_file<T>(rows: &Any<'_>, run: impl FnOnce(&RowFile<'_>) -> PyResult<T>) -> PyResult<T> {
    let py = rows.py();
    let file = opened(rows.getattr(intern!(py, "handle"))?.extract()?)?;
    let offset = rows.getattr(intern!(py, "offset"))?.extract()?;
    let count = rows.getattr(intern!(py, "count"))?.extract()?;
    let (number, owner) = owner(rows);
    run(&plain(py, RowFile::new(&file, offset, count, (number, owner)))?)
}

fn owner(rows: &Any<'_>) -> (u64, Arc<Py<PyAny>>) {
    let owner = Arc::new(rows.clone().unbind());
    let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
    let (last, all) = &mut *files;
    *last += 1;
    all.retain(|(_, owner)| owner.strong_count() > 0);
    all.push((*last, Arc::downgrade(&owner)));
    (*last, owner)
}

/// The error for a row that differs from its checksum.
pub fn damaged(py: Python<'_>, file: u64, index: u32) -> PyResult<Any<'_>> {
    let files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
    let owner = files.1.iter().find(|(number, _)| *number == file).and_then(|(_, owner)| owner.upgrade());
    drop(files);
    match owner {
        Some(rows) => call(py, &rows.getattr(py, intern!(py, "damaged"))?, [&number(py, index as usize)?]),
        // It was closed meanwhile.
        None => call(py, &core(py)?.store_closed, []),
    }
}

/// The file of a handle that stays core's.
#[cfg(unix)]
fn opened(handle: i32) -> std::io::Result<File> {
    use std::os::fd::BorrowedFd;
    // SAFETY: open for the time of the call.
    unsafe { BorrowedFd::borrow_raw(handle) }.try_clone_to_owned().map(File::from)
}

#[cfg(not(unix))]
fn opened(_: i32) -> std::io::Result<File> {
    Err(std::io::ErrorKind::Unsupported.into())
}
