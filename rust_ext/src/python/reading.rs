//! What looks something up.

use numpy::ndarray::{Dim, Dimension};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use super::NativeStore;
use super::core::{call, core};
use super::door::methods;
use super::ids::{canonical, key, with_key, with_keys};
use super::indices::{Indices, index};
use super::made::{Any, components, empty, ints, list, number, optional, size, texts, tuple};
use super::plain::Plain;
use super::refusals::{Subject, impossible};
use super::steps::{LONG, LOOK, This, cell, read, require_open};
use crate::{Error, Key, Result, Store};

methods! { NativeStore:
    fn __len__(this) -> usize { Ok(read(this, 0, |store| Ok(store.size()))?.unique) }
    fn __contains__(this, chunk_id: &Any<'py>) -> bool { contains(this, chunk_id) }
    #[getter]
    fn count(this) -> Any<'py> { number(this.py(), read(this, 0, |store| Ok(store.size()))?.unique) }
    #[getter]
    fn total_references(this) -> Any<'py> { number(this.py(), read(this, 0, |store| Ok(store.size()))?.references) }
    #[getter]
    fn dimension(this) -> Any<'py> { optional(this.py(), cell(this).dimension()) }
    fn _size(this) -> Any<'py> { size(this.py(), read(this, 0, |store| Ok(store.size()))?) }

    fn get_vector(this, chunk_id: &Any<'py>) -> Option<Any<'py>> {
        let row = |key: Key<'_>| filled(this, |dimension| [dimension], |store, out| store.copy_row_of(key, out), Subject::Nothing);
        let (row, found) = with_key(this, chunk_id, row)?;
        Ok(found.then_some(row))
    }
    fn get_vectors(this, chunk_ids: &Any<'py>) -> Any<'py> {
        with_keys(this, chunk_ids, |keys| {
            let (shape, copy) = (|dimension| [keys.len(), dimension], |store: &Store, out: &mut [f32]| store.copy_rows_of(keys, out));
            Ok(filled(this, shape, copy, Subject::Ids(keys))?.0)
        })
    }
    fn get_vector_by_index(this, index: &Any<'py>) -> Any<'py> {
        let (given, at) = self::index(this, index)?;
        Ok(filled(this, |dimension| [dimension], |store, out| store.copy_row_at(at, out), Subject::Index(&given))?.0)
    }
    #[pyo3(signature = (indices, out = None))]
    fn get_vectors_by_indices(this, indices: &Any<'py>, out: Option<&Any<'py>>) -> Any<'py> { rows_at(this, indices, out) }
    fn get_all_vectors(this) -> Any<'py> {
        let rows = read(this, LONG, Store::all_rows)?;
        let mut array = empty(this.py(), [rows.len(), rows.dimension()])?;
        let places = components(&mut array);
        this.py().detach(|| rows.copy(0, places))?;
        Ok(array.into_any())
    }

    fn get_index(this, chunk_id: &Any<'py>) -> Any<'py> {
        optional(this.py(), with_key(this, chunk_id, |key| Ok(read(this, 0, |store| Ok(store.find(key)))?))?)
    }
    fn get_indices(this, chunk_ids: &Any<'py>) -> Any<'py> {
        let indices = |keys: &[Key<'_>]| Ok(read(this, keys.len().saturating_mul(LOOK), |store| store.indices_of(keys))?);
        ints(this.py(), &with_keys(this, chunk_ids, indices)?)
    }
    fn get_refcount(this, index: &Any<'py>) -> Any<'py> {
        let (given, at) = self::index(this, index)?;
        number(this.py(), Subject::Index(&given).told(this.py(), read(this, 0, |store| store.refcount(at)))?)
    }
    fn get_refcounts(this, indices: &Any<'py>) -> Any<'py> {
        let indices = Indices::new(indices, || require_open(this))?;
        let counts = read(this, indices.found.len().saturating_mul(LOOK), |store| store.refcounts(&indices.found));
        ints(this.py(), &Subject::Indices(&indices).told(this.py(), counts)?)
    }
    fn indices(this) -> Any<'py> { ints(this.py(), &read(this, LONG, Store::indices)?) }
    fn ids(this) -> Any<'py> { list(this.py(), texts(this.py(), &read(this, LONG, Store::ids)?)) }
    fn ids_at(this, index: &Any<'py>) -> Any<'py> {
        let (given, at) = self::index(this, index)?;
        let ids = Subject::Index(&given).told(this.py(), read(this, LONG, |store| store.ids_at(at)))?;
        list(this.py(), texts(this.py(), &ids))
    }
}

fn contains(this: This<'_, '_>, chunk_id: &Any<'_>) -> PyResult<bool> {
    let found = |key: Key<'_>| Ok(read(this, 0, |store| Ok(store.find(key).is_some()))?);
    if let Some(key) = key(chunk_id.as_borrowed())? {
        return found(key);
    }
    require_open(this)?;
    let py = this.py();
    match canonical(chunk_id) {
        // What is no id is not in the store.
        Err(error) if error.is_instance_of::<PyTypeError>(py) || error.is_instance_of::<PyValueError>(py) => Ok(false),
        text => found(Key::parse(text?.to_str()?)),
    }
}

fn rows_at<'py>(this: This<'_, 'py>, indices: &Any<'py>, out: Option<&Any<'py>>) -> PyResult<Any<'py>> {
    let indices = Indices::new(indices, || require_open(this))?;
    let (count, subject) = (indices.found.len(), Subject::Indices(&indices));
    let copy = |store: &Store, out: &mut [f32]| store.copy_rows_at(&indices.found, out);
    let Some(out) = out else { return Ok(filled(this, |dimension| [count, dimension], copy, subject)?.0) };
    require_open(this)?;
    let array = fillable(out, [count, cell(this).dimension().unwrap_or(0)])?;
    // Whoever reads it meanwhile sees some of the new components; nothing reads it back.
    let places = Plain::<f32, 2>::new(&array).and_then(Plain::places).ok_or_else(|| impossible("out cannot be filled"))?;
    let components = places.len();
    subject.told(this.py(), read(this, components, |store| copy(store, places)))?;
    Ok(out.clone())
}

/// The `out` argument, or a plain array on the same memory.
fn fillable<'py>(out: &Any<'py>, shape: [usize; 2]) -> PyResult<Any<'py>> {
    if Plain::<f32, 2>::new(out).is_some_and(|plain| plain.shape == shape && plain.places().is_some()) {
        return Ok(out.clone());
    }
    let py = out.py();
    call(py, &core(py)?.check_out, [out, &tuple(py, shape.into_iter().map(|length| number(py, length)))?])
}

/// A new array, for the dimension that the store has when it is filled. Making it may run Python code, so it is made before the step.
fn filled<'py, T: Send, const N: usize>(
    this: This<'_, 'py>,
    shape: impl Fn(usize) -> [usize; N],
    fill: impl Fn(&Store, &mut [f32]) -> Result<T> + Sync,
    subject: Subject<'_, 'py>,
) -> PyResult<(Any<'py>, T)>
where
    Dim<[usize; N]>: Dimension,
{
    loop {
        let dimension = cell(this).dimension();
        let mut rows = empty(this.py(), shape(dimension.unwrap_or(0)))?;
        let places = components(&mut rows);
        match read(this, places.len(), |store| fill(store, places)) {
            Err(Error::Dimension { .. }) if dimension.is_none() => {}
            done => return Ok((rows.into_any(), subject.told(this.py(), done)?)),
        }
    }
}
