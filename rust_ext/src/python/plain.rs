//! The memory of numpy's arrays, where it is as we have it ourselves.

use std::ffi::c_int;

use numpy::npyffi::{self, NPY_ARRAY_ALIGNED, NPY_ARRAY_C_CONTIGUOUS, NPY_ARRAY_WRITEABLE, NPY_TYPES};

use super::made::Any;

const PLAIN: c_int = NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED;

/// What the items of an array may be, and numpy's number for it.
pub trait Number: Copy {
    const KIND: NPY_TYPES;
}

impl Number for u8 {
    const KIND: NPY_TYPES = NPY_TYPES::NPY_UBYTE;
}

impl Number for u32 {
    const KIND: NPY_TYPES = NPY_TYPES::NPY_UINT;
}

impl Number for i64 {
    // Which of C's types has 64 bits depends on the platform; another of that size goes through numpy.
    const KIND: NPY_TYPES = if size_of::<std::ffi::c_long>() == 8 { NPY_TYPES::NPY_LONG } else { NPY_TYPES::NPY_LONGLONG };
}

impl Number for f32 {
    const KIND: NPY_TYPES = NPY_TYPES::NPY_FLOAT;
}

/// Where the items of a native, aligned and C-contiguous ndarray are, and its shape.
pub struct Plain<'a, T, const N: usize> {
    data: *mut T,
    pub shape: [usize; N],
    writable: bool,
    array: std::marker::PhantomData<&'a T>,
}

impl<'a, T: Number, const N: usize> Plain<'a, T, N> {
    /// Of an exact ndarray with `N` axes. Its layout is read without a call of Python code, so at one moment.
    pub fn new(object: &'a Any<'_>) -> Option<Self> {
        // SAFETY: a valid object, of which the type is asked.
        if unsafe { npyffi::PyArray_CheckExact(object.py(), object.as_ptr()) } == 0 {
            return None;
        }
        // SAFETY: an ndarray has the layout of `PyArrayObject`, its `descr` begins as `PyArray_Descr`.
        let (array, descr) = unsafe {
            let array = &*object.as_ptr().cast::<npyffi::PyArrayObject>();
            (array, &*array.descr)
        };
        let native = matches!(descr.byteorder.cast_unsigned(), b'=' | b'|') && descr.type_num == T::KIND as c_int;
        if usize::try_from(array.nd) != Ok(N) || array.flags & PLAIN != PLAIN || !native {
            return None;
        }
        // SAFETY: `dimensions` holds one length for each axis, and there is at least one axis.
        let shape = unsafe { *array.dimensions.cast::<[isize; N]>() }.map(isize::cast_unsigned);
        let writable = array.flags & NPY_ARRAY_WRITEABLE != 0;
        Some(Self { data: array.data.cast(), shape, writable, array: std::marker::PhantomData })
    }

    fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// The items, to be read once.
    pub fn items(&self) -> &'a [T] {
        // SAFETY: the array is contiguous and aligned, its items are of type T, and its owner is kept alive by the caller's reference.
        if self.len() == 0 { &[] } else { unsafe { std::slice::from_raw_parts(self.data, self.len()) } }
    }

    /// The items, to be written once and not read.
    pub fn places(self) -> Option<&'a mut [T]> {
        // SAFETY: as above, and the array is writable.
        self.writable.then(|| if self.len() == 0 { &mut [][..] } else { unsafe { std::slice::from_raw_parts_mut(self.data, self.len()) } })
    }
}
