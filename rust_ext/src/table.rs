//! A hash table of numbers whose keys, and the hashes of these, are outside.
//!
//! It holds nothing but the numbers, five bytes for each place. Whoever makes it grow hands over all hashes in the order in which his
//! own memory has them, so that it is read from its beginning to its end, instead of following each number to its key.

use std::hint::black_box;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::error::Result;

/// Numbers found by a hash, and by a comparison of keys for those whose hash may be the same.
#[derive(Debug, Default)]
pub struct Table(HashTable<u32>);

impl Table {
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Room for `more` numbers. `all` gives the hashes and numbers that are in the table, if it has to be made anew.
    ///
    /// # Errors
    /// [`crate::Error::Memory`].
    #[inline]
    pub fn reserve<I: Iterator<Item = (u32, u32)>>(&mut self, more: usize, all: impl FnOnce() -> I) -> Result<()> {
        if self.0.capacity() - self.0.len() >= more { Ok(()) } else { self.grow(more, all()) }
    }

    #[cold]
    fn grow(&mut self, more: usize, all: impl Iterator<Item = (u32, u32)>) -> Result<()> {
        let needed = self.len().saturating_add(more);
        // Where half of the places hold what was removed, as many places are enough; else there are twice as many, or more.
        let full = self.0.num_buckets() / 8 * 7;
        let mut grown = Self::default();
        grown.0.try_reserve(if needed <= full / 2 { needed } else { needed.max(full + 1) }, |_| 0)?;
        all.for_each(|(hash, number)| grown.insert(hash, number));
        debug_assert_eq!(grown.len(), self.len());
        *self = grown;
        Ok(())
    }

    /// The number with this hash of which `same` holds; `same` is asked about some with another hash, too.
    #[inline]
    #[must_use]
    pub fn find(&self, hash: u32, mut same: impl FnMut(u32) -> bool) -> Option<u32> {
        self.0.find(spread(hash), |&number| same(number)).copied()
    }

    /// Has the memory fetched that the next look-ups of these hashes will read, of all at the same time.
    pub fn fetch(&self, hashes: impl Iterator<Item = u32>) {
        for hash in hashes {
            black_box(self.0.find(spread(hash), |_| true));
        }
    }

    /// Enters a number that is not there; room for it was reserved.
    #[inline]
    pub fn insert(&mut self, hash: u32, number: u32) {
        self.0.insert_unique(spread(hash), number, |_| unreachable!("room was reserved"));
    }

    /// Enters a number, unless one with this hash is there of which `same` holds; room for it was reserved.
    #[inline]
    pub fn insert_unless(&mut self, hash: u32, number: u32, mut same: impl FnMut(u32) -> bool) -> bool {
        match self.0.entry(spread(hash), |&other| same(other), |_| unreachable!("room was reserved")) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(number);
                true
            }
        }
    }

    /// Takes a number out; was it there?
    pub fn remove(&mut self, hash: u32, number: u32) -> bool {
        self.0.find_entry(spread(hash), |&entry| entry == number).is_ok_and(|found| {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_are_found_however_often_the_table_is_made_anew(steps in prop::collection::vec((any::<bool>(), 0u32..200), 1..600)) {
            let hash = |number: u32| number % 50 * 0x0101_0101;
            let (mut table, mut expected) = (Table::default(), std::collections::BTreeSet::new());
            for (add, number) in steps {
                if add && expected.insert(number) {
                    let before: Vec<_> = expected.iter().copied().filter(|&other| other != number).map(|number| (hash(number), number)).collect();
                    table.reserve(1, || before.into_iter()).unwrap();
                    table.insert(hash(number), number);
                } else if !add {
                    prop_assert_eq!(table.remove(hash(number), number), expected.remove(&number));
                }
                prop_assert_eq!(table.len(), expected.len());
                for number in 0..200 {
                    prop_assert_eq!(table.find(hash(number), |other| other == number).is_some(), expected.contains(&number));
                }
            }
        }
    }
}
