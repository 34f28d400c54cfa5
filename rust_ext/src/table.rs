//! A hash table of numbers whose keys are outside.
//!
//! It keeps 32 bits of hash beside each number, so that growing asks nobody for them: a table that doubles is read from its beginning to
//! its end and written in two such runs, instead of following each number to its key.

use hashbrown::HashTable;

use crate::error::Result;

/// Numbers found by a hash, and by a comparison of keys for those whose hash is the same.
#[derive(Debug, Default)]
pub struct Table(HashTable<(u32, u32)>);

impl Table {
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn reserve(&mut self, more: usize) -> Result<()> {
        Ok(self.0.try_reserve(more, |entry| spread(entry.0))?)
    }

    #[inline]
    #[must_use]
    pub fn find(&self, hash: u32, same: impl Fn(u32) -> bool) -> Option<u32> {
        self.0.find(spread(hash), |&(other, number)| other == hash && same(number)).map(|&(_, number)| number)
    }

    /// Enters a number that is not there; room for it was reserved.
    #[inline]
    pub fn insert(&mut self, hash: u32, number: u32) {
        self.0.insert_unique(spread(hash), (hash, number), |entry| spread(entry.0));
    }

    /// Takes a number out; was it there?
    pub fn remove(&mut self, hash: u32, number: u32) -> bool {
        self.0.find_entry(spread(hash), |&entry| entry == (hash, number)).is_ok_and(|found| {
            found.remove();
            true
        })
    }
}

/// The 32 bits of a hash that are kept.
#[inline]
#[must_use]
pub fn folded(hash: u64) -> u32 {
    (hash ^ hash >> 32) as u32
}

/// `hashbrown` takes the place from the lowest bits and a tag from the highest.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}
