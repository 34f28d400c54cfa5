//! What a snapshot and logs say of rows, whoever references them.

use super::Stored;
use super::replay::OUTSIDE;
use crate::error::{Error, Result, filled};
use crate::restore::require;
use crate::table::Table;

/// So many vectors are entered together, so that their memory is fetched at the same time.
const TOGETHER: usize = 32;

/// What is known of the row at each index.
#[derive(Debug)]
pub struct Known {
    pub sums: Vec<u32>,
    pub fingerprints: Vec<u32>,
    /// Whether there has been a row.
    pub any: Vec<bool>,
}

/// Where vectors are found, those included that nobody references any more.
#[derive(Debug)]
pub struct Found {
    pub table: Table,
    /// Indices with one fingerprint and one checksum: their vectors are identical, or very nearly never not.
    pub pairs: Vec<(u32, u32)>,
}

impl Known {
    /// # Errors
    /// [`Error::State`] or [`Error::Memory`].
    pub fn new(stored: &Stored<'_>) -> Result<Self> {
        let allocated = stored.size.allocated;
        let mut known = Self { sums: filled(allocated, 0)?, fingerprints: filled(allocated, 0)?, any: filled(allocated, false)? };
        for index in stored.indices.iter() {
            known.any[inside(index, allocated)?] = true;
        }
        let mut rows = stored.sums.iter().zip(stored.fingerprints);
        for at in (0..allocated).filter(|&at| known.any[at]) {
            let (&sum, &fingerprint) = rows.next().ok_or(Error::State("a row has no checksum"))?;
            (known.sums[at], known.fingerprints[at]) = (sum, fingerprint);
        }
        require(rows.next().is_none(), "there are checksums without a row")?;
        for log in stored.logs {
            for ((index, &sum), &fingerprint) in log.written.iter().zip(log.sums).zip(log.fingerprints) {
                let at = inside(index, allocated)?;
                (known.sums[at], known.fingerprints[at], known.any[at]) = (sum, fingerprint, true);
            }
        }
        Ok(known)
    }

    /// # Errors
    /// [`Error::Memory`].
    pub fn found(&self) -> Result<Found> {
        let mut found = Found { table: Table::default(), pairs: Vec::new() };
        found.table.reserve(self.any.iter().filter(|&&any| any).count(), std::iter::empty)?;
        for (first, any) in (0u32..).step_by(TOGETHER).zip(self.any.chunks(TOGETHER)) {
            let indices = || (first..).zip(any).filter(|&(_, &any)| any).map(|(index, _)| index);
            found.table.fetch(indices().map(|index| self.fingerprints[index as usize]));
            indices().try_for_each(|index| self.enter(&mut found, index))?;
        }
        Ok(found)
    }

    fn enter(&self, found: &mut Found, index: u32) -> Result<()> {
        let mark = |index: u32| (self.fingerprints[index as usize], self.sums[index as usize]);
        let mut like = None;
        let same = |other: u32| {
            like = Some(other).filter(|&other| mark(other) == mark(index));
            like.is_some()
        };
        if !found.table.insert_unless(mark(index).0, index, same) {
            found.pairs.try_reserve(1)?;
            found.pairs.extend(like.map(|other| (other, index)));
            found.table.insert(mark(index).0, index);
        }
        Ok(())
    }
}

fn inside(index: i64, allocated: usize) -> Result<usize> {
    usize::try_from(index).ok().filter(|&at| at < allocated).ok_or(Error::State(OUTSIDE))
}
