//! What changes a store.

use pyo3::prelude::*;

use super::NativeStore;
use super::door::methods;
use super::ids::{with_key, with_keys};
use super::made::{Any, ints, number};
use super::refusals::Subject;
use super::rows::{Rows, borrowed, with_row, with_rows};
use super::steps::{LONG, This, cell, require_open, write};
use crate::{Cell, Key, Result, Store};

methods! { NativeStore:
    fn add_vector(this, chunk_id: &Any<'py>, vector: &Any<'py>) -> Any<'py> { add_one(this, chunk_id, vector) }
    fn upsert_vector(this, chunk_id: &Any<'py>, vector: &Any<'py>) -> Any<'py> {
        with_key(this, chunk_id, |key| with_row(this, vector, |row| stored(this, write(this, 0, |store| store.upsert(key, row)), key)))
    }
    fn add_vectors(this, chunk_ids: &Any<'py>, vectors: &Any<'py>) -> Any<'py> {
        // The store itself reads each row only once.
        put(this, chunk_ids, vectors, |cell, keys, rows| cell.write(|store| store.add_batch(keys, rows.data, rows.width)))
    }
    fn upsert_vectors(this, chunk_ids: &Any<'py>, vectors: &Any<'py>) -> Any<'py> {
        put(this, chunk_ids, vectors, |cell, keys, rows| {
            let own = rows.owned()?;
            cell.write(|store| store.upsert_batch(keys, &own, rows.width))
        })
    }
    fn remove_vector(this, chunk_id: &Any<'py>) -> bool {
        with_key(this, chunk_id, |key| Ok(write(this, 0, |store| store.remove(key))?))
    }
    fn remove_vectors(this, chunk_ids: &Any<'py>) -> Any<'py> {
        with_keys(this, chunk_ids, |keys| number(this.py(), write(this, LONG, |store| store.remove_batch(keys))?))
    }
    fn _clear(this) -> Any<'py> { number(this.py(), write(this, LONG, Store::clear)?) }
}

fn add_one<'py>(this: This<'_, 'py>, chunk_id: &Any<'py>, vector: &Any<'py>) -> PyResult<Any<'py>> {
    with_key(this, chunk_id, |key| {
        // The store itself reads the row only once. Whoever has to wait copies it before.
        match borrowed(vector).map(|row| cell(this).write_now(|store| store.add(key, row))) {
            Some(Ok(index)) => stored(this, index, key),
            _ => with_row(this, vector, |row| stored(this, write(this, 0, |store| store.add(key, row)), key)),
        }
    })
}

fn stored<'py>(this: This<'_, 'py>, index: Result<u32>, key: Key<'_>) -> PyResult<Any<'py>> {
    number(this.py(), Subject::Id(key).told(this.py(), index)?)
}

/// `put` is called detached.
fn put<'py>(
    this: This<'_, 'py>,
    chunk_ids: &Any<'py>,
    vectors: &Any<'py>,
    put: impl Fn(&Cell, &[Key<'_>], &Rows<'_>) -> Result<Vec<i64>> + Sync,
) -> PyResult<Any<'py>> {
    let (py, cell) = (this.py(), cell(this));
    require_open(this)?;
    with_keys(this, chunk_ids, |keys| {
        with_rows(this, vectors, |rows| ints(py, &Subject::Ids(keys).told(py, py.detach(|| put(cell, keys, rows)))?))
    })
}
