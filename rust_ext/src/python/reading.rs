//! What looks something up.

use numpy::npyffi::NPY_TYPES;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::NativeStore;
use super::core::{call, core};
use super::ids::{canonical, key, with_key, with_keys};
use super::indices::{Indices, index};
use super::made::{Any, Row, Rows, components, empty, ints, list, number, texts, tuple};
use super::refusals::{Refusal, Subject, done, flat, impossible, plain, told};
use super::rows::Plain;
use crate::{Error, Key, Result, Store};

/// Following an id or an index costs as much as copying so many components.
const LOOK: usize = 64;

type This<'a, 'py> = &'a Bound<'py, NativeStore>;

/// A reading step that takes its time.
pub fn long<'py, T: Send>(this: This<'_, 'py>, step: impl FnOnce(&Store) -> Result<T> + Send, subject: Subject<'_, 'py>) -> PyResult<T> {
    told(this.py(), this.get().cell.read_long(this.py(), step), subject)
}

/// A reading step that looks so many things up, each as long as that of some components.
fn looked<'py, T: Send>(
    this: This<'_, 'py>,
    count: usize,
    step: impl FnOnce(&Store) -> Result<T> + Send,
    subject: Subject<'_, 'py>,
) -> PyResult<T> {
    told(this.py(), this.get().cell.read_many(this.py(), count.saturating_mul(LOOK), step), subject)
}

pub fn contains(this: This<'_, '_>, chunk_id: &Any<'_>) -> PyResult<bool> {
    let (py, cell) = (this.py(), &this.get().cell);
    let found = |key| done(py, cell.read(py, |store| Ok(store.find(key).is_some())));
    if let Some(key) = key(chunk_id.as_borrowed())? {
        return found(key);
    }
    cell.require_open(py)?;
    match canonical(chunk_id) {
        // What is no id is not in the store.
        Err(error) if error.is_instance_of::<PyTypeError>(py) || error.is_instance_of::<PyValueError>(py) => Ok(false),
        text => found(Key::parse(text?.to_str()?)),
    }
}

pub fn row_of<'py>(this: This<'_, 'py>, chunk_id: &Any<'py>) -> PyResult<Option<Any<'py>>> {
    with_key(&this.get().cell, chunk_id, |key| row(this, |store| store.row_of(key), Subject::Nothing))
}

pub fn row_at<'py>(this: This<'_, 'py>, given: &Any<'py>) -> PyResult<Any<'py>> {
    let (given, number) = index(&this.get().cell, given)?;
    let found = row(this, |store| store.row_at(number).map(Some), Subject::Index(&given))?;
    found.ok_or_else(|| impossible("a row was neither found nor refused"))
}

/// One row as a new array. Making that may run Python code, so it is made between two steps: the first looks where the row is, the
/// second copies it, after another look if anything has changed.
fn row<'py>(
    this: This<'_, 'py>,
    find: impl Fn(&Store) -> Result<Option<&[f32]>> + Sync,
    subject: Subject<'_, 'py>,
) -> PyResult<Option<Any<'py>>> {
    let (py, cell) = (this.py(), &this.get().cell);
    let look = |store: &Store| Ok(find(store)?.map(|row| (row.as_ptr() as usize, row.len(), cell.version())));
    let Some((address, length, version)) = told(py, cell.read(py, look), subject)? else { return Ok(None) };
    let mut array: Row<'py> = empty(py, [length])?;
    let place = components(&mut array);
    let copy = |store: &Store| {
        let row = if cell.version() == version {
            // SAFETY: no step has changed anything since the first look, so the row is where it was; the lock is held.
            unsafe { std::slice::from_raw_parts(address as *const f32, length) }
        } else {
            let Some(row) = find(store)? else { return Ok(false) };
            row
        };
        place.copy_from_slice(row);
        Ok(true)
    };
    let found = told(py, cell.read(py, copy), subject)?;
    Ok(found.then(|| array.into_any()))
}

pub fn index_of<'py>(this: This<'_, 'py>, chunk_id: &Any<'py>) -> PyResult<Option<Any<'py>>> {
    let (py, cell) = (this.py(), &this.get().cell);
    let found = with_key(cell, chunk_id, |key| done(py, cell.read(py, |store| Ok(store.find(key)))))?;
    found.map(|index| number(py, index as usize)).transpose()
}

pub fn indices_of<'py>(this: This<'_, 'py>, chunk_ids: &Any<'py>) -> PyResult<Any<'py>> {
    let found = with_keys(&this.get().cell, chunk_ids, |keys| looked(this, keys.len(), |store| store.indices_of(keys), Subject::Nothing))?;
    ints(this.py(), &found)
}

pub fn rows_of<'py>(this: This<'_, 'py>, chunk_ids: &Any<'py>) -> PyResult<Any<'py>> {
    with_keys(&this.get().cell, chunk_ids, |keys| filled(this, keys.len(), |store, out| store.copy_rows_of(keys, out), Subject::Ids(keys)))
}

pub fn rows_at<'py>(this: This<'_, 'py>, indices: &Any<'py>, out: Option<&Any<'py>>) -> PyResult<Any<'py>> {
    let cell = &this.get().cell;
    let indices = Indices::open(cell, indices)?;
    let copy = |store: &Store, out: &mut [f32]| store.copy_rows_at(&indices.found, out);
    let Some(out) = out else { return filled(this, indices.found.len(), copy, Subject::Indices(&indices)) };
    cell.require_open(this.py())?;
    let places = out_places(out, (indices.found.len(), cell.dimension().unwrap_or(0)))?;
    let items = places.len();
    told(this.py(), cell.read_many(this.py(), items, |store| copy(store, places)), Subject::Indices(&indices))?;
    Ok(out.clone())
}

/// Rows of ids, at indices, or all.
pub fn rows<'py>(this: This<'_, 'py>, at: Option<&Any<'py>>) -> PyResult<Any<'py>> {
    match at {
        None => all_rows(this),
        Some(at) if at.is_exact_instance_of::<PyList>() => rows_of(this, at),
        Some(at) => rows_at(this, at, None),
    }
}

/// A new array of rows, for the dimension that the store has when it is filled.
fn filled<'py>(
    this: This<'_, 'py>,
    count: usize,
    fill: impl Fn(&Store, &mut [f32]) -> Result<()> + Sync,
    subject: Subject<'_, 'py>,
) -> PyResult<Any<'py>> {
    let (py, cell) = (this.py(), &this.get().cell);
    loop {
        let dimension = cell.dimension();
        let mut rows: Rows<'py> = empty(py, [count, dimension.unwrap_or(0)])?;
        let places = components(&mut rows);
        let items = places.len();
        match flat(cell.read_many(py, items, |store| fill(store, places))) {
            Ok(()) => return Ok(rows.into_any()),
            Err(Refusal::Store(Error::Dimension { .. })) if dimension.is_none() => {}
            Err(refusal) => return Err(refusal.raise(py, subject)),
        }
    }
}

/// Where the `out` argument is filled. Whoever reads it meanwhile sees some of the new components; nothing reads it back.
fn out_places<'a>(out: &'a Any<'_>, (count, dimension): (usize, usize)) -> PyResult<&'a mut [f32]> {
    let fits = |plain: &Plain<'_, f32>| plain.shape == [count.cast_signed(), dimension.cast_signed()];
    if let Some(plain) = Plain::writable(out, 2, NPY_TYPES::NPY_FLOAT).filter(fits) {
        return Ok(plain.places());
    }
    let py = out.py();
    let shape = tuple(py, [number(py, count), number(py, dimension)].into_iter())?;
    call(py, &core(py)?.check_out, [out, shape.as_any()])?;
    Err(impossible("check_out() accepted what cannot be filled"))
}

fn all_rows<'py>(this: This<'_, 'py>) -> PyResult<Any<'py>> {
    let (py, rows) = (this.py(), long(this, Store::all_rows, Subject::Nothing)?);
    let mut array: Rows<'py> = empty(py, [rows.len(), rows.dimension()])?;
    let places = components(&mut array);
    plain(py, py.detach(|| rows.copy(0, places)))?;
    Ok(array.into_any())
}

pub fn indices<'py>(this: This<'_, 'py>) -> PyResult<Any<'py>> {
    ints(this.py(), &long(this, Store::indices, Subject::Nothing)?)
}

pub fn ids<'py>(this: This<'_, 'py>) -> PyResult<Any<'py>> {
    let ids = long(this, Store::ids, Subject::Nothing)?;
    Ok(list(this.py(), texts(this.py(), &ids))?.into_any())
}

pub fn ids_at<'py>(this: This<'_, 'py>, given: &Any<'py>) -> PyResult<Any<'py>> {
    let (given, number) = index(&this.get().cell, given)?;
    let ids = long(this, |store| store.ids_at(number), Subject::Index(&given))?;
    Ok(list(this.py(), texts(this.py(), &ids))?.into_any())
}

pub fn refcount<'py>(this: This<'_, 'py>, given: &Any<'py>) -> PyResult<Any<'py>> {
    let (py, cell) = (this.py(), &this.get().cell);
    let (given, at) = index(cell, given)?;
    number(py, told(py, cell.read(py, |store| store.refcount(at)), Subject::Index(&given))? as usize)
}

pub fn refcounts<'py>(this: This<'_, 'py>, indices: &Any<'py>) -> PyResult<Any<'py>> {
    let indices = Indices::open(&this.get().cell, indices)?;
    let counts = looked(this, indices.found.len(), |store| store.refcounts(&indices.found), Subject::Indices(&indices))?;
    ints(this.py(), &counts)
}
