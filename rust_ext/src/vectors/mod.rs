//! The unique vectors: which indices are in use, where a vector is found again, and how the store grows.
//!
//! Invariants: an index is active, or in the heap `free`, or in `held`, or was never allocated; exactly the active slots are in `table`;
//! `free` and `held` have room for every allocated index, so freeing never fails; an index without a row, at or beyond the length of
//! `rows`, is in `free`, which gives out the lowest first, so a row is overwritten or the next one.

mod reserve;
mod restore;
mod stored;
mod undo;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::error::Result;
use crate::fingerprint::Fingerprint;
use crate::identity::Identity;
use crate::kernels::Level;
use crate::mapped::RowFile;
use crate::rows::{Rows, View};
use crate::settings::Settings;
use crate::slots::{MAX_SLOTS, Slot};
use crate::table::{Table, folded};

/// Unique vectors of one dimension.
#[derive(Debug)]
pub struct Vectors {
    pub slots: Vec<Slot>,
    pub capacity: u64,
    rows: Rows,
    fingerprint: Fingerprint,
    table: Table,
    free: BinaryHeap<Reverse<u32>>,
    /// Freed indices that wait for [`Self::reclaim`]; none ever wait where this is `None`.
    held: Option<Vec<u32>>,
    max_slots: u32,
}

impl Vectors {
    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn new(dimension: usize, capacity: u64, settings: Settings) -> Result<Self> {
        let fingerprint = Fingerprint::new(Identity::new(settings.precision), dimension, Level::detect(), settings.seed)?;
        let (rows, table, free) = (Rows::new(dimension), Table::default(), BinaryHeap::new());
        let held = settings.journaled.then(Vec::new);
        Ok(Self { slots: Vec::new(), capacity, rows, fingerprint, table, free, held, max_slots: settings.max_slots.min(MAX_SLOTS) })
    }

    #[must_use]
    pub fn dimension(&self) -> usize {
        self.rows.view().dimension()
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
    pub fn rows(&self) -> &View {
        self.rows.view()
    }

    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn share_rows(&self) -> Result<View> {
        self.rows.share()
    }

    #[must_use]
    pub fn row(&self, index: u32) -> &[f32] {
        self.rows().get(index)
    }

    /// # Errors
    /// [`crate::Error::Damaged`].
    pub fn checked_row(&self, index: u32) -> Result<&[f32]> {
        self.rows().check(index).map(|()| self.row(index))
    }

    /// The active indices, ascending.
    pub fn active_indices(&self) -> impl Iterator<Item = u32> {
        (0u32..).zip(&self.slots).filter(|(_, slot)| slot.active()).map(|(index, _)| index)
    }

    /// The freed indices that are not reusable, in no order.
    #[must_use]
    pub fn held(&self) -> &[u32] {
        self.held.as_deref().unwrap_or_default()
    }

    #[must_use]
    pub fn hash(&self, row: &[f32]) -> u32 {
        folded(self.fingerprint.hash(row))
    }

    #[must_use]
    pub fn identical(&self, a: &[f32], b: &[f32]) -> bool {
        self.fingerprint.identical(a, b)
    }

    /// Has to come before [`Self::find`] with the same hash.
    ///
    /// # Errors
    /// [`crate::Error::Damaged`] for a row that would have to be looked at.
    pub fn check_like(&self, hash: u32) -> Result<()> {
        let mut checked = Ok(());
        if self.rows().may_be_unchecked() {
            let damaged = |index: u32| {
                checked = if self.slots[index as usize].hash == hash { self.rows().check(index) } else { Ok(()) };
                checked.is_err()
            };
            let _ = self.table.find(hash, damaged);
        }
        checked
    }

    #[must_use]
    pub fn find(&self, row: &[f32], hash: u32) -> Option<u32> {
        self.table.find(hash, |index| self.slots[index as usize].hash == hash && self.identical(self.row(index), row))
    }

    /// Stores a vector that is not there at the lowest free index, else the next one, still without a reference. Room was reserved.
    pub fn take(&mut self, row: &[f32], hash: u32) -> u32 {
        let index = self.free.pop().map_or_else(|| self.allocate(), |Reverse(index)| index);
        self.put(index, row, hash);
        index
    }

    /// Copies a vector to where [`Self::take`] would store it next, and nobody reads; room was reserved.
    ///
    /// `row` is read once, so others may be writing to it: what counts is the copy, [`Self::staged`].
    pub fn stage(&mut self, row: &[f32]) -> u32 {
        let index = self.free.peek().map_or(self.slots.len() as u32, |&Reverse(index)| index);
        self.rows.stage(index, row);
        index
    }

    #[must_use]
    pub fn staged(&self, index: u32) -> &[f32] {
        self.rows.staged(index)
    }

    /// Stores the vector that was just staged, as [`Self::take`] does.
    pub fn take_staged(&mut self, hash: u32) -> u32 {
        let index = self.free.pop().map_or_else(|| self.allocate(), |Reverse(index)| index);
        self.rows.keep(index);
        self.enter(index, hash);
        index
    }

    /// Frees a slot that lost its last reference.
    pub fn release(&mut self, index: u32) {
        self.table.remove(self.slots[index as usize].hash, index);
        self.slots[index as usize] = Slot::FREED;
        match &mut self.held {
            Some(held) => held.push(index),
            None => self.free.push(Reverse(index)),
        }
    }

    /// Makes those of some indices (ascending) that are held back reusable; none while somebody may see rows of a file, since what is
    /// stored there next will be written to the file.
    pub fn reclaim(&mut self, indices: &[u32]) {
        if self.rows.is_observed() {
            return;
        }
        let Some(held) = &mut self.held else { return };
        let free = &mut self.free;
        held.retain(|index| {
            let given = indices.binary_search(index).is_ok();
            if given {
                free.push(Reverse(*index));
            }
            !given
        });
        if held.is_empty() && self.active() == 0 {
            self.rows.clear();
        }
    }

    /// Reads rows from a file, all but those that are not there yet, which ascend.
    pub fn settle(&mut self, file: &RowFile<'_>, unwritten: &[u32]) {
        self.rows.settle(file, unwritten);
    }

    /// Gives back what a reservation took in excess.
    pub fn trim(&mut self) {
        self.rows.trim();
    }

    /// Frees every allocated index. Cannot fail: there is room.
    pub fn clear(&mut self) {
        self.table = Table::default();
        if let Some(held) = &mut self.held {
            held.extend((0u32..).zip(&self.slots).filter(|(_, slot)| slot.active()).map(|(index, _)| index));
        } else {
            self.rows.clear();
            let mut free = std::mem::take(&mut self.free).into_vec();
            free.clear();
            free.extend((0..self.slots.len() as u32).map(Reverse));
            self.free = free.into();
        }
        self.slots.fill(Slot::FREED);
    }

    fn put(&mut self, index: u32, row: &[f32], hash: u32) {
        self.rows.set(index, row);
        self.enter(index, hash);
    }

    fn enter(&mut self, index: u32, hash: u32) {
        self.slots[index as usize].enter(hash);
        self.table.insert(hash, index);
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
    pub fn allow_codes(&mut self, most: usize) {
        self.rows.allow_codes(most);
    }

    #[cfg(test)]
    pub fn check_invariants(&self) {
        let reusable = self.free.iter().map(|&Reverse(index)| index);
        let free: std::collections::BTreeSet<u32> = reusable.chain(self.held().iter().copied()).collect();
        assert_eq!(free.len(), self.free.len() + self.held().len());
        assert!(self.free.capacity() >= self.slots.len());
        assert!(self.held.as_ref().is_none_or(|held| held.capacity() >= self.slots.len()));
        assert!(self.held().iter().all(|&index| (index as usize) < self.rows.len()));
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
