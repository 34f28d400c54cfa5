//! The vectors themselves: segments that never move, so that growing copies nothing and never needs twice the memory.
//!
//! The first segments are small and double, so that a small store has little memory; from about 8 MiB on all are of one size, so that
//! copying one that is shared never takes long. The kernel is asked for huge pages only where they will be filled, or waste little.
//!
//! Segments may be shared with snapshots ([`Rows::share`]) and may be foreign ([`Rows::map`]). Two rules keep both sound:
//! a row below `len` is overwritten only in an exclusive segment, so one that may be shared is replaced by a copy first; and a row at
//! `len` is written in place, since every sharer has an own `len` that was not greater, and reads below that only.

mod neighbours;

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result, room};
use crate::segment::{Mapped, Segment};

const FIRST_BYTES: usize = 1 << 16;
const SEGMENT_BYTES: usize = 1 << 23;
/// A store of this size may have one huge page that is mostly unused.
const LARGE_BYTES: usize = 1 << 25;

/// Rows `0..len` of equal length, to be read: a store's own, or as they were when they were shared.
#[derive(Debug)]
pub struct View {
    dimension: usize,
    /// The first segment holds `1 << first` rows, and each later one as many as all before it, up to `1 << shift`. A foreign one that is
    /// the last may hold fewer.
    first: u32,
    shift: u32,
    segments: Vec<Segment>,
    len: usize,
}

impl View {
    #[must_use]
    pub fn new(dimension: usize) -> Self {
        let fitting = |bytes: usize| (bytes / size_of::<f32>() / dimension.max(1)).max(1).ilog2();
        Self { dimension, first: fitting(FIRST_BYTES), shift: fitting(SEGMENT_BYTES), segments: Vec::new(), len: 0 }
    }

    #[must_use]
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    #[inline]
    #[must_use]
    pub fn get(&self, index: u32) -> &[f32] {
        let index = index as usize;
        assert!(index < self.len, "no row at {index}");
        let (segment, start) = self.place(index);
        // SAFETY: a row below `len` is inside its segment, and by the rules at the top nobody writes to it while it is borrowed.
        unsafe { self.segments[segment].slice(start, self.dimension) }
    }

    /// The kept reciprocal norm of a row.
    #[inline]
    #[must_use]
    pub fn inverse(&self, index: u32) -> Option<f64> {
        let (segment, row) = self.number(index as usize);
        self.segments[segment].inverse(row)
    }

    /// Keeps the reciprocal norm of a row until it is overwritten.
    #[inline]
    pub fn keep_inverse(&self, index: u32, inverse: f64) {
        let index = index as usize;
        assert!(index < self.len, "no row at {index}");
        let (segment, row) = self.number(index);
        self.segments[segment].keep_inverse(row, inverse);
    }

    /// The segment of a row, the row's number there, and how many rows of it can be read.
    #[must_use]
    pub fn segment(&self, index: u32) -> (&Segment, usize, usize) {
        let (number, row) = self.number(index as usize);
        let segment = &self.segments[number];
        (segment, row, segment.rows().min(self.len - (index as usize - row)))
    }

    /// The segment of a row, and its number there.
    #[inline]
    fn number(&self, index: usize) -> (usize, usize) {
        let full = index >> self.shift;
        if full > 0 {
            return (full + self.doubling(), index & ((1 << self.shift) - 1));
        }
        let segment = (usize::BITS - (index >> self.first).leading_zeros()) as usize;
        (segment, index - ((1 << segment >> 1) << self.first))
    }

    /// How many segments are as large as all before them.
    fn doubling(&self) -> usize {
        (self.shift - self.first) as usize
    }

    /// The first row of a segment; the next segment's first row is where it ends.
    fn start(&self, segment: usize) -> usize {
        match segment.checked_sub(self.doubling()) {
            Some(full @ 1..) => full << self.shift,
            _ => (1 << segment >> 1) << self.first,
        }
    }

    fn rows_in(&self, segment: usize) -> usize {
        self.start(segment + 1) - self.start(segment)
    }

    /// How many segments so many rows take.
    fn segments_for(&self, rows: usize) -> usize {
        rows.checked_sub(1).map_or(0, |last| self.number(last).0 + 1)
    }

    fn place(&self, index: usize) -> (usize, usize) {
        let (segment, row) = self.number(index);
        (segment, row * self.dimension)
    }
}

/// The rows of a store. It fills indices from the lowest, so a row is either overwritten or the next one.
#[derive(Debug)]
pub struct Rows {
    view: View,
    /// Whether a segment may be shared or foreign; if not, no segment has to be looked at.
    shared: AtomicBool,
}

impl Rows {
    #[must_use]
    pub fn new(dimension: usize) -> Self {
        Self { view: View::new(dimension), shared: AtomicBool::new(false) }
    }

    #[must_use]
    pub fn view(&self) -> &View {
        &self.view
    }

    /// How many rows there are, those of freed indices included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.view.len
    }

    /// Room for `more` rows after the last one, so that as many `set` cannot fail.
    ///
    /// # Errors
    /// [`Error::Memory`]; segments that were added stay for later rows until [`Self::trim`].
    pub fn reserve(&mut self, more: usize) -> Result<()> {
        let wanted = self.view.len.saturating_add(more);
        if *self.shared.get_mut() && more > 0 {
            self.own_tail()?;
        }
        if wanted > self.view.start(self.view.segments.len()) { self.grow(wanted) } else { Ok(()) }
    }

    /// Whether [`Self::own`] must be called before a row is overwritten.
    pub fn may_be_shared(&mut self) -> bool {
        let shared = self.shared.get_mut();
        // Looking at all segments is worth its time only until the sharers are gone.
        *shared = *shared && !self.view.segments.iter_mut().all(Segment::is_exclusive);
        *shared
    }

    /// Makes an overwriting `set` possible: from here on the row's segment is this store's alone.
    ///
    /// # Errors
    /// [`Error::Memory`]; nothing has changed.
    pub fn own(&mut self, index: u32) -> Result<()> {
        let (segment, _) = self.view.place(index as usize);
        if self.view.segments[segment].is_exclusive() { Ok(()) } else { self.copy_segment(segment) }
    }

    /// Overwrites a row, whose segment is owned, or appends the next, for which there is room.
    pub fn set(&mut self, index: u32, row: &[f32]) {
        self.stage(index, row);
        self.keep(index);
    }

    /// The first half of [`Self::set`]: writes the row of an index that nobody reads, and leaves the length as it is.
    pub fn stage(&mut self, index: u32, row: &[f32]) {
        let index = index as usize;
        assert!(index <= self.view.len && row.len() == self.view.dimension);
        assert!(!*self.shared.get_mut() || self.is_writable(index), "row {index} is not this store's alone");
        let (number, start) = self.view.place(index);
        let (overwritten, (_, place)) = (index < self.view.len, self.view.number(index));
        let segment = &mut self.view.segments[number];
        if overwritten {
            segment.forget(place);
        }
        // SAFETY: an own segment holds all of its rows; nobody else reads this one, by the rules at the top.
        unsafe { segment.write(start, row) };
    }

    /// The second half: from here on the row counts.
    pub fn keep(&mut self, index: u32) {
        self.view.len = self.view.len.max(index as usize + 1);
    }

    /// What was written to an index by [`Self::stage`].
    #[must_use]
    pub fn staged(&self, index: u32) -> &[f32] {
        let index = index as usize;
        assert!(index <= self.view.len, "no row was staged at {index}");
        let (segment, start) = self.view.place(index);
        // SAFETY: the next row too is inside its segment once it was staged, which takes `&mut self`, as every other write.
        unsafe { self.view.segments[segment].slice(start, self.view.dimension) }
    }

    /// Appends the row of an index that is freed, untouched; room for it was reserved.
    pub fn skip(&mut self) {
        self.view.len += 1;
    }

    /// Takes foreign rows as those from 0, while there are none.
    ///
    /// # Errors
    /// [`Error::Memory`], or [`Error::State`] for an incomplete row.
    pub fn map(&mut self, rows: &Mapped) -> Result<()> {
        debug_assert!(self.view.len == 0);
        if self.view.dimension == 0 || !rows.len().is_multiple_of(self.view.dimension) {
            return Err(Error::State("a row is incomplete"));
        }
        let len = rows.len() / self.view.dimension;
        let count = self.view.segments_for(len);
        let mut segments = room(count)?;
        for number in 0..count {
            segments.push(rows.segment(self.view.start(number) * self.view.dimension, self.view.rows_in(number))?);
        }
        (self.view.segments, self.view.len) = (segments, len);
        *self.shared.get_mut() = true;
        Ok(())
    }

    /// The rows as they are now, in the same memory.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn share(&self) -> Result<View> {
        let mut segments = room(self.view.segments.len())?;
        segments.extend(self.view.segments.iter().cloned());
        // The lock under which rows are read and written orders this before the next write.
        self.shared.store(true, Ordering::Relaxed);
        Ok(View { segments, ..self.view })
    }

    /// Forgets the rows from `len` on, which nobody else has seen.
    pub fn truncate(&mut self, len: usize) {
        self.view.len = self.view.len.min(len);
    }

    /// Gives back segments that hold no row.
    pub fn trim(&mut self) {
        self.view.segments.truncate(self.view.segments_for(self.view.len));
    }

    pub fn clear(&mut self) {
        self.view.segments = Vec::new();
        self.view.len = 0;
    }

    fn is_writable(&mut self, index: usize) -> bool {
        let (segment, _) = self.view.place(index);
        let segment = &mut self.view.segments[segment];
        if index < self.view.len { segment.is_exclusive() } else { !segment.is_foreign() }
    }

    /// The next row may lie in a segment that is shared, but not in a foreign one.
    fn own_tail(&mut self) -> Result<()> {
        let (tail, _) = self.view.number(self.view.len);
        if self.view.segments.get(tail).is_some_and(Segment::is_foreign) { self.copy_segment(tail) } else { Ok(()) }
    }

    #[cold]
    fn grow(&mut self, wanted: usize) -> Result<()> {
        let count = self.view.segments_for(wanted);
        self.view.segments.try_reserve(count - self.view.segments.len())?;
        for number in self.view.segments.len()..count {
            let (start, rows) = (self.view.start(number), self.view.rows_in(number));
            let segment = Segment::new(rows, self.view.dimension)?;
            let is_large = start * self.view.dimension * size_of::<f32>() >= LARGE_BYTES;
            let filled = if is_large { rows } else { rows.min(wanted - start) };
            segment.advise(filled * self.view.dimension);
            self.view.segments.push(segment);
        }
        Ok(())
    }

    fn copy_segment(&mut self, segment: usize) -> Result<()> {
        let rows = self.view.rows_in(segment);
        let filled = (self.view.len - self.view.start(segment)).min(rows) * self.view.dimension;
        // SAFETY: every row below `len` is inside its segment.
        self.view.segments[segment] = unsafe { self.view.segments[segment].copy(filled, rows, self.view.dimension)? };
        Ok(())
    }
}

#[cfg(test)]
mod tests;
