//! Arrays from Python: aligned contiguous native ones here, everything else by `refvec.vectors` and `refvec.integers`.

use std::ffi::c_int;

use numpy::npyffi::{self, NPY_ARRAY_ALIGNED, NPY_ARRAY_C_CONTIGUOUS, NPY_TYPES};
use numpy::{Element, PyArray2, PyArrayDescrMethods, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyList, PyTuple};

use super::cell::Cell;
use super::core::{Refusal, Subject, core};
use crate::error::room;

const MAX_DIMENSION: usize = 65_536;

/// The items of an exact ndarray with `axes` axes that is native, aligned and C-contiguous, and the length of its last axis.
///
/// The slice lives as long as the reference to the array. The caller may write to the array meanwhile, as with any function that reads
/// a buffer; what is stored is therefore always hashed and stored from one and the same copy, or without letting other threads run.
fn slice<'a, T: Element>(object: &'a Bound<'_, PyAny>, axes: c_int, fits: impl Fn(c_int) -> bool) -> Option<(&'a [T], usize)> {
    const FLAGS: c_int = NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED;
    // SAFETY: `object` is a valid Python object; an exact ndarray has the layout of `PyArrayObject`, its `descr` that of `PyArray_Descr`.
    let array = unsafe {
        if npyffi::PyArray_CheckExact(object.py(), object.as_ptr()) == 0 {
            return None;
        }
        &*object.as_ptr().cast::<npyffi::PyArrayObject>()
    };
    // SAFETY: as above.
    let descr = unsafe { &*array.descr };
    let native = matches!(descr.byteorder.cast_unsigned(), b'=' | b'|');
    if array.nd != axes || array.flags & FLAGS != FLAGS || !native || !fits(descr.type_num) {
        return None;
    }
    // SAFETY: `dimensions` holds one length for each axis, and there is at least one axis.
    let shape = unsafe { std::slice::from_raw_parts(array.dimensions, usize::try_from(axes).ok()?) };
    let count: usize = shape.iter().map(|&length| length.cast_unsigned()).product();
    let width = shape.last()?.cast_unsigned();
    if count == 0 {
        return Some((&[], width));
    }
    // SAFETY: the array is contiguous and aligned, its items are of type T, and it is kept alive by `object`.
    Some((unsafe { std::slice::from_raw_parts(array.data.cast(), count) }, width))
}

fn floats<'a>(object: &'a Bound<'_, PyAny>, axes: c_int) -> Option<(&'a [f32], usize)> {
    slice(object, axes, |number| number == NPY_TYPES::NPY_FLOAT as c_int).filter(|(_, width)| (1..=MAX_DIMENSION).contains(width))
}

/// Calls `run` with the components of any vector.
pub fn with_row<T>(cell: &Cell, vector: &Bound<'_, PyAny>, run: impl FnOnce(&[f32]) -> PyResult<T>) -> PyResult<T> {
    if let Some((row, _)) = floats(vector, 1) {
        return run(row);
    }
    let py = vector.py();
    cell.require_open(py)?;
    let row = core(py)?.canonical_row.bind(py).call1((vector, cell.dimension()))?;
    run(floats(&row, 1).map_or(&[], |(row, _)| row))
}

/// The rows of a batch.
pub struct Rows<'a> {
    pub data: &'a [f32],
    pub width: usize,
    /// Whether others can write to the data while the interpreter is released.
    pub shared: bool,
}

/// Calls `run` with the rows of any batch.
pub fn with_rows<T>(cell: &Cell, vectors: &Bound<'_, PyAny>, run: impl FnOnce(&Rows<'_>) -> PyResult<T>) -> PyResult<T> {
    if let Some((data, width)) = floats(vectors, 2) {
        return run(&Rows { data, width, shared: true });
    }
    with_matrix(vectors, cell.dimension(), run)
}

/// [`with_rows`] of a copy that is nobody else's.
pub fn with_matrix<T>(vectors: &Bound<'_, PyAny>, dimension: Option<usize>, run: impl FnOnce(&Rows<'_>) -> PyResult<T>) -> PyResult<T> {
    let py = vectors.py();
    let rows = core(py)?.canonical_rows.bind(py).call1((vectors, dimension))?;
    let (data, width) = floats(&rows, 2).unwrap_or((&[], 0));
    run(&Rows { data, width, shared: false })
}

/// A copy, made as all memory that grows with the input.
pub fn copied(row: &[f32]) -> crate::Result<Vec<f32>> {
    let mut copy = room(row.len())?;
    copy.extend_from_slice(row);
    Ok(copy)
}

/// Indices of a batch, and the integers as the caller gave them where those are others.
pub struct Indices<'py> {
    pub found: Vec<i64>,
    pub given: Option<Bound<'py, PyAny>>,
}

impl<'py> Indices<'py> {
    pub fn new(indices: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Some(found) = Self::native(indices)? {
            return Ok(Self { found, given: None });
        }
        let py = indices.py();
        let (found, given): (Bound<'py, PyAny>, Bound<'py, PyAny>) = core(py)?.canonical_indices.bind(py).call1((indices,))?.extract()?;
        let found = Self::int64(&found)?.unwrap_or_default();
        Ok(Self { found, given: Some(given) })
    }

    fn native(indices: &Bound<'py, PyAny>) -> PyResult<Option<Vec<i64>>> {
        if let Ok(list) = indices.cast_exact::<PyList>() {
            exact_ints(&list.to_tuple())
        } else if let Ok(tuple) = indices.cast_exact::<PyTuple>() {
            exact_ints(tuple)
        } else {
            Self::int64(indices)
        }
    }

    /// A copy of an int64 array: `out` may lie on the same memory.
    pub fn int64(indices: &Bound<'py, PyAny>) -> PyResult<Option<Vec<i64>>> {
        let py = indices.py();
        let number = i64::get_dtype(py).num();
        let Some((found, _)) = slice::<i64>(indices, 1, |other| other == number) else { return Ok(None) };
        let mut copy = memory(py, found.len())?;
        copy.extend_from_slice(found);
        Ok(Some(copy))
    }
}

/// The numbers of a tuple of exact ints of 64 bits; of a tuple, since no other thread can change it.
fn exact_ints(items: &Bound<'_, PyTuple>) -> PyResult<Option<Vec<i64>>> {
    let mut found = memory(items.py(), items.len())?;
    for item in items.iter_borrowed() {
        let mut overflow = 0;
        if !item.is_exact_instance_of::<PyInt>() {
            return Ok(None);
        }
        // SAFETY: an exact int is converted without a call of Python code, and overflow is the only way to fail.
        let index = unsafe { ffi::PyLong_AsLongLongAndOverflow(item.as_ptr(), &raw mut overflow) };
        if overflow != 0 {
            return Ok(None);
        }
        found.push(index);
    }
    Ok(Some(found))
}

fn memory<T>(py: Python<'_>, count: usize) -> PyResult<Vec<T>> {
    room(count).map_err(|error| Refusal::from(error).raise(py, Subject::Nothing))
}

/// The `out` argument, or a new array.
pub fn out_array<'py>(py: Python<'py>, out: Option<&Bound<'py, PyAny>>, shape: (usize, usize)) -> PyResult<Bound<'py, PyArray2<f32>>> {
    if let Some(out) = out {
        core(py)?.check_out.bind(py).call1((out, shape))?;
        return Ok(out.cast::<PyArray2<f32>>()?.clone());
    }
    // Through numpy's own function: unlike the constructor of rust-numpy it raises where the memory cannot be had.
    let empty = py.import(pyo3::intern!(py, "numpy"))?.call_method1(pyo3::intern!(py, "empty"), (shape, "f4"))?;
    Ok(empty.cast_into::<PyArray2<f32>>()?)
}

/// Where an array's components are, to be written while the interpreter is released.
pub fn destination<'a>(out: &'a mut Bound<'_, PyArray2<f32>>) -> &'a mut [f32] {
    if out.len() == 0 {
        return &mut [];
    }
    // SAFETY: the array is new, or was checked to be aligned, contiguous and writable; it stays alive as long as the reference. Whoever
    // reads an `out` of his own while it is being filled sees some of the new components.
    unsafe { std::slice::from_raw_parts_mut(out.data(), out.len()) }
}
