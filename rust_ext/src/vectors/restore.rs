//! An empty store filled from a saved state.

use std::cmp::Reverse;

use super::Vectors;
use crate::error::{Error, Result};
use crate::slots::Slot;

impl Vectors {
    /// Allocates `allocated` indices of an empty store, whose rows come later, and frees those that are not in `active` (ascending).
    ///
    /// # Errors
    /// [`Error::Full`] or [`Error::Memory`].
    pub fn allocate_all(&mut self, allocated: usize, active: &[u32]) -> Result<()> {
        self.check_limit(allocated)?;
        self.slots.try_reserve_exact(allocated)?;
        self.free.try_reserve_exact(allocated)?;
        if let Some(held) = &mut self.held {
            held.try_reserve_exact(allocated)?;
        }
        self.reserve_table(active.len())?;
        self.slots.resize(allocated, Slot::FREED);
        let mut active = active.iter().copied().peekable();
        self.free.extend((0..allocated as u32).filter(|&index| active.next_if_eq(&index).is_none()).map(Reverse));
        Ok(())
    }

    /// Room for the rows below `count`.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn reserve_restored(&mut self, count: usize) -> Result<()> {
        self.rows.reserve_sparse(count.saturating_sub(self.rows.len()))
    }

    /// The row of the next active index of a store that is being restored; room for it and the freed ones before it was reserved.
    ///
    /// # Errors
    /// [`Error::State`] for an identical vector.
    pub fn restore(&mut self, index: u32, row: &[f32]) -> Result<()> {
        let hash = self.new_hash(row)?;
        while self.rows.len() < index as usize {
            self.rows.skip();
        }
        self.put(index, row, hash);
        Ok(())
    }

    fn new_hash(&self, row: &[f32]) -> Result<u32> {
        let hash = self.hash(row);
        if self.find(row, hash).is_some() { Err(Error::State("two indices hold identical vectors")) } else { Ok(hash) }
    }
}
