//! Rows to be read, and where each of them is.

use std::ops::Range;
use std::sync::atomic::AtomicBool;

use super::{FIRST_BYTES, SEGMENT_BYTES};
use crate::memory::Memory;
use crate::segment::Segment;

#[cfg(test)]
thread_local! {
    /// Whether segments hold two or four rows.
    pub static TINY: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Rows `0..len` of equal length, to be read: a store's own, or as they were when they were shared.
#[derive(Debug)]
pub struct View {
    pub(super) dimension: usize,
    /// The first segment holds `1 << first` rows, and each later one as many as all before it, up to `1 << shift`. One of a file that
    /// is the last may hold fewer.
    pub(super) first: u32,
    pub(super) shift: u32,
    pub(super) segments: Vec<Segment>,
    pub(super) len: usize,
    /// Whether rows may have still to be compared with their checksums.
    pub(super) unchecked: AtomicBool,
    /// Whether rows may have codes, those in a file included.
    pub(super) coded: bool,
    /// Of how many rows in a file there may be codes, a byte for each component.
    pub(super) most_coded: usize,
    /// Held by all views that may show rows of a file.
    pub(super) observed: Option<Memory>,
}

impl View {
    #[must_use]
    pub fn new(dimension: usize) -> Self {
        let fitting = |bytes: usize| (bytes / size_of::<f32>() / dimension.max(1)).max(1).ilog2();
        let (first, shift) = (fitting(FIRST_BYTES), fitting(SEGMENT_BYTES));
        #[cfg(test)]
        let (first, shift) = if TINY.get() { (1, 2) } else { (first, shift) };
        Self {
            dimension,
            first,
            shift,
            segments: Vec::new(),
            len: 0,
            unchecked: AtomicBool::new(false),
            coded: true,
            most_coded: 0,
            observed: None,
        }
    }

    #[must_use]
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// How many rows there are, those of freed indices included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether its rows may have codes.
    #[must_use]
    pub fn coded(&self) -> bool {
        self.coded
    }

    #[inline]
    #[must_use]
    pub fn get(&self, index: u32) -> &[f32] {
        let index = index as usize;
        assert!(index < self.len, "no row at {index}");
        let (segment, start) = self.place(index);
        // SAFETY: a row below `len` is inside its segment and was written, and by the rules of the store's rows nobody writes to it while
        // it is borrowed.
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

    /// Where the memory of some rows is, which need not have been written, as far as there is some of the store's own.
    pub fn memory(&self, rows: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let mut next = rows.start;
        std::iter::from_fn(move || {
            let (number, row) = self.number(next);
            let segment = self.segments.get(number).filter(|_| next < rows.end)?;
            let count = (rows.end - next).min(self.rows_in(number) - row);
            next += count;
            Some(segment.memory(row * self.dimension..(row + count) * self.dimension))
        })
    }

    /// The segment of a row, and its number there.
    #[inline]
    pub(super) fn number(&self, index: usize) -> (usize, usize) {
        let full = index >> self.shift;
        if full > 0 {
            return (full + self.doubling(), index & ((1 << self.shift) - 1));
        }
        let segment = (usize::BITS - (index >> self.first).leading_zeros()) as usize;
        (segment, index - ((1 << segment >> 1) << self.first))
    }

    /// How many segments are as large as all before them.
    pub(super) fn doubling(&self) -> usize {
        (self.shift - self.first) as usize
    }

    /// The first row of a segment; the next segment's first row is where it ends.
    pub(super) fn start(&self, segment: usize) -> usize {
        match segment.checked_sub(self.doubling()) {
            Some(full @ 1..) => full << self.shift,
            _ => (1 << segment >> 1) << self.first,
        }
    }

    pub(super) fn rows_in(&self, segment: usize) -> usize {
        self.start(segment + 1) - self.start(segment)
    }

    /// How many segments so many rows take.
    pub(super) fn segments_for(&self, rows: usize) -> usize {
        rows.checked_sub(1).map_or(0, |last| self.number(last).0 + 1)
    }

    pub(super) fn place(&self, index: usize) -> (usize, usize) {
        let (segment, row) = self.number(index);
        (segment, row * self.dimension)
    }
}
