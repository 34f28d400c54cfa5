//! A copy of a row for the time of a call.

use std::mem::MaybeUninit;

use crate::error::copied;

/// Rows up to this dimension are copied to the stack.
const STACK: usize = 2048;

/// Aligned so that what reads a copy right after it was written need not wait for it.
#[repr(align(64))]
struct Scratch([MaybeUninit<f32>; STACK]);

/// Calls `run` with a copy.
///
/// # Errors
/// [`crate::Error::Memory`], or those of `run`.
#[inline]
pub fn with_copy<T, E: From<crate::Error>>(
    row: &[f32],
    run: impl FnOnce(&[f32]) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    let mut scratch = Scratch([MaybeUninit::uninit(); STACK]);
    match scratch.0.get_mut(..row.len()) {
        Some(place) => run(place.write_copy_of_slice(row)),
        None => run(&copied(row)?),
    }
}

#[cfg(test)]
mod tests {
    use super::{STACK, with_copy};
    use crate::Result;

    #[test]
    fn copies_have_all_components_wherever_they_lie() {
        for count in [0, 1, STACK - 1, STACK, STACK + 1] {
            let row: Vec<f32> = (0..count).map(|number| number as f32).collect();
            let same = |copy: &[f32]| -> Result<bool> { Ok(copy == row && (count == 0 || copy.as_ptr() != row.as_ptr())) };
            assert_eq!(with_copy(&row, same), Ok(true));
        }
    }
}
