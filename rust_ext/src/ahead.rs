//! Pages for the rows of a large batch, which another thread has the kernel find while this one stores the rows before them: the first
//! touch of new memory takes a third of the time of a batch.
//!
//! Only a little ahead, so that a batch of vectors that are there already takes no memory for them.

use std::ops::Range;

use crate::memory::populate;
use crate::pool::{self, Lease, beside};
use crate::vectors::Vectors;

/// Of batches that are smaller, another thread would be awake when they are over.
const MANY_BYTES: usize = 1 << 22;
const PIECE_BYTES: usize = 1 << 21;

/// Calls `work` with what has pages found for addresses, where another thread is free for it.
pub fn with_pages_ahead<T>(bytes: usize, work: impl FnOnce(&dyn Fn(Range<usize>)) -> T) -> T {
    let lease = (bytes >= MANY_BYTES).then(pool::lease).flatten();
    beside(lease.as_ref().map(Lease::pool), populate, work)
}

/// How far pages were asked for.
pub struct Ahead {
    asked: usize,
    /// Where the rows end, should all be new.
    end: usize,
    /// Rows of a piece.
    piece: usize,
}

impl Ahead {
    pub fn new(vectors: &Vectors, rows: usize) -> Self {
        let (asked, piece) = (vectors.rows().len(), (PIECE_BYTES / size_of::<f32>() / vectors.dimension()).max(1));
        Self { asked, end: asked + rows, piece }
    }

    /// Asks for the next piece when the one before it has been begun.
    #[inline]
    pub fn look(&mut self, vectors: &Vectors, fetch: &dyn Fn(Range<usize>)) {
        if vectors.rows().len() + self.piece > self.asked && self.asked < self.end {
            self.ask(vectors, fetch);
        }
    }

    #[cold]
    fn ask(&mut self, vectors: &Vectors, fetch: &dyn Fn(Range<usize>)) {
        let end = self.end.min(self.asked + self.piece);
        vectors.rows().memory(self.asked..end).for_each(fetch);
        self.asked = end;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::{Precision, Settings};

    const D: usize = 1024;
    const PIECE: usize = PIECE_BYTES / size_of::<f32>() / D;

    fn bytes(ranges: &[Range<usize>]) -> usize {
        ranges.iter().map(ExactSizeIterator::len).sum()
    }

    #[test]
    fn each_row_has_pages_before_it_comes_and_few_have_them_long_before() {
        let mut vectors = Vectors::new(D, 4, Settings::new(Precision::Exact)).unwrap();
        let rows = 5 * PIECE;
        vectors.reserve(rows).unwrap();
        let (mut ahead, asked) = (Ahead::new(&vectors, 5 * PIECE), RefCell::new(Vec::new()));
        for index in 0..rows {
            ahead.look(&vectors, &|addresses| asked.borrow_mut().push(addresses));
            let (asked, row) = (asked.borrow(), vectors.rows().memory(index..index + 1).next().unwrap());
            assert!(asked.iter().any(|piece| piece.start <= row.start && row.end <= piece.end), "row {index} has no pages");
            assert!(bytes(&asked) <= (index + 2 * PIECE) * D * size_of::<f32>(), "too many pages before row {index}");
            drop(asked);
            let row = [index as f32; D];
            let hash = vectors.hash(&row);
            vectors.take(&row, hash);
        }
        assert_eq!(bytes(&asked.into_inner()), rows * D * size_of::<f32>());
    }

    #[test]
    fn rows_that_are_there_already_need_none() {
        let mut vectors = Vectors::new(D, 4, Settings::new(Precision::Exact)).unwrap();
        vectors.reserve_ahead(5 * PIECE).unwrap();
        let (mut ahead, asked) = (Ahead::new(&vectors, 5 * PIECE), RefCell::new(Vec::new()));
        (0..5 * PIECE).for_each(|_| ahead.look(&vectors, &|addresses| asked.borrow_mut().push(addresses)));
        assert_eq!(bytes(&asked.into_inner()), PIECE_BYTES);
    }
}
