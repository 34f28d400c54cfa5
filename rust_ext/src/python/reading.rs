//! The methods that look something up.

use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::arrays::{Indices, copied, destination, out_array, with_row};
use super::cell::open;
use super::core::{Refusal, Subject, core, guard};
use super::ids::{texts, with_key, with_keys};
use super::{NativeStore, done};
use crate::error::room;
use crate::{Error, Result, Store};

type Vector<'py> = Bound<'py, PyArray1<f32>>;
type Matrix<'py> = Bound<'py, PyArray2<f32>>;
type Ints<'py> = Bound<'py, PyArray1<i64>>;

#[pymethods]
impl NativeStore {
    fn __contains__(&self, py: Python<'_>, chunk_id: &Bound<'_, PyAny>) -> PyResult<bool> {
        guard(py, || {
            let mut canonical = false;
            let found = with_key(&self.cell, chunk_id, |key| {
                canonical = true;
                done(py, self.cell.read(py, |store| store.find(key).is_some()))
            });
            match found {
                Err(error) if !canonical && self.cell.is_open(py) && is_refused(py, &error) => Ok(false),
                found => found,
            }
        })
    }

    /// Return the vector of an id, or None; see `refvec.VectorStore.get_vector`.
    fn get_vector<'py>(&self, py: Python<'py>, chunk_id: &Bound<'py, PyAny>) -> PyResult<Option<Vector<'py>>> {
        guard(py, || with_key(&self.cell, chunk_id, |key| self.vector(py, |store| Ok(store.row_of(key)), Subject::Nothing)))
    }

    /// Return the index that an id references, or None; see `refvec.VectorStore.get_index`.
    fn get_index(&self, py: Python<'_>, chunk_id: &Bound<'_, PyAny>) -> PyResult<Option<u32>> {
        guard(py, || with_key(&self.cell, chunk_id, |key| done(py, self.cell.read(py, |store| store.find(key)))))
    }

    /// Return the index that every id references, or -1; see `refvec.VectorStore.get_indices`.
    fn get_indices<'py>(&self, py: Python<'py>, chunk_ids: &Bound<'py, PyAny>) -> PyResult<Ints<'py>> {
        let found = guard(py, || {
            with_keys(&self.cell, chunk_ids, |keys| {
                let find = |store: &Store| collected(keys.len(), keys.iter().map(|&key| Ok(store.find(key).map_or(-1, i64::from))));
                self.long(py, find, Subject::Nothing)
            })
        })?;
        Ok(PyArray1::from_vec(py, found))
    }

    /// Return the index of every id, -1 where it is absent.
    fn _find<'py>(&self, py: Python<'py>, ids: &Bound<'py, PyAny>) -> PyResult<Ints<'py>> {
        self.get_indices(py, ids)
    }

    /// Return the vectors of the ids; see `refvec.VectorStore.get_vectors`.
    fn get_vectors<'py>(&self, py: Python<'py>, chunk_ids: &Bound<'py, PyAny>) -> PyResult<Matrix<'py>> {
        guard(py, || {
            with_keys(&self.cell, chunk_ids, |keys| {
                let dimension = self.cell.dimension();
                let mut out = out_array(py, None, (keys.len(), dimension.unwrap_or(0)))?;
                let rows = destination(&mut out);
                let step = |store: &Store| {
                    let store = dimension.map(|_| store);
                    let row = |position, &key: &_| store.and_then(|store| store.row_of(key)).ok_or(Error::Unknown { position });
                    fill(rows, dimension, keys, row)
                };
                self.long(py, step, Subject::Ids(keys))?;
                Ok(out)
            })
        })
    }

    /// Return the vector at an active index; see `refvec.VectorStore.get_vector_by_index`.
    fn get_vector_by_index<'py>(&self, py: Python<'py>, index: &Bound<'py, PyAny>) -> PyResult<Vector<'py>> {
        guard(py, || {
            let (index, number) = self.index(index)?;
            let found = self.vector(py, |store| store.at(number, 0).map(|(row, _)| Some(row)), Subject::Index(&index))?;
            found.ok_or_else(|| Refusal::Closed.raise(py, Subject::Nothing))
        })
    }

    /// Return the vectors at active indices; see `refvec.VectorStore.get_vectors_by_indices`.
    #[pyo3(signature = (indices, out = None))]
    fn get_vectors_by_indices<'py>(
        &self,
        py: Python<'py>,
        indices: &Bound<'py, PyAny>,
        out: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        guard(py, || {
            self.cell.require_open(py)?;
            let indices = Indices::new(indices)?;
            let dimension = self.cell.dimension();
            let mut array = out_array(py, out, (indices.found.len(), dimension.unwrap_or(0)))?;
            self.fill_indices(py, &mut array, &indices, dimension)?;
            Ok(out.cloned().unwrap_or_else(|| array.into_any()))
        })
    }

    /// Copy the vectors at active indices into `out`.
    fn _rows<'py>(&self, py: Python<'py>, indices: &Bound<'py, PyAny>, out: &Bound<'py, PyAny>) -> PyResult<()> {
        self.get_vectors_by_indices(py, indices, Some(out)).map(|_| ())
    }

    /// Return every stored vector; see `refvec.VectorStore.get_all_vectors`.
    fn get_all_vectors<'py>(&self, py: Python<'py>) -> PyResult<Matrix<'py>> {
        let (rows, size) = guard(py, || {
            let all = |store: &Store| Ok((store.all_rows()?, (store.size().unique, store.dimension().unwrap_or(0))));
            self.long(py, all, Subject::Nothing)
        })?;
        PyArray1::from_vec(py, rows).reshape(size)
    }

    /// Return the active indices, ascending.
    fn indices<'py>(&self, py: Python<'py>) -> PyResult<Ints<'py>> {
        let all = |store: &Store| collected(store.size().unique, store.active().map(|index| Ok(i64::from(index))));
        Ok(PyArray1::from_vec(py, guard(py, || self.long(py, all, Subject::Nothing))?))
    }

    /// Return the ids in the order in which they were added; see `refvec.VectorStore.ids`.
    fn ids<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        texts(py, &guard(py, || self.long(py, Store::ids, Subject::Nothing))?)
    }

    /// Return the ids that reference an active index; see `refvec.VectorStore.ids_at`.
    fn ids_at<'py>(&self, py: Python<'py>, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        let ids = guard(py, || {
            let (index, number) = self.index(index)?;
            self.long(py, |store| store.ids_at(number), Subject::Index(&index))
        })?;
        texts(py, &ids)
    }

    /// Return the number of ids that reference an active index.
    fn get_refcount(&self, py: Python<'_>, index: &Bound<'_, PyAny>) -> PyResult<u32> {
        guard(py, || {
            let (index, number) = self.index(index)?;
            let found = self.cell.read(py, |store| store.at(number, 0).map(|(_, slot)| slot.refs));
            found.and_then(|found| Ok(found?)).map_err(|refusal| refusal.raise(py, Subject::Index(&index)))
        })
    }

    /// Return the number of ids that reference each of the active indices.
    fn get_refcounts<'py>(&self, py: Python<'py>, indices: &Bound<'py, PyAny>) -> PyResult<Ints<'py>> {
        let counts = guard(py, || {
            self.cell.require_open(py)?;
            let indices = Indices::new(indices)?;
            let found = indices.found.as_slice();
            let count = |store: &Store| {
                let slots = found.iter().enumerate().map(|(position, &index)| store.at(index, position));
                collected(found.len(), slots.map(|slot| slot.map(|(_, slot)| i64::from(slot.refs))))
            };
            self.long(py, count, Subject::Indices(&indices))
        })?;
        Ok(PyArray1::from_vec(py, counts))
    }

    /// Return the number of references to every index, 0 where it is not active.
    fn _refcounts<'py>(&self, py: Python<'py>, indices: &Bound<'py, PyAny>) -> PyResult<Ints<'py>> {
        let counts = guard(py, || {
            let found = Indices::new(indices)?.found;
            let count = |store: &Store, index| store.at(index, 0).map_or(0, |(_, slot)| i64::from(slot.refs));
            self.long(py, |store| collected(found.len(), found.iter().map(|&index| Ok(count(store, index)))), Subject::Nothing)
        })?;
        Ok(PyArray1::from_vec(py, counts))
    }

    /// Return the index of the identical stored vector, or None; see `refvec.VectorStore.find_vector`.
    fn find_vector(&self, py: Python<'_>, vector: &Bound<'_, PyAny>) -> PyResult<Option<u32>> {
        guard(py, || {
            with_row(&self.cell, vector, |row| {
                let found = self.cell.read(py, |store| store.find_row(row));
                done(py, found.and_then(|found| Ok(found?)))
            })
        })
    }

    /// Return those of some indices that are still active, and their vectors.
    fn _survivors<'py>(&self, py: Python<'py>, indices: &Bound<'py, PyAny>) -> PyResult<(Ints<'py>, Matrix<'py>)> {
        let (active, rows, width) = guard(py, || {
            let found = Indices::new(indices)?.found;
            self.long(py, |store| survivors(store, &found), Subject::Nothing)
        })?;
        let shape = (active.len(), width);
        Ok((PyArray1::from_vec(py, active), PyArray1::from_vec(py, rows).reshape(shape)?))
    }
}

impl NativeStore {
    /// A reading step that takes its time.
    pub(super) fn long<'py, T: Send>(
        &self,
        py: Python<'py>,
        step: impl FnOnce(&Store) -> Result<T> + Send,
        subject: Subject<'_, 'py>,
    ) -> PyResult<T> {
        let done = self.cell.read_long(py, step).and_then(|done| Ok(done?));
        done.map_err(|refusal| refusal.raise(py, subject))
    }

    /// One row as a new array, straight from the store if its lock is free.
    fn vector<'py>(
        &self,
        py: Python<'py>,
        find: impl FnOnce(&Store) -> Result<Option<&[f32]>> + Send,
        subject: Subject<'_, 'py>,
    ) -> PyResult<Option<Vector<'py>>> {
        let raise = |refusal: Refusal| refusal.raise(py, subject);
        if let Some(guard) = self.cell.try_read().map_err(raise)? {
            let found = open(guard.as_ref()).and_then(|store| Ok(find(store)?.map(|row| PyArray1::from_slice(py, row))));
            // Making an error runs Python code, which must not find the lock taken by its own thread.
            drop(guard);
            return found.map_err(raise);
        }
        let row = self.long(py, |store| find(store)?.map(copied).transpose(), subject)?;
        Ok(row.map(|row| PyArray1::from_vec(py, row)))
    }

    fn fill_indices<'py>(&self, py: Python<'py>, array: &mut Matrix<'_>, indices: &Indices<'py>, dimension: Option<usize>) -> PyResult<()> {
        let (rows, found) = (destination(array), indices.found.as_slice());
        let step = |store: &Store| {
            let row = |position, &index: &_| match dimension {
                Some(_) => Ok(store.at(index, position)?.0),
                None => Err(Error::Index { position, allocated: 0 }),
            };
            fill(rows, dimension, found, row)
        };
        self.long(py, step, Subject::Indices(indices))
    }

    /// An index argument as an exact int, and as a number; beyond 64 bits it is as invalid as -1.
    fn index<'py>(&self, index: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyAny>, i64)> {
        if let Some(number) = index.cast_exact::<pyo3::types::PyInt>().ok().and_then(|index| index.extract().ok()) {
            return Ok((index.clone(), number));
        }
        let py = index.py();
        self.cell.require_open(py)?;
        let exact = core(py)?.canonical_int.bind(py).call1((index, "index"))?;
        let number = exact.extract().unwrap_or(-1);
        Ok((exact, number))
    }
}

/// Copies one row for each item, once all are known to be there. Without a dimension when the array was made, none was there then.
fn fill<'s, I>(rows: &mut [f32], dimension: Option<usize>, items: &[I], row: impl Fn(usize, &I) -> Result<&'s [f32]>) -> Result<()> {
    let found = collected(items.len(), items.iter().enumerate().map(|(position, item)| row(position, item)))?;
    for (place, row) in rows.chunks_exact_mut(dimension.unwrap_or(1)).zip(found) {
        place.copy_from_slice(row);
    }
    Ok(())
}

fn survivors(store: &Store, indices: &[i64]) -> Result<(Vec<i64>, Vec<f32>, usize)> {
    let width = store.dimension().unwrap_or(0);
    let (mut active, mut rows) = (room(indices.len())?, room(indices.len() * width)?);
    for &index in indices {
        if let Ok((row, _)) = store.at(index, 0) {
            active.push(index);
            rows.extend_from_slice(row);
        }
    }
    Ok((active, rows, width))
}

fn collected<T>(count: usize, items: impl Iterator<Item = Result<T>>) -> Result<Vec<T>> {
    let mut all = room(count)?;
    for item in items {
        all.push(item?);
    }
    Ok(all)
}

/// Whether `in` answers an error about its argument with False.
fn is_refused(py: Python<'_>, error: &PyErr) -> bool {
    error.is_instance_of::<pyo3::exceptions::PyTypeError>(py) || error.is_instance_of::<pyo3::exceptions::PyValueError>(py)
}
