//! Taking back vectors that a step stored before it failed.

use std::cmp::Reverse;

use super::Vectors;
use crate::slots::Slot;

/// How far the indices reached before a step.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    slots: usize,
    capacity: u64,
    rows: usize,
}

impl Vectors {
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark { slots: self.slots.len(), capacity: self.capacity, rows: self.rows.len() }
    }

    /// Undoes every [`Self::take_staged`] since a mark, whose indices are among these and have no reference yet. Nothing was freed since.
    pub fn take_back(&mut self, mark: Mark, indices: impl Iterator<Item = u32>) {
        for index in indices {
            let slot = &mut self.slots[index as usize];
            if !slot.active() && slot.is_taken() {
                self.table.remove(slot.hash, index);
                *slot = Slot::FREED;
                if (index as usize) < mark.slots {
                    self.free.push(Reverse(index));
                }
            }
        }
        self.slots.truncate(mark.slots);
        self.capacity = mark.capacity;
        self.rows.truncate(mark.rows);
    }
}
