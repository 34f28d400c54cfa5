//! What a step can need at most, got before anything changes.

use std::cmp::Reverse;

use super::Vectors;
use crate::error::{Error, Result, room};

impl Vectors {
    /// Whether `more` new vectors stay within the limit.
    ///
    /// # Errors
    /// [`Error::Full`].
    pub fn check_limit(&self, more: usize) -> Result<()> {
        let needed = (self.active() + self.held().len()).saturating_add(more);
        if needed > self.max_slots as usize { Err(Error::Full { limit: self.max_slots, needed }) } else { Ok(()) }
    }

    /// Room for `more` new vectors, so that as many [`Self::take`] cannot fail.
    ///
    /// # Errors
    /// [`Error::Full`] or [`Error::Memory`].
    pub fn reserve(&mut self, more: usize) -> Result<()> {
        self.check_limit(more)?;
        self.reserve_table(more)?;
        let fresh = more.saturating_sub(self.free.len());
        self.slots.try_reserve(fresh)?;
        let allocated = self.slots.len() + fresh;
        self.free.try_reserve(allocated - self.free.len())?;
        if let Some(held) = &mut self.held {
            held.try_reserve(allocated - held.len())?;
        }
        self.reserve_rows(more)
    }

    /// The part of [`Self::reserve`] that counts every [`Self::take`], also of an index that was released meanwhile.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn reserve_table(&mut self, more: usize) -> Result<()> {
        let Self { table, slots, .. } = self;
        table.reserve_early(more, || (0u32..).zip(&*slots).filter(|(_, slot)| slot.is_taken()).map(|(index, slot)| (slot.hash, index)))
    }

    /// Rows for what a batch may store at most, which is known before its rows are read: those that it does not need are trimmed.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn reserve_ahead(&mut self, most: usize) -> Result<()> {
        let left = (self.max_slots as usize).saturating_sub(self.active() + self.held().len());
        self.rows.reserve(most.min(left).saturating_sub(self.free_with_row()))
    }

    /// Makes the rows of some indices writable that a step may free and take again.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn own(&mut self, mut indices: impl Iterator<Item = u32>) -> Result<()> {
        if self.rows.may_be_shared() { indices.try_for_each(|index| self.rows.own(index)) } else { Ok(()) }
    }

    /// [`Self::own`] for those of the `count` indices that are taken first which have a row.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn own_lowest(&mut self, count: usize) -> Result<()> {
        if count > 0 && self.rows.may_be_shared() { self.own_first(count.min(self.free_with_row())) } else { Ok(()) }
    }

    #[cold]
    fn own_first(&mut self, count: usize) -> Result<()> {
        let mut lowest = room(count)?;
        lowest.extend(std::iter::from_fn(|| self.free.pop()).take(count));
        let owned = lowest.iter().try_for_each(|&Reverse(index)| self.rows.own(index));
        self.free.extend(lowest);
        owned
    }

    fn reserve_rows(&mut self, more: usize) -> Result<()> {
        let reused = more.min(self.free_with_row());
        let reserved = self.rows.reserve(more - reused);
        reserved.and_then(|()| self.own_lowest(reused)).inspect_err(|_| self.rows.trim())
    }

    /// How many free indices have a row; the others lost theirs in [`Self::clear`] and need one again, as fresh ones do.
    fn free_with_row(&self) -> usize {
        self.free.len() - (self.slots.len() - self.rows.len())
    }
}
