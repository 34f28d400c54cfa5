//! An empty store filled from what a flush left.

use std::cmp::Reverse;

use super::Vectors;
use crate::error::Result;
use crate::mapped::RowFile;
use crate::restore::require;
use crate::slots::Slot;
use crate::stored::Known;
use crate::table::Table;

/// So many vectors are entered together, so that their memory is fetched at the same time.
const TOGETHER: usize = 32;

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
    /// [`crate::Error::State`] for a missing row, and for identical vectors, or [`crate::Error::Memory`].
    pub fn enter_all(&mut self, known: &Known) -> Result<()> {
        let mut table = Table::default();
        table.reserve(self.slots.iter().filter(|slot| slot.active()).count(), std::iter::empty)?;
        for (first, slots) in (0u32..).step_by(TOGETHER).zip(self.slots.chunks(TOGETHER)) {
            let active = || (first..).zip(slots).filter(|(_, slot)| slot.active());
            table.fetch(active().map(|(_, slot)| slot.hash));
            for (index, slot) in active() {
                require((index as usize) < self.rows.len(), "a row is missing")?;
                let sum = |index: u32| known.sums[index as usize];
                let same =
                    |other: u32| self.slots[other as usize].hash == slot.hash && sum(other) == sum(index) && self.are_same(other, index);
                require(table.insert_unless(slot.hash, index, same), "two indices hold identical vectors")?;
            }
        }
        self.table = table;
        Ok(())
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

    /// Takes the rows of all indices from a file, which may end before those of the last freed ones.
    ///
    /// # Errors
    /// [`crate::Error::State`], [`crate::Error::Memory`] or [`crate::Error::System`].
    pub fn map_rows(&mut self, file: &RowFile<'_>, known: &Known) -> Result<()> {
        let len = file.rows().min(self.slots.len());
        let Self { rows, slots, .. } = self;
        rows.map(file, len, |index| slots[index].active().then(|| known.sums[index]))
    }

    /// Gives every index a row, if some are held back: such a one may be taken when others below it are not free.
    ///
    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn fill_held(&mut self) -> Result<()> {
        let rest = if self.held().is_empty() { 0 } else { self.slots.len() - self.rows.len() };
        self.rows.reserve(rest)?;
        (0..rest).for_each(|_| self.rows.skip());
        Ok(())
    }
}
