//! The methods that change a store.

use numpy::PyArray1;
use pyo3::prelude::*;

use super::NativeStore;
use super::arrays::{Rows, copied, with_row, with_rows};
use super::cell::{Refused, open};
use super::core::{Subject, guard};
use super::ids::{with_key, with_keys};
use crate::{Key, Result, Store};

type One = fn(&mut Store, Key<'_>, &[f32]) -> Result<u32>;
type Batch = fn(&mut Store, &[Key<'_>], &[f32], usize) -> Result<Vec<i64>>;

#[pymethods]
impl NativeStore {
    /// Store a vector under a new id; see `refvec.VectorStore.add_vector`.
    fn add_vector(&self, py: Python<'_>, chunk_id: &Bound<'_, PyAny>, vector: &Bound<'_, PyAny>) -> PyResult<u32> {
        self.put_one(py, chunk_id, vector, Store::add)
    }

    /// Store a vector under an id, new or present; see `refvec.VectorStore.upsert_vector`.
    fn upsert_vector(&self, py: Python<'_>, chunk_id: &Bound<'_, PyAny>, vector: &Bound<'_, PyAny>) -> PyResult<u32> {
        self.put_one(py, chunk_id, vector, Store::upsert)
    }

    /// Store a batch under new ids; see `refvec.VectorStore.add_vectors`.
    fn add_vectors<'py>(&self, py: Python<'py>, chunk_ids: &Bound<'py, PyAny>, vectors: &Bound<'py, PyAny>) -> PyResult<Indices<'py>> {
        self.put_batch(py, chunk_ids, vectors, Store::add_batch)
    }

    /// Store a batch under ids, new or present; see `refvec.VectorStore.upsert_vectors`.
    fn upsert_vectors<'py>(&self, py: Python<'py>, chunk_ids: &Bound<'py, PyAny>, vectors: &Bound<'py, PyAny>) -> PyResult<Indices<'py>> {
        self.put_batch(py, chunk_ids, vectors, Store::upsert_batch)
    }

    /// Reference rows under distinct ids.
    fn _put<'py>(&self, py: Python<'py>, ids: &Bound<'py, PyAny>, rows: &Bound<'py, PyAny>, replace: bool) -> PyResult<Indices<'py>> {
        self.put_batch(py, ids, rows, if replace { Store::upsert_batch } else { Store::add_batch })
    }

    /// Remove an id; see `refvec.VectorStore.remove_vector`.
    fn remove_vector(&self, py: Python<'_>, chunk_id: &Bound<'_, PyAny>) -> PyResult<bool> {
        guard(py, || {
            with_key(&self.cell, chunk_id, |key| super::done(py, self.change(py, |store| store.remove(key), |store| store.remove(key))))
        })
    }

    /// Remove ids in one step; see `refvec.VectorStore.remove_vectors`.
    fn remove_vectors(&self, py: Python<'_>, chunk_ids: &Bound<'_, PyAny>) -> PyResult<usize> {
        guard(py, || with_keys(&self.cell, chunk_ids, |keys| super::done(py, self.cell.write_long(py, |store| store.remove_batch(keys)))))
    }

    /// Remove every id in one step; see `refvec.VectorStore.clear`.
    fn clear(&self, py: Python<'_>) -> PyResult<()> {
        guard(py, || super::done(py, self.cell.write_long(py, Store::clear)).map(|_| ()))
    }

    /// Remove those of the ids that are present, or all.
    fn _drop(&self, py: Python<'_>, ids: Option<&Bound<'_, PyAny>>) -> PyResult<usize> {
        match ids {
            Some(ids) => self.remove_vectors(py, ids),
            None => guard(py, || super::done(py, self.cell.write_long(py, Store::clear))),
        }
    }
}

type Indices<'py> = Bound<'py, PyArray1<i64>>;

impl NativeStore {
    fn put_one(&self, py: Python<'_>, chunk_id: &Bound<'_, PyAny>, vector: &Bound<'_, PyAny>, put: One) -> PyResult<u32> {
        guard(py, || {
            with_key(&self.cell, chunk_id, |key| {
                with_row(&self.cell, vector, |row| {
                    // Whoever waits lets the caller's other threads run, so it takes a copy of the row first.
                    let waiting = |store: &mut Store, row: Vec<f32>| put(store, key, &row);
                    let now = |store: &mut Store| put(store, key, row);
                    let stored = self.change_with(py, now, || copied(row), waiting);
                    stored.map_err(|refusal| refusal.raise(py, Subject::Id(key)))
                })
            })
        })
    }

    fn put_batch<'py>(
        &self,
        py: Python<'py>,
        chunk_ids: &Bound<'py, PyAny>,
        vectors: &Bound<'py, PyAny>,
        put: Batch,
    ) -> PyResult<Indices<'py>> {
        let indices = guard(py, || {
            with_keys(&self.cell, chunk_ids, |keys| {
                with_rows(&self.cell, vectors, |rows| {
                    let stored = self.put_rows(py, keys, rows, put);
                    stored.map_err(|refusal| refusal.raise(py, Subject::Ids(keys)))
                })
            })
        })?;
        Ok(PyArray1::from_vec(py, indices))
    }

    fn put_rows(&self, py: Python<'_>, keys: &[Key<'_>], rows: &Rows<'_>, put: Batch) -> Refused<Vec<i64>> {
        let width = rows.width;
        if !rows.shared {
            return Ok(self.cell.write_long(py, |store| put(store, keys, rows.data, width))??);
        }
        // Hashed and stored must be the same components, also when another thread writes to the caller's array meanwhile.
        let own = py.detach(|| copied(rows.data))?;
        Ok(self.cell.write_long(py, |store| put(store, keys, &own, width))??)
    }

    /// A short changing step: attached if the lock is free, else detached with what `prepare` made before.
    fn change_with<T: Send, P: Send>(
        &self,
        py: Python<'_>,
        now: impl FnOnce(&mut Store) -> Result<T>,
        prepare: impl FnOnce() -> Result<P>,
        waiting: impl FnOnce(&mut Store, P) -> Result<T> + Send,
    ) -> Refused<T> {
        let Some(mut guard) = self.cell.try_write()? else {
            let prepared = prepare()?;
            return Ok(self.cell.write_long(py, |store| waiting(store, prepared))??);
        };
        let store = open(guard.as_mut())?;
        let done = now(store);
        self.cell.changed(store);
        Ok(done?)
    }

    fn change<T: Send>(
        &self,
        py: Python<'_>,
        now: impl FnOnce(&mut Store) -> T,
        waiting: impl FnOnce(&mut Store) -> T + Send,
    ) -> Refused<T> {
        self.change_with(py, |store| Ok(now(store)), || Ok(()), |store, ()| Ok(waiting(store)))
    }
}
