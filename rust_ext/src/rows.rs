//! The vectors themselves: segments of about 1 MiB that never move, so that growing copies nothing and never needs twice the memory.

use std::alloc::{Layout, alloc_zeroed};
use std::ptr;

use crate::error::{Error, Result};

const SEGMENT_BYTES: usize = 1 << 20;
const CACHE_LINE: usize = 64;

/// Rows `0..len` of equal length. A store fills indices from the lowest, so a row is either overwritten or the next one.
#[derive(Debug)]
pub struct Rows {
    dimension: usize,
    /// A segment holds `1 << shift` rows.
    shift: u32,
    segments: Vec<Segment>,
    len: usize,
}

#[derive(Debug)]
struct Segment {
    items: Box<[f32]>,
    /// Where the first row starts: on a cache line, so that loads of dimensions divisible by 16 never cross one.
    start: usize,
}

impl Segment {
    fn new(items: usize) -> Result<Self> {
        let items = zeroed(items + CACHE_LINE / size_of::<f32>())?;
        let start = items.as_ptr().align_offset(CACHE_LINE).min(CACHE_LINE / size_of::<f32>());
        Ok(Self { items, start })
    }
}

/// Zeros that take no memory until they are written to: a saved store may have many freed indices and few rows.
fn zeroed(count: usize) -> Result<Box<[f32]>> {
    let layout = Layout::array::<f32>(count).ok().filter(|layout| layout.size() > 0).ok_or(Error::Memory)?;
    // SAFETY: the layout is not empty.
    let memory = unsafe { alloc_zeroed(layout) };
    if memory.is_null() {
        return Err(Error::Memory);
    }
    // SAFETY: the allocator gave this memory for `count` floats, and zero bytes are 0.0.
    Ok(unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(memory.cast(), count)) })
}

impl Rows {
    #[must_use]
    pub fn new(dimension: usize) -> Self {
        let fitting = (SEGMENT_BYTES / size_of::<f32>() / dimension.max(1)).max(1);
        Self { dimension, shift: fitting.ilog2(), segments: Vec::new(), len: 0 }
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

    #[must_use]
    pub fn get(&self, index: u32) -> &[f32] {
        let (segment, start) = self.place(index as usize);
        let Segment { items, start: first } = &self.segments[segment];
        &items[first + start..][..self.dimension]
    }

    /// Room for `more` rows after the last one, so that as many `set` cannot fail.
    ///
    /// # Errors
    /// [`crate::Error::Memory`]; segments that were added stay for later rows until [`Self::trim`].
    pub fn reserve(&mut self, more: usize) -> Result<()> {
        let wanted = (self.len + more).div_ceil(1 << self.shift);
        self.segments.try_reserve(wanted.saturating_sub(self.segments.len()))?;
        while self.segments.len() < wanted {
            self.segments.push(Segment::new(self.dimension << self.shift)?);
        }
        Ok(())
    }

    /// Overwrites a row, or appends the next; room for it was reserved.
    pub fn set(&mut self, index: u32, row: &[f32]) {
        let index = index as usize;
        let (segment, start) = self.place(index);
        let Segment { items, start: first } = &mut self.segments[segment];
        debug_assert!(index <= self.len);
        items[*first + start..][..self.dimension].copy_from_slice(row);
        self.len = self.len.max(index + 1);
    }

    /// Appends the row of an index that is freed, untouched; room for it was reserved.
    pub fn skip(&mut self) {
        self.len += 1;
    }

    /// Gives back segments that hold no row.
    pub fn trim(&mut self) {
        self.segments.truncate(self.len.div_ceil(1 << self.shift));
    }

    pub fn clear(&mut self) {
        self.segments = Vec::new();
        self.len = 0;
    }

    fn place(&self, index: usize) -> (usize, usize) {
        (index >> self.shift, (index & ((1 << self.shift) - 1)) * self.dimension)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_never_move_and_segments_come_and_go() {
        for dimension in [1, 3, 384, 65_536] {
            let mut rows = Rows::new(dimension);
            let per_segment = 1usize << rows.shift;
            assert!(per_segment * dimension * 4 <= SEGMENT_BYTES || per_segment == 1);
            rows.reserve(1).unwrap();
            rows.set(0, &vec![0.5; dimension]);
            let first = rows.get(0).as_ptr();
            rows.reserve(2 * per_segment).unwrap();
            assert_eq!(rows.segments.len(), (1 + 2 * per_segment).div_ceil(per_segment));
            for index in 1..=u32::try_from(per_segment).unwrap() {
                rows.set(index, &vec![index as f32; dimension]);
            }
            rows.trim();
            assert_eq!(rows.segments.len(), 2);
            assert_eq!(first, rows.get(0).as_ptr());
            assert_eq!(rows.get(0), vec![0.5; dimension]);
            rows.set(0, &vec![7.0; dimension]);
            assert_eq!(rows.get(0), vec![7.0; dimension]);
            rows.clear();
            assert_eq!((rows.len(), rows.segments.len()), (0, 0));
        }
    }
}
