//! What changes a store.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::NativeStore;
use super::ids::{with_key, with_keys};
use super::made::{Any, ints, number};
use super::refusals::{Subject, done, told};
use super::rows::{with_row, with_rows};
use crate::{Key, Result, Store};

type One = fn(&mut Store, Key<'_>, &[f32]) -> Result<u32>;
type Batch = fn(&mut Store, &[Key<'_>], &[f32], usize) -> Result<Vec<i64>>;

pub fn put_one<'py>(this: &Bound<'py, NativeStore>, chunk_id: &Any<'py>, vector: &Any<'py>, put: One) -> PyResult<Any<'py>> {
    let (py, cell) = (this.py(), &this.get().cell);
    with_key(cell, chunk_id, |key| {
        with_row(cell, vector, |row| {
            let stored = cell.write(py, |store| put(store, key, row));
            number(py, told(py, stored, Subject::Id(key))? as usize)
        })
    })
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
