//! What a durable store notes of rows, for rows that are in nobody's store: core asks for those of other backends.

use crate::checks::bytes;
use crate::error::{Result, room};
use crate::fingerprint::Fingerprint;
use crate::identity::{Identity, Precision};
use crate::kernels::Level;
use crate::table::folded;

/// The CRC-32 of each row's bytes.
///
/// # Errors
/// [`crate::Error::Memory`].
pub fn sums(rows: &[f32], dimension: usize) -> Result<Vec<u32>> {
    of_each(rows, dimension, |row| crc32fast::hash(bytes(row)))
}

/// The fingerprint of each row in a store with this seed.
///
/// # Errors
/// [`crate::Error::Memory`].
pub fn fingerprints(rows: &[f32], dimension: usize, precision: Precision, seed: u64) -> Result<Vec<u32>> {
    let fingerprint = Fingerprint::new(Identity::new(precision), dimension, Level::detect(), Some(seed))?;
    of_each(rows, dimension, |row| folded(fingerprint.hash(row)))
}

fn of_each(rows: &[f32], dimension: usize, mark: impl Fn(&[f32]) -> u32) -> Result<Vec<u32>> {
    let rows = rows.chunks_exact(dimension.max(1));
    let mut marks = room(rows.len())?;
    marks.extend(rows.map(mark));
    Ok(marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_marked_one_by_one() {
        let rows: Vec<f32> = (0u16..9).map(|at| (f32::from(at) - 3.0) / 7.0).collect();
        let marks = fingerprints(&rows, 9, Precision::Decimals(3), 0x0123_4567_89ab_cdef).unwrap();
        assert_eq!(marks, [0x92df_e5a3]);
        let singly: Vec<u32> = rows.iter().map(|x| crc32fast::hash(&x.to_le_bytes())).collect();
        assert_eq!(sums(&rows, 1).unwrap(), singly);
        assert!(sums(&[], 9).unwrap().is_empty());
    }
}
