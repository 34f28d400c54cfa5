//! Python objects out of results. Whatever cannot be had raises `MemoryError`; the constructors of `PyO3` and rust-numpy panic.

use std::ptr::null_mut;

use numpy::ndarray::{Dim, Dimension};
use numpy::npyffi::PY_ARRAY_API;
use numpy::{Element, PyArray, PyArrayDescrMethods, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::PyTypeInfo;
use pyo3::ffi;
use pyo3::prelude::*;

use super::core::{call, core};
use crate::{Id, Size};

pub type Any<'py> = Bound<'py, PyAny>;
type Array<'py, T, const N: usize> = Bound<'py, PyArray<T, Dim<[usize; N]>>>;

/// # Safety
/// `object` must be a new reference, or null with an error set.
unsafe fn owned(py: Python<'_>, object: *mut ffi::PyObject) -> PyResult<Any<'_>> {
    // SAFETY: as above.
    unsafe { Bound::from_owned_ptr_or_err(py, object) }
}

/// An int; no count comes near the limit of `i64`.
pub fn number(py: Python<'_>, value: impl TryInto<i64>) -> PyResult<Any<'_>> {
    // SAFETY: as `owned` demands.
    unsafe { owned(py, ffi::PyLong_FromLongLong(value.try_into().unwrap_or(i64::MAX))) }
}

pub fn optional(py: Python<'_>, value: Option<impl TryInto<i64>>) -> PyResult<Any<'_>> {
    value.map_or_else(|| Ok(py.None().into_bound(py)), |value| number(py, value))
}

pub fn text<'py>(py: Python<'py>, value: &str) -> PyResult<Any<'py>> {
    // SAFETY: as `owned` demands; no `str` is longer than `isize::MAX`.
    unsafe { owned(py, ffi::PyUnicode_FromStringAndSize(value.as_ptr().cast(), value.len().cast_signed())) }
}

/// A list; its items are made without a call of Python code, which could find it half filled.
pub fn list<'py>(py: Python<'py>, items: impl ExactSizeIterator<Item = PyResult<Any<'py>>>) -> PyResult<Any<'py>> {
    // SAFETY: as `owned` demands; the places are inside, and take the references.
    unsafe {
        let list = owned(py, ffi::PyList_New(items.len().cast_signed()))?;
        for (place, item) in (0..).zip(items) {
            ffi::PyList_SetItem(list.as_ptr(), place, item?.into_ptr());
        }
        Ok(list)
    }
}

/// As [`list`].
pub fn tuple<'py>(py: Python<'py>, items: impl ExactSizeIterator<Item = PyResult<Any<'py>>>) -> PyResult<Any<'py>> {
    // SAFETY: as `owned` demands; nobody else has the tuple yet, and the places are inside, and take the references.
    unsafe {
        let tuple = owned(py, ffi::PyTuple_New(items.len().cast_signed()))?;
        for (place, item) in (0..).zip(items) {
            ffi::PyTuple_SetItem(tuple.as_ptr(), place, item?.into_ptr());
        }
        Ok(tuple)
    }
}

/// The texts of ids, as exact `str`.
pub fn texts<'a, 'py>(py: Python<'py>, ids: &'a [Id]) -> impl ExactSizeIterator<Item = PyResult<Any<'py>>> + use<'a, 'py> {
    ids.iter().map(move |id| id.with_text(|id| text(py, id)))
}

/// A new array, to be filled.
pub fn empty<T: Element, const N: usize>(py: Python<'_>, shape: [usize; N]) -> PyResult<Array<'_, T, N>>
where
    Dim<[usize; N]>: Dimension,
{
    let mut shape = shape.map(usize::cast_signed);
    let axes = if N == 1 { 1 } else { 2 };
    // SAFETY: `N` lengths, and a descriptor whose reference is taken; a new array of just that, or null with an error set.
    unsafe {
        let item = T::get_dtype(py).into_dtype_ptr();
        let kind = <PyArray<T, Dim<[usize; N]>> as PyTypeInfo>::type_object_raw(py);
        let made = PY_ARRAY_API.PyArray_NewFromDescr(py, kind, item, axes, shape.as_mut_ptr(), null_mut(), null_mut(), 0, null_mut());
        Ok(owned(py, made)?.cast_into_unchecked())
    }
}

/// A new array of values.
pub fn array<'py, T: Element, const N: usize>(py: Python<'py>, shape: [usize; N], values: &[impl Copy + Into<T>]) -> PyResult<Any<'py>>
where
    Dim<[usize; N]>: Dimension,
{
    let mut array = empty(py, shape)?;
    components(&mut array).iter_mut().zip(values).for_each(|(place, &value)| *place = value.into());
    Ok(array.into_any())
}

pub fn ints<'py>(py: Python<'py>, values: &[impl Copy + Into<i64>]) -> PyResult<Any<'py>> {
    array::<i64, 1>(py, [values.len()], values)
}

/// The items of an array that nobody else has yet, to be filled, be it detached.
pub fn components<'a, T: Element, D: Dimension>(array: &'a mut Bound<'_, PyArray<T, D>>) -> &'a mut [T] {
    if array.len() == 0 {
        return &mut [];
    }
    // SAFETY: new arrays are contiguous and aligned, and live as long as the reference; all items are plain numbers.
    unsafe { std::slice::from_raw_parts_mut(array.data(), array.len()) }
}

pub fn size(py: Python<'_>, size: Size) -> PyResult<Any<'_>> {
    let (unique, references, allocated) = (number(py, size.unique)?, number(py, size.references)?, number(py, size.allocated)?);
    call(py, &core(py)?.size, [&unique, &references, &allocated, &number(py, size.capacity)?, &optional(py, size.dimension)?])
}
