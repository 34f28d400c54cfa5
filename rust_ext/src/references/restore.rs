//! Ids of a saved store, all at once.

use super::{Entry, References};
use crate::error::{Error, Result};
use crate::ids::Key;
use crate::slots::NIL;
use crate::table::folded;

impl References {
    /// Adds ids to none at all, in order, without slots: the first has entry 0, the next 1.
    ///
    /// # Errors
    /// [`Error::State`] if an id comes twice, [`Error::Full`] or [`Error::Memory`].
    pub fn restore<'a>(&mut self, count: usize, keys: impl Iterator<Item = Result<Key<'a>>>) -> Result<()> {
        debug_assert!(self.entries.is_empty());
        self.entries.try_reserve_exact(count)?;
        self.reserve(count)?;
        for (number, key) in (0u32..).zip(keys) {
            let key = key?;
            let Self { seed, table, entries, .. } = self;
            let hash = folded(key.hash(seed));
            if !table.insert_unless(hash, number, |other| entries[other as usize].id.key() == key) {
                return Err(Error::State("an id occurs twice"));
            }
            let (before, after) = (number.wrapping_sub(1), number + 1);
            entries.push(Entry { id: key.to_id()?, slot: NIL, before, after, slot_before: NIL, slot_after: NIL, stamp: 0 });
        }
        if let Some(last) = self.entries.last_mut() {
            last.after = NIL;
            (self.first, self.last) = (0, self.entries.len() as u32 - 1);
        }
        Ok(())
    }
}
