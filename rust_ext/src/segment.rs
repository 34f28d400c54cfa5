//! One piece of memory with rows in it, the store's own or of a file, and what was worked out about each row.
//!
//! A segment is shared by cloning it. What keeps that sound is a rule about who touches which row: holders read only rows that were
//! written before they cloned, and [`super::rows::Rows`] writes to a row of a shared segment only if no holder can have seen it.

use std::fmt;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::checks::Checks;
use crate::codes::Codes;
use crate::error::{Error, Result};
use crate::mapped::{Piece, RowFile, Source};
use crate::memory::Memory;

/// A handle to rows. The pointer stands beside the owner, so that reading follows only one.
#[derive(Clone)]
pub struct Segment {
    first: NonNull<f32>,
    /// `None` where the memory is a piece of a file, which lies beside the norms.
    own: Option<Memory>,
    inverses: Inverses,
    /// How many rows of a file were overwritten in memory.
    changed: usize,
}

/// What goes along with the norms.
#[derive(Default)]
struct Beside {
    codes: OnceLock<Codes>,
    piece: OnceLock<Piece>,
    checks: OnceLock<Checks>,
}

// SAFETY: the memory is read by everybody and written only under the rule at the top of this file, which needs `&mut`.
unsafe impl Send for Segment {}
// SAFETY: as above.
unsafe impl Sync for Segment {}

impl Segment {
    /// Zeros, which take no memory until they are written to: a saved store may have many freed indices and few rows.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn new(rows: usize, dimension: usize) -> Result<Self> {
        let memory = Memory::new(rows.checked_mul(dimension).ok_or(Error::Memory)?)?;
        Ok(Self { first: memory.items(), own: Some(memory), inverses: Inverses::new(rows)?, changed: 0 })
    }

    /// A segment of `rows` rows of which `count`, from `start` on, are in a file.
    ///
    /// # Errors
    /// [`Error::Memory`] or [`Error::System`].
    pub fn map(file: &RowFile<'_>, (start, count): (usize, usize), rows: usize, dimension: usize) -> Result<Self> {
        let piece = file.map(start, count, dimension)?;
        let inverses = Inverses::new(rows)?;
        let first = NonNull::new(piece.items()).ok_or(Error::Memory)?;
        let _ = inverses.memory.beside().piece.set(piece);
        Ok(Self { first, own: None, inverses, changed: 0 })
    }

    /// Asks for huge pages under some items of new memory, from the page in which they begin to the last one that they fill.
    pub fn advise(&self, items: Range<usize>) {
        if let Some(memory) = &self.own {
            memory.advise(items);
        }
    }

    #[must_use]
    pub fn is_mapped(&self) -> bool {
        self.own.is_none()
    }

    /// Whether it is a piece of this file.
    #[must_use]
    pub fn is_of(&self, file: &RowFile<'_>) -> bool {
        self.inverses.memory.beside().piece.get().is_some_and(|piece| piece.is_of(file))
    }

    #[must_use]
    pub fn changed(&self) -> usize {
        self.changed
    }

    /// Whether nobody else can read or keep this memory. With `&mut` it stays so: only a holder can make another.
    #[must_use]
    pub fn is_exclusive(&mut self) -> bool {
        // Held together with the rows, always.
        self.inverses.memory.is_unique()
    }

    /// The rows that have still to be compared with their checksums.
    #[inline]
    #[must_use]
    pub fn checks(&self) -> Option<&Checks> {
        self.inverses.memory.beside().checks.get()
    }

    /// Has rows compared with their checksums before they are read; once, before anybody reads them.
    pub fn expect(&mut self, checks: Checks) {
        let _ = self.inverses.memory.beside().checks.set(checks);
    }

    /// Has the same rows compared as another segment, of which this one is a copy; an error names the file of `source`, or the same.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn expect_as(&mut self, other: &Self, source: Option<&Source>) -> Result<()> {
        if let Some(checks) = other.checks().filter(|checks| !checks.is_done()) {
            self.expect(checks.copy(source.unwrap_or(checks.source()))?);
        }
        Ok(())
    }

    /// Takes the first `filled` items of another one into new memory; what was kept of them is not copied.
    ///
    /// # Safety
    /// So many items of the other one were written, this one has at least as many, and nobody else has it.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub unsafe fn take(mut self, other: &Self, filled: usize, source: Option<&Source>) -> Result<Self> {
        self.expect_as(other, source)?;
        // SAFETY: promised by the caller.
        unsafe { self.first.copy_from_nonoverlapping(other.first, filled) };
        Ok(self)
    }

    /// # Safety
    /// The items must be inside, and nobody may write to them while the slice lives.
    #[inline]
    #[must_use]
    pub unsafe fn slice(&self, start: usize, len: usize) -> &[f32] {
        // SAFETY: promised by the caller; all items are initialised from the start.
        unsafe { std::slice::from_raw_parts(self.first.add(start).as_ptr(), len) }
    }

    /// # Safety
    /// The items must be inside, and no other holder may read them.
    pub unsafe fn write(&mut self, start: usize, items: &[f32]) {
        // SAFETY: promised by the caller; no slice of these items can exist, so a caller's `items` is other memory.
        unsafe { self.first.add(start).copy_from_nonoverlapping(NonNull::from_ref(items).cast(), items.len()) };
    }
}

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

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segment").field("mapped", &self.is_mapped()).finish_non_exhaustive()
    }
}

/// The reciprocal norms of a segment's rows as their complemented bits. All that share a segment share them. A row's is kept only once
/// the row can be read, so the rows that a sharer does not see have none, or one that is right for those who see them.
#[derive(Clone)]
struct Inverses {
    /// What was made of the rows besides goes along.
    memory: Memory<Beside>,
    rows: usize,
}

/// Zero, so that new memory need not be written to. The only number with these complemented bits is a NaN that no norm has.
const UNKNOWN: u64 = 0;

impl Inverses {
    fn new(rows: usize) -> Result<Self> {
        let items = rows.checked_mul(size_of::<AtomicU64>() / size_of::<f32>()).ok_or(Error::Memory)?;
        Ok(Self { memory: Memory::new(items)?, rows })
    }

    #[inline]
    fn slots(&self) -> &[AtomicU64] {
        // SAFETY: so many zeroed numbers start at a cache line, and nobody reaches them but through these atomics.
        unsafe { std::slice::from_raw_parts(self.memory.items().cast().as_ptr(), self.rows) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::CACHE_LINE;

    #[test]
    fn the_last_holder_is_alone_again() {
        let mut segment = Segment::new(5, 1).unwrap();
        assert_eq!(segment.first.as_ptr().align_offset(CACHE_LINE), 0);
        // SAFETY: inside, and nobody else reads.
        unsafe { segment.write(3, &[1.0, 2.0]) };
        let shared = segment.clone();
        assert!(!segment.is_exclusive());
        // SAFETY: five items were zeroed or written.
        let mut copy = unsafe { Segment::new(9, 1).unwrap().take(&shared, 5, None) }.unwrap();
        assert!(copy.is_exclusive());
        drop(shared);
        assert!(segment.is_exclusive());
        // SAFETY: inside.
        assert_eq!(
            unsafe { (segment.slice(2, 3), copy.slice(0, 9)) },
            (&[0.0, 1.0, 2.0][..], &[0.0, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 0.0][..])
        );
    }

    #[test]
    fn a_size_beyond_the_address_space_is_refused() {
        for items in [usize::MAX, usize::MAX / 4, isize::MAX.cast_unsigned() / 4] {
            assert!(matches!(Segment::new(1, items), Err(Error::Memory)));
        }
    }
}
