//! What changes a store.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::NativeStore;
use super::cell::Cell;
use super::ids::{with_key, with_keys};
use super::made::{Any, ints, number};
use super::refusals::{Refused, Subject, done, told};
use super::rows::{Rows, borrowed, with_row, with_rows};
use crate::{Key, Result, Store};

pub fn add_one<'py>(this: &Bound<'py, NativeStore>, chunk_id: &Any<'py>, vector: &Any<'py>) -> PyResult<Any<'py>> {
    let (py, cell) = (this.py(), &this.get().cell);
    with_key(cell, chunk_id, |key| {
        // The store itself reads the row only once. Whoever has to wait copies it before.
        let now = borrowed(vector).and_then(|row| cell.write_now(|store| store.add(key, row)));
        match now {
            Some(stored) => stored_at(py, stored, key),
            None => with_row(cell, vector, |row| stored_at(py, cell.write(py, |store| store.add(key, row)), key)),
        }
    })
}

pub fn upsert_one<'py>(this: &Bound<'py, NativeStore>, chunk_id: &Any<'py>, vector: &Any<'py>) -> PyResult<Any<'py>> {
    let (py, cell) = (this.py(), &this.get().cell);
    with_key(cell, chunk_id, |key| with_row(cell, vector, |row| stored_at(py, cell.write(py, |store| store.upsert(key, row)), key)))
}

fn stored_at<'py>(py: Python<'py>, stored: Refused<Result<u32>>, key: Key<'_>) -> PyResult<Any<'py>> {
    number(py, told(py, stored, Subject::Id(key))? as usize)
}

/// `put` is called detached.
fn put<'py>(
    this: &Bound<'py, NativeStore>,
    chunk_ids: &Any<'py>,
    vectors: &Any<'py>,
    put: impl Fn(&Cell, &[Key<'_>], &Rows<'_>) -> Refused<Result<Vec<i64>>> + Sync,
) -> PyResult<Any<'py>> {
    let (py, cell) = (this.py(), &this.get().cell);
    cell.require_open(py)?;
    with_keys(cell, chunk_ids, |keys| {
        with_rows(cell, vectors, |rows| {
            let stored = py.detach(|| put(cell, keys, rows));
            ints(py, &told(py, stored, Subject::Ids(keys))?)
        })
    })
}

pub fn add_batch<'py>(this: &Bound<'py, NativeStore>, chunk_ids: &Any<'py>, vectors: &Any<'py>) -> PyResult<Any<'py>> {
    // The store itself reads each row only once.
    put(this, chunk_ids, vectors, |cell, keys, rows| cell.write_detached(|store| store.add_batch(keys, rows.data, rows.width)))
}

pub fn upsert_batch<'py>(this: &Bound<'py, NativeStore>, chunk_ids: &Any<'py>, vectors: &Any<'py>) -> PyResult<Any<'py>> {
    put(this, chunk_ids, vectors, |cell, keys, rows| {
        let own = rows.owned()?;
        cell.write_detached(|store| store.upsert_batch(keys, &own, rows.width))
    })
}

/// The batch of a `PutMode`.
pub fn put_batch<'py>(this: &Bound<'py, NativeStore>, chunk_ids: &Any<'py>, vectors: &Any<'py>, mode: &str) -> PyResult<Any<'py>> {
    match mode {
        "add" => add_batch(this, chunk_ids, vectors),
        "upsert" => upsert_batch(this, chunk_ids, vectors),
        _ => Err(PyValueError::new_err("mode must be 'add' or 'upsert'")),
    }
}

pub fn remove_one(this: &Bound<'_, NativeStore>, chunk_id: &Any<'_>) -> PyResult<bool> {
    let (py, cell) = (this.py(), &this.get().cell);
    with_key(cell, chunk_id, |key| done(py, cell.write(py, |store| store.remove(key))))
}

pub fn remove_batch<'py>(this: &Bound<'py, NativeStore>, chunk_ids: &Any<'py>) -> PyResult<Any<'py>> {
    with_keys(&this.get().cell, chunk_ids, |keys| changed(this, |store| store.remove_batch(keys)))
}

/// `None` stands for all ids.
pub fn drop<'py>(this: &Bound<'py, NativeStore>, ids: Option<&Any<'py>>) -> PyResult<Any<'py>> {
    ids.map_or_else(|| changed(this, Store::clear), |ids| remove_batch(this, ids))
}

/// A long changing step that counts.
fn changed<'py>(this: &Bound<'py, NativeStore>, step: impl FnOnce(&mut Store) -> Result<usize> + Send) -> PyResult<Any<'py>> {
    let (py, cell) = (this.py(), &this.get().cell);
    number(py, done(py, py.detach(|| cell.write_detached(step)))?)
}
