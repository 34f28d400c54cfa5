//! Python objects out of results. Whatever cannot be had raises `MemoryError`; the constructors of `PyO3` and rust-numpy panic.

use numpy::ndarray::Dimension;
use std::ptr::null_mut;

use numpy::npyffi::PY_ARRAY_API;
use numpy::{Element, PyArray, PyArray1, PyArray2, PyArrayDescrMethods, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::PyTypeInfo;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::Id;

pub type Any<'py> = Bound<'py, PyAny>;
pub type Row<'py> = Bound<'py, PyArray1<f32>>;
pub type Rows<'py> = Bound<'py, PyArray2<f32>>;

pub fn number(py: Python<'_>, value: usize) -> PyResult<Any<'_>> {
    // SAFETY: a new reference, or null with an error set.
    unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyLong_FromSize_t(value)) }
}

pub fn integer(py: Python<'_>, value: i64) -> PyResult<Any<'_>> {
    // SAFETY: a new reference, or null with an error set.
    unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyLong_FromLongLong(value)) }
}

pub fn optional(py: Python<'_>, value: Option<usize>) -> PyResult<Any<'_>> {
    value.map_or_else(|| Ok(py.None().into_bound(py)), |value| number(py, value))
}

pub fn text<'py>(py: Python<'py>, value: &str) -> PyResult<Any<'py>> {
    // SAFETY: a new reference, or null with an error set; no `str` is longer than `isize::MAX`.
    unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyUnicode_FromStringAndSize(value.as_ptr().cast(), value.len().cast_signed())) }
}

/// A list of `count` items; they are made without a call of Python code, which could find the list half filled.
pub fn list<'py>(py: Python<'py>, items: impl ExactSizeIterator<Item = PyResult<Any<'py>>>) -> PyResult<Bound<'py, PyList>> {
    let length = items.len().cast_signed();
    // SAFETY: a new reference, or null with an error set.
    let list = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyList_New(length))? };
    for (place, item) in (0..length).zip(items) {
        // SAFETY: the place is inside; it takes the reference.
        unsafe { ffi::PyList_SetItem(list.as_ptr(), place, item?.into_ptr()) };
    }
    Ok(list.cast_into()?)
}

/// As [`list`].
pub fn tuple<'py>(py: Python<'py>, items: impl ExactSizeIterator<Item = PyResult<Any<'py>>>) -> PyResult<Bound<'py, PyTuple>> {
    let length = items.len().cast_signed();
    // SAFETY: a new reference, or null with an error set.
    let tuple = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyTuple_New(length))? };
    for (place, item) in (0..length).zip(items) {
        // SAFETY: nobody else has the tuple yet, and the place is inside; it takes the reference.
        unsafe { ffi::PyTuple_SetItem(tuple.as_ptr(), place, item?.into_ptr()) };
    }
    Ok(tuple.cast_into()?)
}

/// The texts of ids, as exact `str`.
pub fn texts<'a, 'py>(py: Python<'py>, ids: &'a [Id]) -> impl ExactSizeIterator<Item = PyResult<Any<'py>>> + use<'a, 'py> {
    ids.iter().map(move |id| id.with_text(|id| text(py, id)))
}

/// A new array, to be filled.
pub fn empty<T: Element, D: Dimension, const N: usize>(py: Python<'_>, shape: [usize; N]) -> PyResult<Bound<'_, PyArray<T, D>>> {
    const { assert!(D::NDIM.unwrap() == N && N <= 2) };
    let axes = if N == 1 { 1 } else { 2 };
    let mut shape = shape.map(usize::cast_signed);
    // SAFETY: `N` lengths, and a descriptor whose reference is taken; a new array of just that, or null with an error set.
    unsafe {
        let item = T::get_dtype(py).into_dtype_ptr();
        let kind = <PyArray<T, D> as PyTypeInfo>::type_object_raw(py);
        let made = PY_ARRAY_API.PyArray_NewFromDescr(py, kind, item, axes, shape.as_mut_ptr(), null_mut(), null_mut(), 0, null_mut());
        Ok(Bound::from_owned_ptr_or_err(py, made)?.cast_into_unchecked())
    }
}

/// A new array of values.
pub fn array<'py, T: Element + Copy>(py: Python<'py>, values: &[T]) -> PyResult<Any<'py>> {
    let mut array: Bound<'py, PyArray1<T>> = empty(py, [values.len()])?;
    components(&mut array).copy_from_slice(values);
    Ok(array.into_any())
}

pub fn ints<'py, T: Copy + Into<i64>>(py: Python<'py>, values: &[T]) -> PyResult<Any<'py>> {
    let mut array: Bound<'py, PyArray1<i64>> = empty(py, [values.len()])?;
    components(&mut array).iter_mut().zip(values).for_each(|(place, &value)| *place = value.into());
    Ok(array.into_any())
}

/// A new (count, width) array of values.
pub fn table<'py, T: Element + Copy>(py: Python<'py>, values: &[T], (count, width): (usize, usize)) -> PyResult<Any<'py>> {
    let mut array: Bound<'py, PyArray2<T>> = empty(py, [count, width])?;
    components(&mut array).copy_from_slice(values);
    Ok(array.into_any())
}

/// The items of an array that nobody else has yet, to be filled, be it detached.
pub fn components<'a, T: Element, D: Dimension>(array: &'a mut Bound<'_, PyArray<T, D>>) -> &'a mut [T] {
    if array.len() == 0 {
        return &mut [];
    }
    // SAFETY: new arrays are contiguous and aligned, and live as long as the reference; all items are plain numbers.
    unsafe { std::slice::from_raw_parts_mut(array.data(), array.len()) }
}
