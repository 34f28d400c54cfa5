//! One piece of memory with rows in it, the store's own or of a file, and what was worked out about each row.
//!
//! A segment is shared by cloning it. What keeps that sound is a rule about who touches which row: holders read only rows that were
//! written before they cloned, and [`super::rows::Rows`] writes to a row of a shared segment only if no holder can have seen it.

mod kept;

use std::fmt;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::OnceLock;

use self::kept::Inverses;
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
    /// Whether every item could be read from the start.
    zeros: bool,
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
    /// Rows that are written before they are read.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn unwritten(rows: usize, dimension: usize) -> Result<Self> {
        let memory = Memory::unwritten(rows.checked_mul(dimension).ok_or(Error::Memory)?)?;
        Self::of(memory, rows, false)
    }

    /// Zeros: a saved store may have many freed indices and few rows, and those need not be written to.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn zeros(rows: usize, dimension: usize) -> Result<Self> {
        let memory = Memory::zeros(rows.checked_mul(dimension).ok_or(Error::Memory)?)?;
        Self::of(memory, rows, true)
    }

    fn of(memory: Memory, rows: usize, zeros: bool) -> Result<Self> {
        Ok(Self { first: memory.items(), own: Some(memory), inverses: Inverses::new(rows)?, zeros, changed: 0 })
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
        Ok(Self { first, own: None, inverses, zeros: false, changed: 0 })
    }

    /// Asks for huge pages under some items of new memory, from the page in which they begin to the last one that they fill.
    pub fn advise(&self, items: Range<usize>) {
        if let Some(memory) = &self.own {
            memory.advise(items);
        }
    }

    /// The addresses of some items; none where they are in a file.
    #[must_use]
    pub fn memory(&self, items: Range<usize>) -> Range<usize> {
        let address = |item: usize| self.first.addr().get() + item * size_of::<f32>();
        if self.is_mapped() { 0..0 } else { address(items.start)..address(items.end) }
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
    /// The items must be inside and have been written, unless they were zeros or in a file from the start, and nobody may write to them
    /// while the slice lives.
    #[inline]
    #[must_use]
    pub unsafe fn slice(&self, start: usize, len: usize) -> &[f32] {
        // SAFETY: promised by the caller.
        unsafe { std::slice::from_raw_parts(self.first.add(start).as_ptr(), len) }
    }

    /// # Safety
    /// The items must be inside, and no other holder may read them.
    pub unsafe fn write(&mut self, start: usize, items: &[f32]) {
        // SAFETY: promised by the caller; no slice of these items can exist, so a caller's `items` is other memory.
        unsafe { self.first.add(start).copy_from_nonoverlapping(NonNull::from_ref(items).cast(), items.len()) };
    }

    /// Makes items readable that nobody has written, in memory of its own.
    ///
    /// # Safety
    /// As for [`Self::write`].
    pub unsafe fn skip(&mut self, start: usize, items: usize) {
        if !self.zeros {
            // SAFETY: promised by the caller; zero bytes are 0.0.
            unsafe { self.first.add(start).write_bytes(0, items) };
        }
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segment").field("mapped", &self.is_mapped()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::CACHE_LINE;

    #[test]
    fn the_last_holder_is_alone_again() {
        let mut segment = Segment::zeros(5, 1).unwrap();
        assert_eq!(segment.first.as_ptr().align_offset(CACHE_LINE), 0);
        // SAFETY: inside, and nobody else reads.
        unsafe { segment.write(3, &[1.0, 2.0]) };
        let shared = segment.clone();
        assert!(!segment.is_exclusive());
        // SAFETY: five items were zeroed or written.
        let mut copy = unsafe { Segment::unwritten(9, 1).unwrap().take(&shared, 5, None) }.unwrap();
        // SAFETY: inside, and nobody else reads.
        unsafe { copy.skip(5, 4) };
        assert!(copy.is_exclusive());
        drop(shared);
        assert!(segment.is_exclusive());
        // SAFETY: inside, and zeroed, copied or skipped.
        assert_eq!(
            unsafe { (segment.slice(2, 3), copy.slice(0, 9)) },
            (&[0.0, 1.0, 2.0][..], &[0.0, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 0.0][..])
        );
    }

    #[test]
    fn a_size_beyond_the_address_space_is_refused() {
        for items in [usize::MAX, usize::MAX / 4, isize::MAX.cast_unsigned() / 4] {
            assert!(matches!(Segment::zeros(1, items), Err(Error::Memory)));
            assert!(matches!(Segment::unwritten(1, items), Err(Error::Memory)));
        }
    }
}
