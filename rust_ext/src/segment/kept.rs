//! What a segment keeps of its rows: their reciprocal norms, and with them their codes.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Beside, Segment};
use crate::codes::Codes;
use crate::error::{Error, Result};
use crate::memory::Memory;

impl Segment {
    /// The reciprocal norm of a row, if it was kept since the row was written.
    #[inline]
    #[must_use]
    pub fn inverse(&self, row: usize) -> Option<f64> {
        let kept = self.inverses.slots()[row].load(Ordering::Relaxed);
        (kept != UNKNOWN).then(|| f64::from_bits(!kept))
    }

    /// Those of neighbouring rows, if all were kept. If not, `into` has numbers of no use.
    #[inline]
    #[must_use]
    pub fn inverses(&self, first: usize, into: &mut [f64]) -> bool {
        let mut all = true;
        for (slot, inverse) in self.inverses.slots()[first..first + into.len()].iter().zip(into) {
            let kept = slot.load(Ordering::Relaxed);
            all &= kept != UNKNOWN;
            *inverse = f64::from_bits(!kept);
        }
        all
    }

    /// Keeps the reciprocal norm of a row that is there; whoever else works it out keeps the same bits.
    #[inline]
    pub fn keep_inverse(&self, row: usize, inverse: f64) {
        self.inverses.slots()[row].store(!inverse.to_bits(), Ordering::Relaxed);
    }

    /// The codes of the segment's rows, if there are any; they live as long as the norms, and whoever shares the segment shares them.
    #[inline]
    #[must_use]
    pub fn codes(&self) -> &OnceLock<Codes> {
        &self.inverses.memory.beside().codes
    }

    #[must_use]
    pub fn rows(&self) -> usize {
        self.inverses.rows
    }

    /// A row is overwritten, in a segment that is this store's alone.
    pub fn forget(&mut self, row: usize) {
        self.inverses.slots()[row].store(UNKNOWN, Ordering::Relaxed);
        if let Some(codes) = self.codes().get() {
            codes.forget(row);
        }
        if let Some(checks) = self.checks() {
            checks.forget(row);
        }
        self.changed += usize::from(self.is_mapped());
    }
}

/// The reciprocal norms of a segment's rows as their complemented bits. All that share a segment share them. A row's is kept only once
/// the row can be read, so the rows that a sharer does not see have none, or one that is right for those who see them.
#[derive(Clone)]
pub(super) struct Inverses {
    /// What was made of the rows besides goes along.
    pub(super) memory: Memory<Beside>,
    rows: usize,
}

/// Zero, so that new memory need not be written to. The only number with these complemented bits is a NaN that no norm has.
const UNKNOWN: u64 = 0;

impl Inverses {
    pub(super) fn new(rows: usize) -> Result<Self> {
        let items = rows.checked_mul(size_of::<AtomicU64>() / size_of::<f32>()).ok_or(Error::Memory)?;
        Ok(Self { memory: Memory::zeros(items)?, rows })
    }

    #[inline]
    fn slots(&self) -> &[AtomicU64] {
        // SAFETY: so many zeroed numbers start at a cache line, and nobody reaches them but through these atomics.
        unsafe { std::slice::from_raw_parts(self.memory.items().cast().as_ptr(), self.rows) }
    }
}
