//! Ids of a saved store, all at once.

use std::ops::Range;

use super::{Entry, References};
use crate::error::{Error, Result, room};
use crate::ids::Key;
use crate::slots::NIL;

/// So many ids are looked up together, so that their memory is fetched at the same time.
const TOGETHER: usize = 32;

/// Some ids, and their hashes.
pub type Hashed<'a> = Vec<(Key<'a>, u32)>;

impl References {
    /// The addresses of what [`Self::reserve`] got for entries, and nobody has written to.
    #[must_use]
    pub fn unwritten(&self) -> Range<usize> {
        let first = self.entries.as_ptr();
        first.wrapping_add(self.entries.len()).addr()..first.wrapping_add(self.entries.capacity()).addr()
    }

    /// Hands on ids, some at a time, and what [`Self::find`] will read for them has been fetched.
    ///
    /// # Errors
    /// That of an id, that of `take`, or [`Error::Memory`].
    pub fn in_turn<'a>(
        &mut self,
        mut keys: impl Iterator<Item = Result<Key<'a>>>,
        mut take: impl FnMut(&mut Self, &Hashed<'a>) -> Result<()>,
    ) -> Result<()> {
        let mut some: Hashed<'a> = room(TOGETHER)?;
        loop {
            some.clear();
            for key in keys.by_ref().take(TOGETHER) {
                let key = key?;
                some.push((key, self.hash(key)));
            }
            if some.is_empty() {
                return Ok(());
            }
            self.table.fetch(some.iter().map(|&(_, hash)| hash));
            take(self, &some)?;
        }
    }

    /// Adds ids to none at all, in order: the first has entry 0, the next 1, of which `then` is told. They have no slots.
    ///
    /// # Errors
    /// [`Error::State`] if an id comes twice, [`Error::Full`] or [`Error::Memory`].
    pub fn restore<'a>(
        &mut self,
        count: usize,
        keys: impl Iterator<Item = Result<Key<'a>>>,
        mut then: impl FnMut(&mut Self, u32) -> Result<()>,
    ) -> Result<()> {
        debug_assert!(self.entries.is_empty());
        self.entries.try_reserve_exact(count)?;
        self.reserve(count)?;
        self.in_turn(keys, |references, some| {
            some.iter().try_for_each(|&(key, hash)| {
                let number = references.restore_one(key, hash)?;
                then(references, number)
            })
        })?;
        if let Some(last) = self.entries.last_mut() {
            last.after = NIL;
            (self.first, self.last) = (0, self.entries.len() as u32 - 1);
        }
        Ok(())
    }

    fn restore_one(&mut self, key: Key<'_>, hash: u32) -> Result<u32> {
        let Self { table, entries, .. } = self;
        let number = entries.len() as u32;
        if !table.insert_unless(hash, number, |other| entries[other as usize].key() == key) {
            return Err(Error::State("an id occurs twice"));
        }
        let (before, after) = (number.wrapping_sub(1), number + 1);
        entries.push(Entry::new(key.to_id()?, before, after));
        Ok(number)
    }
}
