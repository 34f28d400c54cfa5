//! A hash table of numbers whose keys, and the hashes of these, are outside.
//!
//! It holds nothing but the numbers, five bytes for each place. Whoever makes it grow hands over all hashes in the order in which his
//! own memory has them, so that it is read from its beginning to its end, instead of following each number to its key.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::error::Result;

/// Numbers found by a hash, and by a comparison of keys for those whose hash may be the same.
#[derive(Debug, Default)]
pub struct Table {
    numbers: HashTable<u32>,
    /// Where the place of number 0 ends and the first tag begins, to be fetched and never read: `hashbrown` has the places one below the
    /// other, and the tags behind them one above the other.
    middle: usize,
}

/// As many tags are looked at together.
const GROUP: usize = 16;

/// Such a part of its places is still free when a table is made anew early.
const EARLY: usize = 64;

/// So many numbers are entered together in a table that is made anew.
const TOGETHER: usize = 32;

impl Table {
    #[must_use]
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Room for `more` numbers. `all` gives the hashes and numbers that are in the table, if it has to be made anew.
    ///
    /// # Errors
    /// [`crate::Error::Memory`].
    #[inline]
    pub fn reserve<I: Iterator<Item = (u32, u32)>>(&mut self, more: usize, all: impl FnOnce() -> I) -> Result<()> {
        if self.numbers.capacity() - self.numbers.len() >= more { Ok(()) } else { self.grow(more, all()) }
    }

    /// [`Self::reserve`] in a table that is made anew a little earlier than another one as full, so that no step waits for both.
    ///
    /// # Errors
    /// [`crate::Error::Memory`].
    #[inline]
    pub fn reserve_early<I: Iterator<Item = (u32, u32)>>(&mut self, more: usize, all: impl FnOnce() -> I) -> Result<()> {
        self.reserve(more.saturating_add(self.numbers.num_buckets() / EARLY), all)
    }

    #[cold]
    fn grow(&mut self, more: usize, all: impl Iterator<Item = (u32, u32)>) -> Result<()> {
        let needed = self.len().saturating_add(more);
        // Where half of the places hold what was removed, as many places are enough; else there are twice as many, or more.
        let full = self.numbers.num_buckets() / 8 * 7;
        let mut grown = Self::default();
        grown.numbers.try_reserve(if needed <= full / 2 { needed } else { needed.max(full + 1) }, |_| 0)?;
        grown.middle = middle(&mut grown.numbers);
        grown.insert_all(all);
        debug_assert_eq!(grown.len(), self.len());
        *self = grown;
        Ok(())
    }

    /// Some at a time, so that their places are fetched together: they are all over the memory, and writing there would wait for each.
    fn insert_all(&mut self, mut all: impl Iterator<Item = (u32, u32)>) {
        let mut some = [(0, 0); TOGETHER];
        loop {
            let count = some.iter_mut().zip(all.by_ref()).map(|(place, next)| *place = next).count();
            self.fetch(some[..count].iter().map(|&(hash, _)| hash));
            some[..count].iter().for_each(|&(hash, number)| self.insert(hash, number));
            if count < TOGETHER {
                break;
            }
        }
    }

    /// The number with this hash of which `same` holds; `same` is asked about some with another hash, too.
    #[inline]
    #[must_use]
    pub fn find(&self, hash: u32, mut same: impl FnMut(u32) -> bool) -> Option<u32> {
        self.numbers.find(spread(hash), |&number| same(number)).copied()
    }

    /// Has the memory fetched that look-ups of these hashes will read, and entering them will write, of all at the same time.
    pub fn fetch(&self, hashes: impl Iterator<Item = u32>) {
        let last = self.numbers.num_buckets().wrapping_sub(1);
        for hash in hashes {
            let place = spread(hash) as usize & last;
            fetch(self.middle.wrapping_add(place));
            fetch(self.middle.wrapping_add(place + GROUP - 1));
            fetch(self.middle.wrapping_sub((place + 1) * size_of::<u32>()));
            fetch(self.middle.wrapping_sub((place + GROUP / 2) * size_of::<u32>()));
        }
    }

    /// Enters a number that is not there; room for it was reserved.
    #[inline]
    pub fn insert(&mut self, hash: u32, number: u32) {
        self.numbers.insert_unique(spread(hash), number, |_| unreachable!("room was reserved"));
    }

    /// Enters a number, unless one with this hash is there of which `same` holds; room for it was reserved.
    #[inline]
    pub fn insert_unless(&mut self, hash: u32, number: u32, mut same: impl FnMut(u32) -> bool) -> bool {
        match self.numbers.entry(spread(hash), |&other| same(other), |_| unreachable!("room was reserved")) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(number);
                true
            }
        }
    }

    /// Takes a number out; was it there?
    pub fn remove(&mut self, hash: u32, number: u32) -> bool {
        self.numbers.find_entry(spread(hash), |&entry| entry == number).is_ok_and(|found| {
            found.remove();
            true
        })
    }
}

/// The [`Table::middle`] of an empty table.
fn middle(table: &mut HashTable<u32>) -> usize {
    let entry = table.insert_unique(0, 0, |_| unreachable!("room was reserved"));
    let middle = std::ptr::from_ref(entry.get()).addr() + (entry.bucket_index() + 1) * size_of::<u32>();
    entry.remove();
    middle
}

/// Asks for what is at an address, if anything is there.
#[cfg(target_arch = "x86_64")]
#[inline]
fn fetch(address: usize) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: nothing is read, whatever the address.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::without_provenance(address)) };
}

/// Elsewhere, Rust has no way to ask.
#[cfg(not(target_arch = "x86_64"))]
fn fetch(_: usize) {}

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

    /// After how many numbers, added one by one, a table is made anew.
    fn moments(count: u32, reserve: impl Fn(&mut Table, &mut dyn FnMut(), u32)) -> Vec<u32> {
        let (mut table, mut moments) = (Table::default(), Vec::new());
        for number in 0..count {
            reserve(&mut table, &mut || moments.push(number), number);
            table.insert(number, number);
        }
        moments
    }

    #[test]
    fn a_table_that_grows_early_grows_as_rarely_and_at_other_moments() {
        let all = |count: u32| (0..count).map(|number| (number, number));
        let usual = moments(60_000, |table, grows, len| table.reserve(1, || (grows(), all(len)).1).unwrap());
        let early = moments(60_000, |table, grows, len| table.reserve_early(1, || (grows(), all(len)).1).unwrap());
        assert_eq!(usual.len(), early.len());
        let large = |moments: Vec<u32>| moments.into_iter().filter(|&len| len >= EARLY as u32);
        assert!(large(usual).zip(large(early)).all(|(usual, early)| early < usual && early > usual / 8 * 7));
    }

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
