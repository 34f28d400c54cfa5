//! Vectors from Python: aligned contiguous native ones here, everything else by `refvec.vectors`.
//!
//! Other threads may write to a caller's array at any time, since numpy does so without the interpreter's lock. So it is read once, into
//! a copy, and everything after that reads the copy.

use std::borrow::Cow;
use std::ffi::c_int;
use std::mem::MaybeUninit;

use numpy::npyffi::{self, NPY_ARRAY_ALIGNED, NPY_ARRAY_C_CONTIGUOUS, NPY_ARRAY_WRITEABLE, NPY_TYPES};
use pyo3::prelude::*;

use super::cell::Cell;
use super::core::{call, core};
use super::made::{Any, optional};
use super::refusals::{impossible, plain};
use crate::error::room;

const MAX_DIMENSION: usize = 65_536;
/// Rows up to this dimension are copied to the stack.
const STACK: usize = 2048;
const PLAIN: c_int = NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED;

/// Aligned so that what reads a copy right after it was written need not wait for it.
#[repr(align(64))]
struct Scratch([MaybeUninit<f32>; STACK]);

/// Where the items of a native, aligned and C-contiguous ndarray are, and its shape.
pub struct Plain<'a, T> {
    pub data: *mut T,
    pub shape: &'a [isize],
}

impl<'a, T> Plain<'a, T> {
    /// Of an exact ndarray with `axes` axes and items of the given type.
    pub fn new(object: &'a Any<'_>, axes: c_int, kind: NPY_TYPES) -> Option<Self> {
        // SAFETY: a valid object, of which the type is asked.
        let exact = unsafe { npyffi::PyArray_CheckExact(object.py(), object.as_ptr()) } != 0;
        // SAFETY: it is an ndarray.
        exact.then(|| unsafe { Self::of(object, axes, kind, PLAIN) })?
    }

    /// Of any ndarray that can be written to.
    pub fn writable(object: &'a Any<'_>, axes: c_int, kind: NPY_TYPES) -> Option<Self> {
        // SAFETY: a valid object, of which the type is asked.
        let array = unsafe { npyffi::PyArray_Check(object.py(), object.as_ptr()) } != 0;
        // SAFETY: it is an ndarray.
        array.then(|| unsafe { Self::of(object, axes, kind, PLAIN | NPY_ARRAY_WRITEABLE) })?
    }

    /// # Safety
    /// `object` must be an ndarray; its layout is read without a call of Python code, so at one moment.
    unsafe fn of(object: &'a Any<'_>, axes: c_int, kind: NPY_TYPES, flags: c_int) -> Option<Self> {
        // SAFETY: an ndarray has the layout of `PyArrayObject`, its `descr` begins as `PyArray_Descr`.
        let (array, descr) = unsafe {
            let array = &*object.as_ptr().cast::<npyffi::PyArrayObject>();
            (array, &*array.descr)
        };
        let native = matches!(descr.byteorder.cast_unsigned(), b'=' | b'|') && descr.type_num == kind as c_int;
        if array.nd != axes || array.flags & flags != flags || !native {
            return None;
        }
        // SAFETY: `dimensions` holds one length for each axis, and there is at least one axis.
        let shape = unsafe { std::slice::from_raw_parts(array.dimensions, usize::try_from(axes).ok()?) };
        Some(Self { data: array.data.cast(), shape })
    }

    pub fn len(&self) -> usize {
        self.shape.iter().map(|&length| length.cast_unsigned()).product()
    }

    /// The items, to be read once.
    pub fn items(&self) -> &'a [T] {
        // SAFETY: the array is contiguous and aligned, its items are of type T, and its owner is kept alive by the caller's reference.
        if self.len() == 0 { &[] } else { unsafe { std::slice::from_raw_parts(self.data, self.len()) } }
    }

    /// The items, to be written once and not read.
    pub fn places(self) -> &'a mut [T] {
        // SAFETY: as above, and the array is writable.
        if self.len() == 0 { &mut [] } else { unsafe { std::slice::from_raw_parts_mut(self.data, self.len()) } }
    }
}

fn floats<'a>(object: &'a Any<'_>, axes: c_int) -> Option<Plain<'a, f32>> {
    let width = |plain: &Plain<'_, f32>| plain.shape.last().map_or(0, |width| width.cast_unsigned());
    Plain::new(object, axes, NPY_TYPES::NPY_FLOAT).filter(|plain| (1..=MAX_DIMENSION).contains(&width(plain)))
}

/// Calls `run` with the components of any vector, which are nobody else's.
pub fn with_row<T>(cell: &Cell, vector: &Any<'_>, run: impl FnOnce(&[f32]) -> PyResult<T>) -> PyResult<T> {
    let py = vector.py();
    if let Some(row) = borrowed(vector) {
        return with_copy(py, row, run);
    }
    cell.require_open(py)?;
    let row = call(py, &core(py)?.canonical_row, [vector, &optional(py, cell.dimension())?])?;
    run(floats(&row, 1).ok_or_else(|| impossible("canonical_row() made no float32 row"))?.items())
}

/// The components of a row in the caller's own memory, for who reads them only once and at once.
pub fn borrowed<'a>(vector: &'a Any<'_>) -> Option<&'a [f32]> {
    floats(vector, 1).map(|row| row.items())
}

fn with_copy<T>(py: Python<'_>, row: &[f32], run: impl FnOnce(&[f32]) -> PyResult<T>) -> PyResult<T> {
    let mut scratch = Scratch([MaybeUninit::uninit(); STACK]);
    match scratch.0.get_mut(..row.len()) {
        Some(place) => run(place.write_copy_of_slice(row)),
        None => run(&plain(py, copied(row))?),
    }
}

/// The rows of a batch.
pub struct Rows<'a> {
    /// Others may be writing to them.
    pub data: &'a [f32],
    pub width: usize,
    /// Whether others can write to the data.
    shared: bool,
}

impl Rows<'_> {
    pub fn count(&self) -> usize {
        self.data.len().checked_div(self.width).unwrap_or(0)
    }

    /// Components that are nobody else's; may be called detached.
    pub fn owned(&self) -> crate::Result<Cow<'_, [f32]>> {
        Ok(if self.shared { Cow::Owned(copied(self.data)?) } else { Cow::Borrowed(self.data) })
    }
}

/// Calls `run` with the rows of any batch.
pub fn with_rows<T>(cell: &Cell, vectors: &Any<'_>, run: impl FnOnce(&Rows<'_>) -> PyResult<T>) -> PyResult<T> {
    if let Some(rows) = floats(vectors, 2) {
        return run(&Rows { data: rows.items(), width: rows.shape[1].cast_unsigned(), shared: true });
    }
    let py = vectors.py();
    let rows = call(py, &core(py)?.canonical_rows, [vectors, &optional(py, cell.dimension())?])?;
    // A batch without a vector may come without a dimension.
    let array = Plain::<f32>::new(&rows, 2, NPY_TYPES::NPY_FLOAT).ok_or_else(|| impossible("canonical_rows() made no float32 rows"))?;
    run(&Rows { data: array.items(), width: array.shape[1].cast_unsigned(), shared: false })
}

/// The copy is made as all memory that grows with the input.
fn copied(row: &[f32]) -> crate::Result<Vec<f32>> {
    let mut copy = room(row.len())?;
    copy.extend_from_slice(row);
    Ok(copy)
}
