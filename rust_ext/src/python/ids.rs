//! Ids from Python: exact `str` and `uuid.UUID` here, everything else by `refvec.ids`.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyList, PyString, PyTuple};

use super::cell::Cell;
use super::core::{Refusal, Subject, core};
use crate::error::room;
use crate::{Id, Key};

/// The key of an exact `str` or `uuid.UUID`, borrowed from it; `None` for everything else and for what may be no id.
pub fn key<'a>(chunk_id: &'a Bound<'_, PyAny>) -> PyResult<Option<Key<'a>>> {
    if let Ok(text) = chunk_id.cast_exact::<PyString>() {
        return Ok(text.to_str().ok().map(Key::parse));
    }
    if !is_uuid(chunk_id)? {
        return Ok(None);
    }
    let bits = chunk_id.getattr(pyo3::intern!(chunk_id.py(), "int"));
    let bits = bits.ok().and_then(|bits| bits.cast_into_exact::<PyInt>().ok()?.extract().ok());
    Ok(bits.map(Key::uuid))
}

fn is_uuid(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = object.py();
    Ok(object.get_type_ptr().cast() == core(py)?.uuid.as_ptr())
}

/// Calls `run` with the key of any id.
pub fn with_key<T>(cell: &Cell, chunk_id: &Bound<'_, PyAny>, run: impl FnOnce(Key<'_>) -> PyResult<T>) -> PyResult<T> {
    if let Some(key) = key(chunk_id)? {
        return run(key);
    }
    let py = chunk_id.py();
    cell.require_open(py)?;
    let text = core(py)?.canonical_id.bind(py).call1((chunk_id,))?;
    run(Key::parse(text.cast::<PyString>()?.to_str()?))
}

/// Calls `run` with the keys of a batch. The ids are held meanwhile, so that others may change the caller's list.
pub fn with_keys<T>(cell: &Cell, chunk_ids: &Bound<'_, PyAny>, run: impl FnOnce(&[Key<'_>]) -> PyResult<T>) -> PyResult<T> {
    cell.require_open(chunk_ids.py())?;
    with_ids(chunk_ids, run)
}

/// [`with_keys`] for ids that do not concern a store.
pub fn with_ids<T>(chunk_ids: &Bound<'_, PyAny>, run: impl FnOnce(&[Key<'_>]) -> PyResult<T>) -> PyResult<T> {
    let py = chunk_ids.py();
    if let Some(ids) = items(chunk_ids)? {
        if let Some(keys) = keys(py, &ids)? {
            return run(&keys);
        }
        return with_canonical_keys(PyList::new(py, &ids)?.as_any(), run);
    }
    with_canonical_keys(chunk_ids, run)
}

fn with_canonical_keys<T>(chunk_ids: &Bound<'_, PyAny>, run: impl FnOnce(&[Key<'_>]) -> PyResult<T>) -> PyResult<T> {
    let py = chunk_ids.py();
    let list = core(py)?.canonical_ids.bind(py).call1((chunk_ids,))?;
    let ids: Vec<_> = list.cast::<PyList>()?.iter().collect();
    let keys = keys(py, &ids)?.ok_or_else(|| PyTypeError::new_err("canonical_ids() must return exact str"))?;
    run(&keys)
}

/// The items of an exact list or tuple, which runs no code of the caller.
fn items<'py>(chunk_ids: &Bound<'py, PyAny>) -> PyResult<Option<Vec<Bound<'py, PyAny>>>> {
    let py = chunk_ids.py();
    let memory = |count| room(count).map_err(|error| Refusal::from(error).raise(py, Subject::Nothing));
    if let Ok(list) = chunk_ids.cast_exact::<PyList>() {
        let mut ids = memory(list.len())?;
        ids.extend(list.iter());
        Ok(Some(ids))
    } else if let Ok(tuple) = chunk_ids.cast_exact::<PyTuple>() {
        let mut ids = memory(tuple.len())?;
        ids.extend(tuple.iter());
        Ok(Some(ids))
    } else {
        Ok(None)
    }
}

fn keys<'a>(py: Python<'_>, ids: &'a [Bound<'_, PyAny>]) -> PyResult<Option<Vec<Key<'a>>>> {
    let mut keys = room(ids.len()).map_err(|error| Refusal::from(error).raise(py, Subject::Nothing))?;
    for id in ids {
        match key(id)? {
            Some(key) => keys.push(key),
            None => return Ok(None),
        }
    }
    Ok(Some(keys))
}

/// The texts of ids, as a list of exact `str`.
pub fn texts<'py>(py: Python<'py>, ids: &[Id]) -> PyResult<Bound<'py, PyList>> {
    PyList::new(py, ids.iter().map(|id| id.with_text(|text| PyString::new(py, text))))
}
