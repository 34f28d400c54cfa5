//! Ids from Python: exact `str` and `uuid.UUID` here, everything else by `refvec.ids`.

use pyo3::Borrowed;
use pyo3::exceptions::PyUnicodeEncodeError;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyFrozenSet, PyInt, PyList, PySet, PyString, PyTuple};

use super::core::{call, core};
use super::made::Any;
use super::refusals::impossible;
use super::steps::{This, require_open};
use crate::{Key, prefetch, room};

/// So many items before its turn an id is fetched from memory.
const AHEAD: usize = 12;

/// The key of an exact `str` or `uuid.UUID`, borrowed from it; `None` for everything else and for what may be no id.
pub fn key<'a>(chunk_id: Borrowed<'a, '_, PyAny>) -> PyResult<Option<Key<'a>>> {
    key_with(&core(chunk_id.py())?.uuid, chunk_id)
}

fn key_with<'a>(uuid: &Py<PyAny>, chunk_id: Borrowed<'a, '_, PyAny>) -> PyResult<Option<Key<'a>>> {
    if chunk_id.is_exact_instance_of::<PyString>() {
        return Ok(utf8(chunk_id)?.map(Key::parse));
    }
    let py = chunk_id.py();
    if chunk_id.get_type_ptr().cast() != uuid.as_ptr() {
        return Ok(None);
    }
    // The attribute may be missing, or anything: whatever is wrong with it is for core to say.
    let bits = chunk_id.getattr(intern!(py, "int")).ok().and_then(|bits| bits.cast_into_exact::<PyInt>().ok()?.extract().ok());
    Ok(bits.map(Key::uuid))
}

/// The text of a `str`, unless it holds a lone surrogate.
fn utf8<'a>(text: Borrowed<'a, '_, PyAny>) -> PyResult<Option<&'a str>> {
    let mut length = 0;
    // SAFETY: a `str`, which keeps its UTF-8 form as long as it lives; null with an error set.
    let data = unsafe { ffi::PyUnicode_AsUTF8AndSize(text.as_ptr(), &raw mut length) };
    if data.is_null() {
        let error = PyErr::fetch(text.py());
        return if error.is_instance_of::<PyUnicodeEncodeError>(text.py()) { Ok(None) } else { Err(error) };
    }
    // SAFETY: as above; valid UTF-8.
    Ok(Some(unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(data.cast(), length.cast_unsigned())) }))
}

/// Calls `run` with the key of any id.
pub fn with_key<T>(this: This<'_, '_>, chunk_id: &Any<'_>, run: impl FnOnce(Key<'_>) -> PyResult<T>) -> PyResult<T> {
    if let Some(key) = key(chunk_id.as_borrowed())? {
        return run(key);
    }
    require_open(this)?;
    run(Key::parse(canonical(chunk_id)?.to_str()?))
}

/// The text of an id that [`key`] did not take.
pub fn canonical<'py>(chunk_id: &Any<'py>) -> PyResult<Bound<'py, PyString>> {
    let py = chunk_id.py();
    Ok(call(py, &core(py)?.canonical_id, [chunk_id])?.cast_into()?)
}

/// Calls `run` with the keys of a batch.
pub fn with_keys<T>(this: This<'_, '_>, chunk_ids: &Any<'_>, run: impl FnOnce(&[Key<'_>]) -> PyResult<T>) -> PyResult<T> {
    match chunk_ids.cast_exact::<KeptIds>() {
        Ok(kept) => run(&kept.get().keys),
        Err(_) => run(&KeptIds::new(chunk_ids, || require_open(this))?.keys),
    }
}

/// The ids of a batch, converted, for a later call.
#[pyclass(frozen, module = "rust_vector_store._native")]
pub struct KeptIds {
    /// Borrowed from the items.
    pub keys: Vec<Key<'static>>,
    _items: Py<PyTuple>,
}

impl KeptIds {
    /// `check` comes before core's errors.
    pub fn new(chunk_ids: &Any<'_>, check: impl FnOnce() -> PyResult<()>) -> PyResult<Self> {
        let items = fixed(chunk_ids)?;
        if let Some(items) = &items
            && let Some(kept) = Self::of(items)?
        {
            return Ok(kept);
        }
        // The fixed items, if there are any: what was looked at must be what is converted.
        let given = items.as_ref().map_or(chunk_ids, |items| items.as_any());
        let py = given.py();
        check()?;
        let list = call(py, &core(py)?.canonical_ids, [given])?;
        let items = frozen(&list)?.ok_or_else(|| impossible("canonical_ids() made no list"))?;
        Self::of(&items)?.ok_or_else(|| impossible("canonical_ids() made no exact str"))
    }

    fn of(items: &Bound<'_, PyTuple>) -> PyResult<Option<Self>> {
        let (uuid, mut keys) = (&core(items.py())?.uuid, room(items.len())?);
        for (number, item) in items.iter_borrowed().enumerate() {
            if number + AHEAD < items.len() {
                prefetch(items.get_borrowed_item(number + AHEAD)?.as_ptr());
            }
            match key_with(uuid, item)? {
                // SAFETY: it is borrowed from the item, which never changes, and which the tuple keeps as long as the key is kept.
                Some(key) => keys.push(unsafe { std::mem::transmute::<Key<'_>, Key<'static>>(key) }),
                None => return Ok(None),
            }
        }
        Ok(Some(Self { keys, _items: items.clone().unbind() }))
    }
}

/// [`frozen`], and of the items of an exact set, too.
fn fixed<'py>(ids: &Any<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
    if ids.is_exact_instance_of::<PySet>() || ids.is_exact_instance_of::<PyFrozenSet>() { as_tuple(ids) } else { frozen(ids) }
}

/// The items of an exact list or tuple, which no other thread can change. Runs no code of the caller.
pub fn frozen<'py>(items: &Any<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
    if items.is_exact_instance_of::<PyTuple>() || items.is_exact_instance_of::<PyList>() { as_tuple(items) } else { Ok(None) }
}

fn as_tuple<'py>(items: &Any<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
    // SAFETY: a collection of ours, of which no other code runs; a new reference, or null with an error set.
    Ok(Some(unsafe { Bound::from_owned_ptr_or_err(items.py(), ffi::PySequence_Tuple(items.as_ptr()))? }.cast_into()?))
}
