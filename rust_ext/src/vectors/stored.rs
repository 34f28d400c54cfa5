//! An empty store filled from what a flush left.

use std::cmp::Reverse;

use super::Vectors;
use crate::error::Result;
use crate::mapped::RowFile;
use crate::restore::require;
use crate::slots::Slot;
use crate::stored::{Found, Known};

impl Vectors {
    /// Takes slots, whose rows are still to come.
    ///
    /// # Errors
    /// [`crate::Error::State`] for one whose row is not known, [`crate::Error::Full`] or [`crate::Error::Memory`].
    pub fn restore_slots(&mut self, slots: Vec<Slot>, known: &Known, held: bool) -> Result<()> {
        self.check_limit(slots.len())?;
        self.slots = slots;
        let rows = known.fingerprints.iter().zip(&known.any);
        for (slot, (&fingerprint, &known)) in self.slots.iter_mut().zip(rows).filter(|(slot, _)| slot.active()) {
            require(known, "a row has no checksum")?;
            slot.hash = fingerprint;
        }
        self.free_others(held)
    }

    /// Makes vectors found. Two that are identical have one fingerprint, and nearly always one checksum: only then rows are read.
    ///
    /// # Errors
    /// [`crate::Error::State`] for a missing row, and for identical vectors.
    pub fn restore_found(&mut self, found: Found, known: &Known) -> Result<()> {
        self.table = found.table;
        for (index, &fingerprint) in (0u32..).zip(&known.fingerprints) {
            if known.any[index as usize] && !self.slots[index as usize].active() {
                self.table.remove(fingerprint, index);
                self.rows.forget_check(index);
            }
        }
        let rows = self.slots.iter().rposition(Slot::active).map_or(0, |last| last + 1);
        require(rows <= self.rows.len(), "a row is missing")?;
        let active = |index: u32| self.slots[index as usize].active();
        let identical = found.pairs.iter().any(|&(a, b)| active(a) && active(b) && self.are_same(a, b));
        require(!identical, "two indices hold identical vectors")
    }

    /// Of rows that are not damaged: an error comes from whoever asks for them.
    #[cold]
    fn are_same(&self, a: u32, b: u32) -> bool {
        [a, b].iter().all(|&index| self.rows().check(index).is_ok()) && self.identical(self.row(a), self.row(b))
    }

    /// Frees the indices without a reference.
    fn free_others(&mut self, wait: bool) -> Result<()> {
        let Self { slots, free, held, .. } = self;
        let others = (0u32..).zip(&*slots).filter(|(_, slot)| !slot.active()).map(|(index, _)| index);
        free.try_reserve_exact(slots.len())?;
        if let Some(held) = held {
            held.try_reserve_exact(slots.len())?;
        }
        match held {
            Some(held) if wait => held.extend(others),
            _ => free.extend(others.map(Reverse)),
        }
        Ok(())
    }

    /// Takes the rows of all indices from a file, which may end before those of the last freed ones. Slots may still be to come.
    ///
    /// # Errors
    /// [`crate::Error::State`], [`crate::Error::Memory`] or [`crate::Error::System`].
    pub fn map_rows(&mut self, file: &RowFile<'_>, known: &Known) -> Result<()> {
        let len = file.rows().min(known.any.len());
        self.rows.map(file, len, |index| known.any[index].then(|| known.sums[index]))
    }

    /// Gives every index a row, if some are held back: such a one may be taken when others below it are not free. Comes after
    /// [`Self::restore_found`], which would no longer see that the file lacks a row.
    ///
    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn fill_held(&mut self) -> Result<()> {
        let rest = if self.held().is_empty() { 0 } else { self.slots.len() - self.rows.len() };
        self.rows.reserve_sparse(rest)?;
        (0..rest).for_each(|_| self.rows.skip());
        Ok(())
    }
}
