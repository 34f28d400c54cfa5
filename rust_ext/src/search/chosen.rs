//! Who competes in a search.

use super::Query;
use crate::contents::Contents;
use crate::error::{Result, room};
use crate::ids::Key;

/// So many ids are looked up together, so that their memory is fetched at the same time.
const TOGETHER: usize = 16;

#[derive(Debug, Default)]
pub struct Chosen {
    /// The slot and the entry of each id of `within` that is present, in its order, repeats included.
    pub references: Option<Vec<(u32, u32)>>,
    /// The indices of vectors, ascending and distinct.
    pub candidates: Vec<u32>,
}

impl Contents {
    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn choose(&self, query: &Query<'_>) -> Result<Chosen> {
        self.vectors.rows().look_whether_all_are_checked();
        let Some(keys) = query.within else {
            let (active, slots) = (self.vectors.active(), self.vectors.slots.len());
            let mut candidates = room(active)?;
            // Where no index is freed, no slot has to be read.
            if active == slots {
                candidates.extend(0..slots as u32);
            } else {
                candidates.extend(self.vectors.active_indices());
            }
            return Ok(Chosen { references: None, candidates });
        };
        let references = self.present(keys)?;
        let mut slots = room(references.len())?;
        slots.extend(references.iter().map(|&(slot, _)| slot));
        Ok(Chosen { references: Some(references), candidates: ascending(slots, self.vectors.slots.len())? })
    }

    /// The slots and entries of those ids that are present.
    fn present(&self, keys: &[Key<'_>]) -> Result<Vec<(u32, u32)>> {
        let mut found = room(keys.len())?;
        let mut hashes = [Default::default(); TOGETHER];
        for keys in keys.chunks(TOGETHER) {
            for (hash, &key) in hashes.iter_mut().zip(keys) {
                *hash = self.references.hash(key);
            }
            self.references.fetch(&hashes[..keys.len()]);
            let entries = keys.iter().zip(&hashes).filter_map(|(&key, &hash)| self.references.find(key, hash));
            found.extend(entries.map(|entry| (self.references.slot(entry), entry)));
        }
        Ok(found)
    }
}

/// Numbers below `end`, distinct and sorted.
///
/// # Errors
/// [`crate::Error::Memory`].
pub fn ascending(mut numbers: Vec<u32>, end: usize) -> Result<Vec<u32>> {
    // A bitmap is read as a whole, however few of its bits are set.
    if numbers.len() < end / 64 {
        numbers.sort_unstable();
        numbers.dedup();
        return Ok(numbers);
    }
    let mut bitmap: Vec<u64> = room(end.div_ceil(64))?;
    bitmap.resize(end.div_ceil(64), 0);
    for &number in &numbers {
        bitmap[number as usize / 64] |= 1 << (number % 64);
    }
    numbers.clear();
    for (first, &word) in (0u32..).step_by(64).zip(&bitmap) {
        let mut rest = word;
        while rest != 0 {
            numbers.push(first + rest.trailing_zeros());
            rest &= rest - 1;
        }
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_are_sorted_and_distinct(numbers in prop::collection::vec(0u32..300, 0..200), more in 0usize..20_000) {
            let mut expected = numbers.clone();
            expected.sort_unstable();
            expected.dedup();
            prop_assert_eq!(ascending(numbers, 300 + more).unwrap(), expected);
        }
    }
}
