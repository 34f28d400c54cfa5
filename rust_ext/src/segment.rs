//! One piece of memory with rows in it, the store's own or somebody else's that never changes, and what was worked out about each row.
//!
//! A segment is shared by cloning it. What keeps that sound is a rule about who touches which row: holders read only rows that were
//! written before they cloned, and [`super::rows::Rows`] writes to a row of a shared segment only if no holder can have seen it.

use std::any::Any;
use std::fmt;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::codes::Codes;
use crate::error::{Error, Result};
use crate::memory::Memory;

/// Floats that somebody else keeps, such as those of a mapped file.
#[derive(Clone)]
pub struct Mapped {
    first: NonNull<f32>,
    len: usize,
    owner: Arc<dyn Any + Send + Sync>,
}

impl Mapped {
    /// # Safety
    /// As long as `owner` or a clone of it lives, `memory` must be readable, aligned for `f32`, and must not change.
    #[must_use]
    pub unsafe fn new(memory: *const [f32], owner: Arc<dyn Any + Send + Sync>) -> Self {
        let first = NonNull::new(memory.cast::<f32>().cast_mut()).unwrap_or(NonNull::dangling());
        Self { first, len: memory.len(), owner }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The segment of at most `rows` rows from `start`, which the caller knows to be inside.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub(crate) fn segment(&self, start: usize, rows: usize) -> Result<Segment> {
        assert!(start <= self.len);
        let inverses = Inverses::new(rows)?;
        // SAFETY: inside the memory, or one past its end.
        Ok(Segment { first: unsafe { self.first.add(start) }, owner: Owner::Foreign(self.owner.clone()), inverses })
    }
}

// SAFETY: the memory does not change while the owner, which is Send and Sync itself, keeps it.
unsafe impl Send for Mapped {}
// SAFETY: as above.
unsafe impl Sync for Mapped {}

impl fmt::Debug for Mapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapped").field("len", &self.len).finish_non_exhaustive()
    }
}

/// A handle to rows. The pointer stands beside the owner, so that reading follows only one.
#[derive(Clone)]
pub struct Segment {
    first: NonNull<f32>,
    owner: Owner,
    inverses: Inverses,
}

#[derive(Clone)]
enum Owner {
    Own(Memory),
    /// Held for its `Drop` alone.
    Foreign(#[expect(dead_code, reason = "keeps the memory")] Arc<dyn Any + Send + Sync>),
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
        Ok(Self { first: memory.items(), owner: Owner::Own(memory), inverses: Inverses::new(rows)? })
    }

    /// Asks for huge pages under the first `items` of new memory, as far as they fill such pages.
    pub fn advise(&self, items: usize) {
        if let Owner::Own(memory) = &self.owner {
            memory.advise(items);
        }
    }

    #[must_use]
    pub fn is_foreign(&self) -> bool {
        matches!(self.owner, Owner::Foreign(_))
    }

    /// Whether nobody else can read or keep this memory. With `&mut` it stays so: only a holder can make another.
    #[must_use]
    pub fn is_exclusive(&mut self) -> bool {
        matches!(&self.owner, Owner::Own(memory) if memory.is_unique())
    }

    /// An own segment of `rows` rows with the first `filled` items of this one; what was kept of them is not copied.
    ///
    /// # Safety
    /// `filled` items of this segment were written, and `filled <= rows * dimension`.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub unsafe fn copy(&self, filled: usize, rows: usize, dimension: usize) -> Result<Self> {
        let copy = Self::new(rows, dimension)?;
        // SAFETY: both have `filled` items, and the new memory is nobody else's.
        unsafe { copy.first.copy_from_nonoverlapping(self.first, filled) };
        Ok(copy)
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
    /// The items must be inside an own segment, and no other holder may read them.
    pub unsafe fn write(&mut self, start: usize, items: &[f32]) {
        debug_assert!(!self.is_foreign());
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
        self.inverses.memory.beside()
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
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segment").field("foreign", &self.is_foreign()).finish_non_exhaustive()
    }
}

/// The reciprocal norms of a segment's rows as their complemented bits. All that share a segment share them. A row's is kept only once
/// the row can be read, so the rows that a sharer does not see have none, or one that is right for those who see them.
#[derive(Clone)]
struct Inverses {
    /// What was made of the rows besides goes along.
    memory: Memory<OnceLock<Codes>>,
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
        let mut copy = unsafe { shared.copy(5, 9, 1) }.unwrap();
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
