//! Which id references which slot: an arena of entries, found by id through a hash table that holds only entry numbers.
//!
//! Every entry stands in two doubly linked lists: all entries in the order in which their ids were added, and the entries of its slot
//! in the order in which they came to it. Links are `u32`; a dropped entry is reused.

mod entry;
mod restore;

use std::hint::black_box;

use foldhash::fast::RandomState;

use self::entry::{Entry, MOST};
use crate::error::{Error, Result};
use crate::ids::{Id, Key};
use crate::slots::{MAX_IDS, NIL, Slot};
use crate::table::{Table, folded};

/// So many entries before a text is hashed, its memory is fetched.
const AHEAD: usize = 16;

/// The ids and their slots.
#[derive(Debug)]
pub struct References {
    seed: RandomState,
    table: Table,
    entries: Vec<Entry>,
    first: u32,
    last: u32,
    unused: u32,
}

impl Default for References {
    fn default() -> Self {
        Self { seed: RandomState::default(), table: Table::default(), entries: Vec::new(), first: NIL, last: NIL, unused: NIL }
    }
}

impl References {
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Entry numbers are below this.
    #[must_use]
    pub fn arena(&self) -> usize {
        self.entries.len()
    }

    #[must_use]
    pub fn hash(&self, key: Key<'_>) -> u32 {
        folded(key.hash(&self.seed))
    }

    #[must_use]
    pub fn find(&self, key: Key<'_>, hash: u32) -> Option<u32> {
        self.table.find(hash, |entry| self.key(entry) == key)
    }

    /// Has the memory fetched that [`Self::find`] will read for keys with these hashes, of all at the same time.
    pub fn fetch(&self, hashes: &[u32]) {
        let mut likely = [None; 16];
        for (entry, &hash) in likely.iter_mut().zip(hashes) {
            *entry = self.table.find(hash, |_| true);
        }
        for &entry in likely.iter().flatten() {
            if let Key::Text(text) = self.key(entry) {
                black_box(text.as_bytes().first());
            }
        }
    }

    #[must_use]
    pub fn slot_of(&self, key: Key<'_>) -> Option<u32> {
        self.find(key, self.hash(key)).map(|entry| self.slot(entry))
    }

    #[must_use]
    pub fn slot(&self, entry: u32) -> u32 {
        self.entries[entry as usize].slot
    }

    /// Where the entry stands among those of its slot: a later one has a greater stamp.
    #[must_use]
    pub fn stamp(&self, entry: u32) -> u32 {
        self.entries[entry as usize].stamp()
    }

    #[must_use]
    pub fn key(&self, entry: u32) -> Key<'_> {
        self.entries[entry as usize].key()
    }

    /// Room for `more` ids, so that as many `insert` cannot fail.
    ///
    /// # Errors
    /// [`Error::Memory`], or [`Error::Full`] when entries can no longer be numbered.
    pub fn reserve(&mut self, more: usize) -> Result<()> {
        let needed = self.len().saturating_add(more);
        if needed > MAX_IDS as usize {
            return Err(Error::Full { limit: MAX_IDS, needed });
        }
        let Self { seed, table, entries, .. } = self;
        table.reserve(more, || {
            let entries = &*entries;
            let all = (0u32..).zip(entries).inspect(|&(number, _)| entries.get(number as usize + AHEAD).into_iter().for_each(Entry::fetch));
            let present = all.filter(|(_, entry)| entry.slot != NIL);
            present.map(|(number, entry)| (folded(entry.key().hash(seed)), number))
        })?;
        let unused = self.entries.len() - self.table.len();
        self.entries.try_reserve(more.saturating_sub(unused))?;
        Ok(())
    }

    /// Adds an id that is not present, as the last of all; room for it was reserved. The entry must be attached to a slot next.
    pub fn append(&mut self, id: Id, hash: u32) -> u32 {
        let number = self.store(Entry::new(id, self.last, NIL));
        match self.last {
            NIL => self.first = number,
            last => self.entries[last as usize].after = number,
        }
        self.last = number;
        self.table.insert(hash, number);
        number
    }

    /// Takes the entry out of both lists and the table; the caller settles the slot if it was the last reference.
    pub fn remove(&mut self, number: u32, hash: u32, slot: &mut Slot) -> Id {
        self.detach(number, slot);
        self.table.remove(hash, number);
        let id = self.unlink(number);
        self.entries[number as usize].after = self.unused;
        self.unused = number;
        id
    }

    /// Adds ids in order, still without slots, for a step that attaches all of them next: all, or on an error none. What comes back is
    /// for [`Self::added_after`] or [`Self::take_back`].
    ///
    /// # Errors
    /// [`Error::Duplicate`], [`Error::Full`] or [`Error::Memory`].
    pub fn append_all(&mut self, keys: &[Key<'_>]) -> Result<u32> {
        self.reserve(keys.len())?;
        let before = self.last;
        let appended = keys.iter().enumerate().try_for_each(|(position, &key)| self.append_new(key, position));
        appended.map(|()| before).inspect_err(|_| self.take_back(before))
    }

    fn append_new(&mut self, key: Key<'_>, position: usize) -> Result<()> {
        let hash = self.hash(key);
        if let Some(entry) = self.find(key, hash) {
            // Only an entry of this very batch is still without a slot.
            return Err(Error::Duplicate { position, repeated: self.slot(entry) == NIL });
        }
        self.append(key.to_id()?, hash);
        Ok(())
    }

    /// The first entry that was added after another, or after none.
    #[must_use]
    pub fn added_after(&self, before: u32) -> u32 {
        if before == NIL { self.first } else { self.entries[before as usize].after }
    }

    /// Undoes every [`Self::append`] after an entry, or after none, of entries that have no slot.
    pub fn take_back(&mut self, before: u32) {
        while self.last != before {
            let number = self.last;
            self.table.remove(self.hash(self.key(number)), number);
            self.unlink(number);
            // In reverse order, those that made the arena longer come first.
            if number as usize + 1 == self.entries.len() && self.unused == NIL {
                self.entries.pop();
            } else {
                self.entries[number as usize].after = self.unused;
                self.unused = number;
            }
        }
    }

    /// Takes the entry out of the list of all.
    fn unlink(&mut self, number: u32) -> Id {
        let entry = &mut self.entries[number as usize];
        let (before, after) = (entry.before, entry.after);
        let id = entry.take_id();
        entry.slot = NIL;
        match before {
            NIL => self.first = after,
            before => self.entries[before as usize].after = after,
        }
        match after {
            NIL => self.last = before,
            after => self.entries[after as usize].before = before,
        }
        id
    }

    /// Makes the entry the last one of a slot.
    #[inline]
    pub fn attach(&mut self, number: u32, index: u32, slot: &mut Slot) {
        let stamp = match slot.tail {
            NIL => {
                slot.head = number;
                0
            }
            tail => {
                self.entries[tail as usize].slot_after = number;
                self.next_stamp(slot)
            }
        };
        let entry = &mut self.entries[number as usize];
        (entry.slot, entry.slot_before, entry.slot_after) = (index, slot.tail, NIL);
        entry.set_stamp(stamp);
        slot.tail = number;
        slot.refs += 1;
    }

    /// Takes the entry out of its slot's list.
    pub fn detach(&mut self, number: u32, slot: &mut Slot) {
        let entry = &self.entries[number as usize];
        let (before, after) = (entry.slot_before, entry.slot_after);
        match before {
            NIL => slot.head = after,
            before => self.entries[before as usize].slot_after = after,
        }
        match after {
            NIL => slot.tail = before,
            after => self.entries[after as usize].slot_before = before,
        }
        slot.refs -= 1;
    }

    pub fn clear(&mut self) {
        *self = Self { seed: self.seed.clone(), ..Self::default() };
    }

    /// All entries in the order in which their ids were added.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.list(self.first, |entry| entry.after)
    }

    /// The entries of a slot in the order in which they came to it.
    pub fn iter_slot(&self, slot: &Slot) -> impl Iterator<Item = u32> {
        self.list(slot.head, |entry| entry.slot_after)
    }

    fn list(&self, first: u32, next: impl Fn(&Entry) -> u32) -> impl Iterator<Item = u32> {
        let link = |number: u32| (number != NIL).then_some(number);
        std::iter::successors(link(first), move |&number| link(next(&self.entries[number as usize])))
    }

    /// The stamp that follows the last one of a slot with entries; once in 2^31 times the list is numbered anew.
    fn next_stamp(&mut self, slot: &Slot) -> u32 {
        let last = self.entries[slot.tail as usize].stamp();
        if last < MOST { last + 1 } else { self.renumber(slot) }
    }

    #[cold]
    fn renumber(&mut self, slot: &Slot) -> u32 {
        let mut number = slot.head;
        for stamp in 0..slot.refs {
            let entry = &mut self.entries[number as usize];
            entry.set_stamp(stamp);
            number = entry.slot_after;
        }
        slot.refs
    }

    fn store(&mut self, entry: Entry) -> u32 {
        if self.unused == NIL {
            self.entries.push(entry);
            return self.entries.len() as u32 - 1;
        }
        let number = self.unused;
        let place = &mut self.entries[number as usize];
        self.unused = place.after;
        *place = entry;
        number
    }
}
