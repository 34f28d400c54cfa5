//! Rows at some indices as they were at one moment: memory is shared with the store, and no lock is needed to read it.

use crate::error::Result;
use crate::rows::View;

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
