//! What changes a store.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::NativeStore;
use super::ids::{with_key, with_keys};
use super::made::{Any, ints, number};
use super::refusals::{Refused, Subject, done, told};
use super::rows::{borrowed, with_row, with_rows};
use crate::{Key, Result, Store};

type Batch = fn(&mut Store, &[Key<'_>], &[f32], usize) -> Result<Vec<i64>>;

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

pub fn put_batch<'py>(this: &Bound<'py, NativeStore>, chunk_ids: &Any<'py>, vectors: &Any<'py>, put: Batch) -> PyResult<Any<'py>> {
    let (py, cell) = (this.py(), &this.get().cell);
    with_keys(cell, chunk_ids, |keys| {
        with_rows(cell, vectors, |rows| {
            let stored = py.detach(|| {
                let own = rows.owned()?;
                cell.write_detached(|store| put(store, keys, &own, rows.width))
            });
            Ok(ints(py, &told(py, stored, Subject::Ids(keys))?)?.into_any())
        })
    })
}

/// The batch of a `PutMode`.
pub fn mode(name: &str) -> PyResult<Batch> {
    match name {
        "add" => Ok(Store::add_batch),
        "upsert" => Ok(Store::upsert_batch),
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
