//! An id and its places in the lists: 40 bytes, where an [`Id`] beside the links would take 48.

use std::fmt;
use std::mem::{ManuallyDrop, replace};

use crate::ids::{Bits, Id, Key};
use crate::memory::prefetch;
use crate::slots::NIL;

/// What tells a text from a UUID takes the highest bit of the stamp: no slot has so many entries.
const TEXT: u32 = 1 << 31;
/// The largest stamp.
pub const MOST: u32 = TEXT - 1;

union Kept {
    uuid: Bits,
    text: ManuallyDrop<Box<str>>,
}

pub struct Entry {
    id: Kept,
    /// [`NIL`] for an entry that waits for reuse; `after` then leads to the next such entry.
    pub slot: u32,
    pub before: u32,
    pub after: u32,
    pub slot_before: u32,
    pub slot_after: u32,
    marks: u32,
}

impl Entry {
    /// An entry without a slot.
    #[inline]
    pub fn new(id: Id, before: u32, after: u32) -> Self {
        let (id, marks) = match id {
            Id::Uuid(uuid) => (Kept { uuid }, 0),
            Id::Text(text) => (Kept { text: ManuallyDrop::new(text) }, TEXT),
        };
        Self { id, slot: NIL, before, after, slot_before: NIL, slot_after: NIL, marks }
    }

    #[inline]
    pub fn key(&self) -> Key<'_> {
        // SAFETY: the mark says which of both it is, from `new` on.
        unsafe { if self.marks & TEXT == 0 { Key::Uuid(self.id.uuid) } else { Key::Text(&self.id.text) } }
    }

    /// Has the memory of a text fetched, which will be read soon.
    #[inline]
    pub fn fetch(&self) {
        if let Key::Text(text) = self.key() {
            prefetch(text.as_ptr());
        }
    }

    /// Takes the id out; what stays is one that needs no memory.
    pub fn take_id(&mut self) -> Id {
        let kept = replace(&mut self.id, Kept { uuid: Bits([0; 16]) });
        let stamp = self.stamp();
        let marks = replace(&mut self.marks, stamp);
        // SAFETY: as above, and both were replaced.
        unsafe { if marks & TEXT == 0 { Id::Uuid(kept.uuid) } else { Id::Text(ManuallyDrop::into_inner(kept.text)) } }
    }

    /// Grows along the list of a slot, so that some of its entries can be put in order without a walk over all.
    #[inline]
    pub fn stamp(&self) -> u32 {
        self.marks & MOST
    }

    #[inline]
    pub fn set_stamp(&mut self, stamp: u32) {
        debug_assert!(stamp <= MOST);
        self.marks = self.marks & TEXT | stamp;
    }
}

impl Drop for Entry {
    #[inline]
    fn drop(&mut self) {
        if self.marks & TEXT != 0 {
            drop(self.take_id());
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("key", &self.key()).field("slot", &self.slot).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str) -> Entry {
        Entry::new(Key::parse(text).to_id().unwrap(), 1, 2)
    }

    #[test]
    fn ids_of_both_kinds_are_kept_and_taken_out() {
        assert_eq!(size_of::<Entry>(), 40);
        for text in ["", "a", "0123abcd-0123-4567-89ab-0123456789ab"] {
            let mut entry = entry(text);
            assert_eq!(entry.key(), Key::parse(text));
            assert_eq!(entry.take_id().key(), Key::parse(text));
            assert!(matches!(entry.key(), Key::Uuid(_)));
        }
    }

    #[test]
    fn stamps_up_to_the_largest_leave_the_id_alone() {
        for text in ["a text", "0123abcd-0123-4567-89ab-0123456789ab"] {
            let mut entry = entry(text);
            for stamp in [0, 7, MOST, 0] {
                entry.set_stamp(stamp);
                assert_eq!((entry.stamp(), entry.key()), (stamp, Key::parse(text)));
            }
        }
    }
}
