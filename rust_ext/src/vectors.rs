//! The unique vectors: which indices are in use, where a vector is found again, and how the store grows.
//!
//! Invariants: an index is active, or in the heap `free`, or was never allocated; exactly the active slots are in `table`; the heap has
//! room for every allocated index, so freeing never fails.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use hashbrown::HashTable;

use crate::error::{Error, Result};
use crate::fingerprint::Fingerprint;
use crate::identity::{Identity, Precision};
use crate::kernels::Level;
use crate::rows::Rows;
use crate::slots::Slot;

/// Unique vectors of one dimension.
#[derive(Debug)]
pub struct Vectors {
    pub slots: Vec<Slot>,
    pub capacity: u64,
    rows: Rows,
    fingerprint: Fingerprint,
    table: HashTable<u32>,
    free: BinaryHeap<Reverse<u32>>,
    max_slots: u32,
}

impl Vectors {
    /// # Errors
    /// [`Error::Memory`].
    pub fn new(dimension: usize, precision: Precision, capacity: u64, max_slots: u32) -> Result<Self> {
        let fingerprint = Fingerprint::new(Identity::new(precision), dimension, Level::detect())?;
        let (rows, table, free) = (Rows::new(dimension), HashTable::new(), BinaryHeap::new());
        Ok(Self { slots: Vec::new(), capacity, rows, fingerprint, table, free, max_slots })
    }

    #[must_use]
    pub fn dimension(&self) -> usize {
        self.rows.dimension()
    }

    #[must_use]
    pub fn level(&self) -> Level {
        self.fingerprint.level()
    }

    /// How many indices are active.
    #[must_use]
    pub fn active(&self) -> usize {
        self.table.len()
    }

    #[must_use]
    pub fn row(&self, index: u32) -> &[f32] {
        self.rows.get(index)
    }

    #[must_use]
    pub fn hash(&self, row: &[f32]) -> u64 {
        self.fingerprint.hash(row)
    }

    #[must_use]
    pub fn identical(&self, a: &[f32], b: &[f32]) -> bool {
        self.fingerprint.identical(a, b)
    }

    #[must_use]
    pub fn find(&self, row: &[f32], hash: u64) -> Option<u32> {
        let same = |&index: &u32| self.slots[index as usize].hash == hash && self.identical(self.rows.get(index), row);
        self.table.find(hash, same).copied()
    }

    /// Whether `more` new vectors stay within the limit.
    ///
    /// # Errors
    /// [`Error::Full`].
    pub fn check_limit(&self, more: usize) -> Result<()> {
        let available = self.max_slots as usize - self.active();
        if more > available { Err(Error::Full { limit: self.max_slots, needed: self.active() + more }) } else { Ok(()) }
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
        self.free.try_reserve(self.slots.len() + fresh - self.free.len())?;
        // Freed indices whose row was given back by `clear` need a row again, as fresh ones do.
        let without_row = self.slots.len() - self.rows.len();
        let reserved = self.rows.reserve(more.saturating_sub(self.free.len() - without_row));
        reserved.inspect_err(|_| self.rows.trim())
    }

    /// The part of [`Self::reserve`] that counts every [`Self::take`], also of an index that was released meanwhile.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn reserve_table(&mut self, more: usize) -> Result<()> {
        let slots = &self.slots;
        self.table.try_reserve(more, |&index| slots[index as usize].hash)?;
        Ok(())
    }

    /// Stores a vector that is not there at the lowest free index, else the next one, still without a reference. Room was reserved.
    pub fn take(&mut self, row: &[f32], hash: u64) -> u32 {
        let index = self.free.pop().map_or_else(|| self.allocate(), |Reverse(index)| index);
        self.put(index, row, hash);
        index
    }

    /// Frees a slot that lost its last reference.
    pub fn release(&mut self, index: u32) {
        let hash = self.slots[index as usize].hash;
        if let Ok(found) = self.table.find_entry(hash, |&other| other == index) {
            found.remove();
        }
        self.slots[index as usize] = Slot::FREED;
        self.free.push(Reverse(index));
    }

    /// Gives back what a reservation took in excess.
    pub fn trim(&mut self) {
        self.rows.trim();
    }

    /// Frees every allocated index. Cannot fail: the heap has the room.
    pub fn clear(&mut self) {
        self.table = HashTable::new();
        self.rows.clear();
        self.slots.fill(Slot::FREED);
        let mut free = std::mem::take(&mut self.free).into_vec();
        free.clear();
        free.extend((0..self.slots.len() as u32).map(Reverse));
        self.free = free.into();
    }

    /// Allocates `allocated` indices of an empty store and fills the given ones (ascending), for a saved state.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Memory`], or [`Error::State`] for two identical vectors.
    pub fn restore(&mut self, allocated: usize, active: &[u32], rows: &[f32]) -> Result<()> {
        self.check_limit(allocated)?;
        let stored = active.last().map_or(0, |&last| last as usize + 1);
        self.slots.try_reserve_exact(allocated)?;
        self.free.try_reserve_exact(allocated)?;
        self.table.try_reserve(active.len(), |_| 0)?;
        self.rows.reserve(stored)?;
        self.slots.resize(allocated, Slot::FREED);
        let mut given = active.iter().copied().zip(rows.chunks_exact(self.rows.dimension())).peekable();
        for index in 0..allocated as u32 {
            match given.next_if(|&(next, _)| next == index) {
                Some((_, row)) => self.fill(index, row)?,
                None => self.skip(index, stored),
            }
        }
        Ok(())
    }

    fn fill(&mut self, index: u32, row: &[f32]) -> Result<()> {
        let hash = self.hash(row);
        if self.find(row, hash).is_some() {
            return Err(Error::State("two indices hold identical vectors"));
        }
        self.put(index, row, hash);
        Ok(())
    }

    fn skip(&mut self, index: u32, stored: usize) {
        if (index as usize) < stored {
            self.rows.skip();
        }
        self.free.push(Reverse(index));
    }

    fn put(&mut self, index: u32, row: &[f32], hash: u64) {
        self.slots[index as usize].hash = hash;
        self.rows.set(index, row);
        let slots = &self.slots;
        self.table.insert_unique(hash, index, |&other| slots[other as usize].hash);
    }

    fn allocate(&mut self) -> u32 {
        let index = self.slots.len() as u64;
        if index >= self.capacity {
            self.capacity = (index + 1).max(self.capacity + self.capacity / 2);
        }
        self.slots.push(Slot::FREED);
        index as u32
    }

    #[cfg(test)]
    pub fn check_invariants(&self) {
        let free: std::collections::BTreeSet<u32> = self.free.iter().map(|&Reverse(index)| index).collect();
        assert_eq!(free.len(), self.free.len());
        assert!(self.free.capacity() >= self.slots.len());
        for (index, slot) in (0u32..).zip(&self.slots) {
            assert_eq!(slot.active(), !free.contains(&index));
            if slot.active() {
                assert_eq!(slot.hash, self.hash(self.row(index)));
                assert_eq!(self.find(self.row(index), slot.hash), Some(index));
            }
        }
        assert_eq!(self.active() + free.len(), self.slots.len());
    }
}
