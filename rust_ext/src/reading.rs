//! Looking things up: what concerns several items answers all of them, or names the first bad position.

use crate::contents::Contents;
use crate::error::{Error, Result, room};
use crate::ids::{Id, Key};
use crate::selection::Selection;
use crate::slots::Slot;
use crate::store::Store;

impl Store {
    #[must_use]
    pub fn find(&self, key: Key<'_>) -> Option<u32> {
        self.contents()?.references.slot_of(key)
    }

    /// The index of every id, -1 where it is absent.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn indices_of(&self, keys: &[Key<'_>]) -> Result<Vec<i64>> {
        let mut indices = room(keys.len())?;
        indices.extend(keys.iter().map(|&key| self.find(key).map_or(-1, i64::from)));
        Ok(indices)
    }

    /// The index of the vector identical to `row`.
    ///
    /// # Errors
    /// [`Error::Dimension`], or [`Error::Damaged`].
    pub fn find_row(&self, row: &[f32]) -> Result<Option<u32>> {
        let Some(contents) = self.contents() else { return Ok(None) };
        contents.check_dimension(row.len())?;
        let vectors = &contents.vectors;
        let hash = vectors.hash(row);
        vectors.check_like(hash)?;
        Ok(vectors.find(row, hash))
    }

    /// # Errors
    /// [`Error::Damaged`].
    pub fn row_of(&self, key: Key<'_>) -> Result<Option<&[f32]>> {
        let found = self.contents().and_then(|contents| Some((contents, contents.references.slot_of(key)?)));
        found.map(|(contents, index)| contents.vectors.checked_row(index)).transpose()
    }

    /// Copies the row of an id into `out`, which has room for just it; `false` where the id is not there.
    ///
    /// # Errors
    /// [`Error::Damaged`], or [`Error::Dimension`] where `out` was made for a row of another length.
    pub fn copy_row_of(&self, key: Key<'_>, out: &mut [f32]) -> Result<bool> {
        self.row_of(key)?.map_or(Ok(false), |row| copy_row(row, out).map(|()| true))
    }

    /// [`Self::copy_row_of`] for an index.
    ///
    /// # Errors
    /// [`Error::Index`], else as [`Self::copy_row_of`].
    pub fn copy_row_at(&self, index: i64, out: &mut [f32]) -> Result<()> {
        copy_row(self.row_at(index)?, out)
    }

    /// The row at an active index.
    ///
    /// # Errors
    /// [`Error::Index`] or [`Error::Damaged`].
    pub fn row_at(&self, index: i64) -> Result<&[f32]> {
        let (contents, index) = self.active_at(index, 0)?;
        contents.vectors.checked_row(index)
    }

    /// Copies the rows of ids one after the other into `out`, which has room for just these.
    ///
    /// # Errors
    /// [`Error::Unknown`] for the first id that is not there, [`Error::Dimension`] where `out` was made for rows of another length,
    /// [`Error::Damaged`] or [`Error::Memory`]; `out` is untouched.
    pub fn copy_rows_of(&self, keys: &[Key<'_>], out: &mut [f32]) -> Result<()> {
        let index = |(position, &key)| self.find(key).ok_or(Error::Unknown { position });
        self.copy_rows(&collected(keys.len(), keys.iter().enumerate().map(index))?, out)
    }

    /// [`Self::copy_rows_of`] for indices.
    ///
    /// # Errors
    /// [`Error::Index`] for the first that is not active, else as [`Self::copy_rows_of`].
    pub fn copy_rows_at(&self, indices: &[i64], out: &mut [f32]) -> Result<()> {
        let index = |(position, &index)| Ok(self.active_at(index, position)?.1);
        self.copy_rows(&collected(indices.len(), indices.iter().enumerate().map(index))?, out)
    }

    /// How many ids reference an active index.
    ///
    /// # Errors
    /// [`Error::Index`].
    pub fn refcount(&self, index: i64) -> Result<u32> {
        Ok(self.slot_at(index, 0)?.refs)
    }

    /// [`Self::refcount`] of every index.
    ///
    /// # Errors
    /// [`Error::Index`] for the first that is not active, or [`Error::Memory`].
    pub fn refcounts(&self, indices: &[i64]) -> Result<Vec<i64>> {
        let count = |(position, &index)| Ok(i64::from(self.slot_at(index, position)?.refs));
        collected(indices.len(), indices.iter().enumerate().map(count))
    }

    /// The active indices, ascending.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn indices(&self) -> Result<Vec<i64>> {
        let mut indices = room(self.size().unique)?;
        indices.extend(self.contents().into_iter().flat_map(|contents| contents.vectors.active_indices()).map(i64::from));
        Ok(indices)
    }

    /// The ids in the order in which they were added.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn ids(&self) -> Result<Vec<Id>> {
        let Some(Contents { references, .. }) = self.contents() else { return Ok(Vec::new()) };
        collected(references.len(), references.iter().map(|entry| references.key(entry).to_id()))
    }

    /// The ids at an active index, in the order in which they came to it.
    ///
    /// # Errors
    /// [`Error::Index`] or [`Error::Memory`].
    pub fn ids_at(&self, index: i64) -> Result<Vec<Id>> {
        let (Contents { references, vectors, .. }, index) = self.active_at(index, 0)?;
        let slot = &vectors.slots[index as usize];
        collected(slot.refs as usize, references.iter_slot(slot).map(|entry| references.key(entry).to_id()))
    }

    /// The rows at all active indices, ascending, as they are now.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn all_rows(&self) -> Result<Selection> {
        let Some(Contents { vectors, .. }) = self.contents() else { return Ok(Selection::empty()) };
        let mut indices = room(vectors.active())?;
        indices.extend(vectors.active_indices());
        Ok(Selection::new(vectors.share_rows()?, indices))
    }

    fn copy_rows(&self, indices: &[u32], out: &mut [f32]) -> Result<()> {
        // Without an index there is no row whose length could be wrong.
        let (Some(Contents { vectors, .. }), [_, ..]) = (self.contents(), indices) else { return Ok(()) };
        let expected = vectors.dimension();
        if out.len() != indices.len() * expected {
            return Err(Error::Dimension { expected, got: out.len() / indices.len() });
        }
        vectors.rows().check_all(indices)?;
        for (place, &index) in out.chunks_exact_mut(expected).zip(indices) {
            place.copy_from_slice(vectors.row(index));
        }
        Ok(())
    }

    fn active_at(&self, index: i64, position: usize) -> Result<(&Contents, u32)> {
        let active = |contents: &Contents, index: u32| contents.vectors.slots.get(index as usize).is_some_and(Slot::active);
        match (self.contents(), u32::try_from(index)) {
            (Some(contents), Ok(index)) if active(contents, index) => Ok((contents, index)),
            _ => Err(Error::Index { position, allocated: self.size().allocated }),
        }
    }

    fn slot_at(&self, index: i64, position: usize) -> Result<&Slot> {
        self.active_at(index, position).map(|(contents, index)| &contents.vectors.slots[index as usize])
    }
}

fn copy_row(row: &[f32], out: &mut [f32]) -> Result<()> {
    if row.len() != out.len() {
        return Err(Error::Dimension { expected: row.len(), got: out.len() });
    }
    out.copy_from_slice(row);
    Ok(())
}

fn collected<T>(count: usize, items: impl Iterator<Item = Result<T>>) -> Result<Vec<T>> {
    let mut all = room(count)?;
    for item in items {
        all.push(item?);
    }
    Ok(all)
}
