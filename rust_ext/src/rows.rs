//! The vectors themselves: segments that never move, so that growing copies nothing and never needs twice the memory.
//!
//! The first segments are small and double, so that a small store has little memory; from about 8 MiB on all are of one size, so that
//! copying one that is shared never takes long. The kernel is asked for huge pages only where they will be filled, or waste little.
//!
//! Segments may be shared with snapshots ([`Rows::share`]) and may be pieces of a file ([`Rows::map`]). Two rules keep both sound:
//! a row below `len` is overwritten only in an exclusive segment, so one that may be shared is replaced by a copy first; and a row at
//! `len` is written in place, since every sharer has an own `len` that was not greater, and reads below that only.
//!
//! New memory holds anything. That no row is read before it was written is a third rule: all below `readable` were, or are zeros or of a
//! file, and `len` never exceeds it.

mod checked;
mod mapping;
mod neighbours;
mod view;

use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(test)]
pub use self::view::TINY;
pub use self::view::View;
use crate::error::{Result, room};
use crate::segment::Segment;

const FIRST_BYTES: usize = 1 << 16;
const SEGMENT_BYTES: usize = 1 << 23;
/// A store of this size may have one huge page that is mostly unused.
const LARGE_BYTES: usize = 1 << 25;

/// Makes a segment of so many rows of a dimension.
type NewSegment = fn(usize, usize) -> Result<Segment>;

/// The rows of a store. It fills indices from the lowest, so a row is either overwritten or the next one.
#[derive(Debug)]
pub struct Rows {
    view: View,
    /// How many rows were written, the one that [`Self::stage`] wrote beyond `len` included.
    readable: usize,
    /// Whether a segment may be shared or of a file; if not, no segment has to be looked at.
    shared: AtomicBool,
}

impl Rows {
    #[must_use]
    pub fn new(dimension: usize) -> Self {
        Self { view: View::new(dimension), readable: 0, shared: AtomicBool::new(false) }
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
        self.reserve_in(more, Segment::unwritten)
    }

    /// [`Self::reserve`] for rows of which many may be skipped: those take no memory that is new to the process.
    ///
    /// # Errors
    /// [`Error::Memory`], as there.
    pub fn reserve_sparse(&mut self, more: usize) -> Result<()> {
        self.reserve_in(more, Segment::zeros)
    }

    fn reserve_in(&mut self, more: usize, new: NewSegment) -> Result<()> {
        let wanted = self.view.len.saturating_add(more);
        if self.view.observed.is_some() && more > 0 {
            self.own_tail()?;
        }
        if wanted > self.view.start(self.view.segments.len()) { self.grow(wanted, new) } else { Ok(()) }
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
        if self.view.segments[segment].is_exclusive() { Ok(()) } else { self.copy_segment(segment, false) }
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
        self.readable = self.readable.max(index + 1);
    }

    /// The second half: from here on the row counts.
    pub fn keep(&mut self, index: u32) {
        let index = index as usize;
        assert!(index < self.readable, "no row was staged at {index}");
        self.view.len = self.view.len.max(index + 1);
    }

    /// What was written to an index by [`Self::stage`].
    #[must_use]
    pub fn staged(&self, index: u32) -> &[f32] {
        let index = index as usize;
        assert!(index < self.readable, "no row was staged at {index}");
        let (segment, start) = self.view.place(index);
        // SAFETY: a readable row is inside its segment and was written, and writing another takes `&mut self`.
        unsafe { self.view.segments[segment].slice(start, self.view.dimension) }
    }

    /// Appends the row of an index that is freed; room for it was reserved.
    pub fn skip(&mut self) {
        let (number, start) = self.view.place(self.view.len);
        assert!(self.is_writable(self.view.len), "the next row is in a file");
        // SAFETY: an own segment holds all of its rows, and no sharer reads the one at `len`.
        unsafe { self.view.segments[number].skip(start, self.view.dimension) };
        self.view.len += 1;
        self.readable = self.readable.max(self.view.len);
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
        let unchecked = AtomicBool::new(self.view.may_be_unchecked());
        Ok(View { segments, unchecked, observed: self.view.observed.clone(), ..self.view })
    }

    /// Forgets the rows from `len` on, which nobody else has seen.
    pub fn truncate(&mut self, len: usize) {
        self.view.len = self.view.len.min(len);
    }

    /// Gives back segments that hold no row.
    pub fn trim(&mut self) {
        self.readable = self.view.len;
        self.view.segments.truncate(self.view.segments_for(self.view.len));
    }

    pub fn clear(&mut self) {
        self.view.segments = Vec::new();
        (self.view.len, self.readable) = (0, 0);
    }

    fn is_writable(&mut self, index: usize) -> bool {
        let (segment, _) = self.view.place(index);
        let segment = &mut self.view.segments[segment];
        if index < self.view.len { segment.is_exclusive() } else { !segment.is_mapped() }
    }

    /// The next row may lie in a segment that is shared, but not in one of a file, which ends with its last row.
    fn own_tail(&mut self) -> Result<()> {
        let (tail, _) = self.view.number(self.view.len);
        if self.view.segments.get(tail).is_some_and(Segment::is_mapped) { self.copy_segment(tail, true) } else { Ok(()) }
    }

    #[cold]
    fn grow(&mut self, wanted: usize, new: NewSegment) -> Result<()> {
        let count = self.view.segments_for(wanted);
        self.view.segments.try_reserve(count - self.view.segments.len())?;
        for number in self.view.segments.len()..count {
            let (start, rows) = (self.view.start(number), self.view.rows_in(number));
            let segment = new(rows, self.view.dimension)?;
            let filled = if self.is_large(start) { rows } else { rows.min(wanted - start) };
            segment.advise(0..filled * self.view.dimension);
            self.view.segments.push(segment);
        }
        Ok(())
    }

    /// Whether a store with so many rows may have a huge page that is mostly unused.
    fn is_large(&self, rows: usize) -> bool {
        rows * self.view.dimension * size_of::<f32>() >= LARGE_BYTES
    }

    /// Makes a segment this store's alone; one that `grows` has memory for its next rows as any that they are appended to.
    fn copy_segment(&mut self, number: usize, grows: bool) -> Result<()> {
        let (start, rows, dimension) = (self.view.start(number), self.view.rows_in(number), self.view.dimension);
        let filled = (self.view.len - start).min(rows) * dimension;
        let copy = Segment::unwritten(rows, dimension)?;
        if grows && self.is_large(start) {
            copy.advise(filled..rows * dimension);
        }
        self.readable = self.view.len;
        // SAFETY: every row below `len` is inside its segment, and was written.
        self.view.segments[number] = unsafe { copy.take(&self.view.segments[number], filled, None)? };
        Ok(())
    }
}

#[cfg(test)]
mod tests;
