//! The vectors themselves: segments of about 1 MiB that never move, so that growing copies nothing and never needs twice the memory.
//!
//! Segments may be shared with snapshots ([`Rows::share`]) and may be foreign ([`Rows::map`]). Two rules keep both sound:
//! a row below `len` is overwritten only in an exclusive segment, so one that may be shared is replaced by a copy first; and a row at
//! `len` is written in place, since every sharer has an own `len` that was not greater, and reads below that only.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result, room};
use crate::segment::{Mapped, Segment};

const SEGMENT_BYTES: usize = 1 << 20;

/// Rows `0..len` of equal length, to be read: a store's own, or as they were when they were shared.
#[derive(Debug)]
pub struct View {
    dimension: usize,
    /// A segment holds `1 << shift` rows; a foreign one that is the last may hold fewer.
    shift: u32,
    segments: Vec<Segment>,
    len: usize,
}

impl View {
    #[must_use]
    pub fn new(dimension: usize) -> Self {
        let fitting = (SEGMENT_BYTES / size_of::<f32>() / dimension.max(1)).max(1);
        Self { dimension, shift: fitting.ilog2(), segments: Vec::new(), len: 0 }
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
    fn number(&self, index: usize) -> (usize, usize) {
        (index >> self.shift, index & ((1 << self.shift) - 1))
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
        let wanted = self.view.len.saturating_add(more).div_ceil(1 << self.view.shift);
        if *self.shared.get_mut() && more > 0 {
            self.own_tail()?;
        }
        if wanted > self.view.segments.len() { self.grow(wanted) } else { Ok(()) }
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
        // SAFETY: an own segment holds `1 << shift` rows; nobody else reads this one, by the rules at the top.
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
        let mut segments = room((rows.len() / self.view.dimension).div_ceil(1 << self.view.shift))?;
        for start in (0..rows.len()).step_by(self.view.dimension << self.view.shift) {
            segments.push(rows.segment(start, 1 << self.view.shift)?);
        }
        (self.view.segments, self.view.len) = (segments, rows.len() / self.view.dimension);
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

    /// Gives back segments that hold no row.
    pub fn trim(&mut self) {
        self.view.segments.truncate(self.view.len.div_ceil(1 << self.view.shift));
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
        let tail = self.view.len >> self.view.shift;
        if self.view.segments.get(tail).is_some_and(Segment::is_foreign) { self.copy_segment(tail) } else { Ok(()) }
    }

    #[cold]
    fn grow(&mut self, wanted: usize) -> Result<()> {
        self.view.segments.try_reserve(wanted - self.view.segments.len())?;
        while self.view.segments.len() < wanted {
            self.view.segments.push(Segment::new(1 << self.view.shift, self.view.dimension)?);
        }
        Ok(())
    }

    fn copy_segment(&mut self, segment: usize) -> Result<()> {
        let filled = (self.view.len - (segment << self.view.shift)).min(1 << self.view.shift) * self.view.dimension;
        // SAFETY: every row below `len` is inside its segment, and no segment holds more than `1 << shift`.
        self.view.segments[segment] = unsafe { self.view.segments[segment].copy(filled, 1 << self.view.shift, self.view.dimension)? };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const DIMENSIONS: [usize; 4] = [1, 3, 384, 65_536];

    fn filled(dimension: usize, count: usize) -> Rows {
        let mut rows = Rows::new(dimension);
        rows.reserve(count).unwrap();
        (0..count as u32).for_each(|index| rows.set(index, &vec![index as f32; dimension]));
        rows
    }

    #[test]
    fn rows_never_move_and_segments_come_and_go() {
        for dimension in DIMENSIONS {
            let mut rows = filled(dimension, 1);
            let per_segment = 1usize << rows.view.shift;
            assert!(per_segment * dimension * 4 <= SEGMENT_BYTES || per_segment == 1);
            let first = rows.view.get(0).as_ptr();
            rows.reserve(2 * per_segment).unwrap();
            assert_eq!(rows.view.segments.len(), (1 + 2 * per_segment).div_ceil(per_segment));
            for index in 1..=u32::try_from(per_segment).unwrap() {
                rows.set(index, &vec![index as f32; dimension]);
            }
            rows.trim();
            assert_eq!(rows.view.segments.len(), 2);
            assert_eq!(first, rows.view.get(0).as_ptr());
            assert_eq!(rows.view.get(0), vec![0.0; dimension]);
            rows.set(0, &vec![7.0; dimension]);
            assert_eq!(rows.view.get(0), vec![7.0; dimension]);
            rows.clear();
            assert_eq!((rows.len(), rows.view.segments.len()), (0, 0));
        }
    }

    #[test]
    fn a_sharer_sees_neither_overwritten_nor_appended_rows() {
        for dimension in DIMENSIONS {
            let mut rows = filled(dimension, 2);
            let shared = rows.share().unwrap();
            let given_out = shared.get(1);
            rows.reserve(1).unwrap();
            rows.set(2, &vec![2.0; dimension]);
            assert!(rows.may_be_shared());
            rows.own(1).unwrap();
            rows.set(1, &vec![9.0; dimension]);
            assert_eq!((given_out, shared.len), (&vec![1.0; dimension][..], 2));
            assert_eq!(rows.view.get(1), vec![9.0; dimension]);
            assert_eq!(rows.view.get(2), vec![2.0; dimension]);
            drop(shared);
            assert!(!rows.may_be_shared());
        }
    }

    #[test]
    #[should_panic(expected = "not this store's alone")]
    fn a_shared_row_is_not_overwritten() {
        let mut rows = filled(1, 2);
        let _shared = rows.share().unwrap();
        rows.set(0, &[1.0]);
    }

    #[test]
    fn foreign_rows_are_read_in_place_and_written_in_a_copy() {
        for dimension in DIMENSIONS {
            let count = (1 << View::new(dimension).shift) + 1;
            let floats: Arc<Vec<f32>> = Arc::new((0..count * dimension).map(|at| (at / dimension) as f32).collect());
            // SAFETY: the vector lives as long as the reference and is not changed.
            let mapped = unsafe { Mapped::new(floats.as_slice(), floats.clone()) };
            let mut rows = Rows::new(dimension);
            rows.map(&mapped).unwrap();
            drop(mapped);
            assert_eq!((rows.len(), rows.view.get(0).as_ptr()), (count, floats.as_ptr()));
            rows.reserve(1).unwrap();
            rows.set(count as u32, &vec![5.0; dimension]);
            rows.own(0).unwrap();
            rows.set(0, &vec![7.0; dimension]);
            assert_eq!(floats[0].to_bits(), 0f32.to_bits());
            assert_eq!(rows.view.get(0), vec![7.0; dimension]);
            assert_eq!(rows.view.get(count as u32 - 1), vec![(count - 1) as f32; dimension]);
            assert_eq!(rows.view.get(count as u32), vec![5.0; dimension]);
            drop(rows);
            assert_eq!(Arc::strong_count(&floats), 1);
        }
    }

    #[test]
    fn sharers_on_other_threads_never_see_a_change() {
        let mut rows = filled(2, 300);
        for round in 0..200u32 {
            let shared = rows.share().unwrap();
            let expected: Vec<f32> = (0..shared.len as u32).map(|index| shared.get(index)[0]).collect();
            std::thread::scope(|scope| {
                scope.spawn(move || (0u32..).zip(&expected).for_each(|(index, first)| assert_eq!(shared.get(index), [*first; 2])));
                rows.reserve(1).unwrap();
                rows.set(rows.len() as u32, &[0.5; 2]);
                if rows.may_be_shared() {
                    rows.own(round).unwrap();
                }
                rows.set(round, &[-(round as f32) - 1.0; 2]);
            });
        }
    }
}
