//! Rows at some indices as they were at one moment: memory is shared with the store, and no lock is needed to read it.

use std::sync::{Mutex, PoisonError};

use crate::checks::bytes;
use crate::error::{Result, filled, room};
use crate::pool::{self, Lease, share_out};
use crate::rows::View;

/// From so many rows on it is worth it to wake a thread.
const SHARED: usize = 1 << 12;

/// So many rows are one piece of a thread's work.
const PIECE: usize = 1 << 10;

#[derive(Debug)]
pub struct Selection {
    rows: View,
    indices: Vec<u32>,
}

/// Some consecutive rows of a [`Selection`].
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    pub indices: &'a [u32],
    rows: &'a View,
}

impl Selection {
    /// Every index must be that of a row.
    pub(crate) fn new(rows: View, indices: Vec<u32>) -> Self {
        Self { rows, indices }
    }

    /// No rows, of no dimension.
    pub(crate) fn empty() -> Self {
        Self::new(View::new(0), Vec::new())
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.indices.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    #[must_use]
    pub fn indices(&self) -> &[u32] {
        &self.indices
    }

    /// 0 where the store has none yet.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.rows.dimension()
    }

    /// # Errors
    /// [`crate::Error::Damaged`].
    pub fn row(&self, position: usize) -> Result<&[f32]> {
        let index = self.indices[position];
        self.rows.check(index).map(|()| self.rows.get(index))
    }

    /// Copies the rows from position `start` on until `out` is full.
    ///
    /// # Errors
    /// [`crate::Error::Damaged`].
    ///
    /// # Panics
    /// If `out` ends within a row or behind the last one.
    pub fn copy(&self, start: usize, out: &mut [f32]) -> Result<()> {
        let count = out.len().checked_div(self.dimension()).unwrap_or(0);
        Block { indices: &self.indices[start..start + count], rows: &self.rows }.copy(out)
    }

    /// The CRC-32 of the bytes of each row.
    ///
    /// # Errors
    /// [`crate::Error::Damaged`] or [`crate::Error::Memory`].
    pub fn sums(&self) -> Result<Vec<u32>> {
        self.rows.check_ascending(&self.indices)?;
        let lease = (self.len() >= SHARED).then(pool::lease).flatten();
        let mut sums = filled(self.len(), 0)?;
        let pieces: Vec<_> = {
            let mut pieces = room(self.len().div_ceil(PIECE))?;
            pieces.extend(self.indices.chunks(PIECE).zip(sums.chunks_mut(PIECE)).map(Mutex::new));
            pieces
        };
        share_out(lease.as_ref().map(Lease::pool), &mut [(), ()], pieces.len(), |(), number| {
            let (indices, sums) = &mut *pieces[number].lock().unwrap_or_else(PoisonError::into_inner);
            sums.iter_mut().zip(*indices).for_each(|(sum, &index)| *sum = crc32fast::hash(bytes(self.rows.get(index))));
        });
        drop(pieces);
        Ok(sums)
    }

    /// All rows, `height` at a time.
    pub fn blocks(&self, height: usize) -> impl Iterator<Item = Block<'_>> {
        self.indices.chunks(height.max(1)).map(|indices| Block { indices, rows: &self.rows })
    }
}

impl Block<'_> {
    /// Copies the rows into `out`.
    ///
    /// # Errors
    /// [`crate::Error::Damaged`]; `out` is untouched.
    ///
    /// # Panics
    /// If `out` has not room for just these.
    pub fn copy(&self, out: &mut [f32]) -> Result<()> {
        assert_eq!(out.len(), self.indices.len() * self.rows.dimension());
        self.rows.check_ascending(self.indices)?;
        for (place, &index) in out.chunks_exact_mut(self.rows.dimension().max(1)).zip(self.indices) {
            place.copy_from_slice(self.rows.get(index));
        }
        Ok(())
    }
}
