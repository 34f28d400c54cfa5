//! Rows that follow one another, read together.

use super::View;

impl View {
    /// Neighbouring rows, where they lie in one segment.
    #[inline]
    #[must_use]
    pub fn neighbours(&self, first: u32, count: usize) -> Option<&[f32]> {
        let first = first as usize;
        assert!(first + count <= self.len, "no {count} rows at {first}");
        let (number, row) = self.number(first);
        let segment = &self.segments[number];
        // SAFETY: rows below `len`, so written, that their segment holds; by the rules of the store's rows nobody writes to them while
        // they are borrowed.
        (row + count <= segment.rows()).then(|| unsafe { segment.slice(row * self.dimension, count * self.dimension) })
    }

    /// The reciprocal norms of neighbouring rows, if they lie in one segment and all were kept. If not, `into` has numbers of no use.
    #[inline]
    #[must_use]
    pub fn inverses(&self, first: u32, into: &mut [f64]) -> bool {
        let (number, row) = self.number(first as usize);
        let segment = &self.segments[number];
        row + into.len() <= segment.rows() && segment.inverses(row, into)
    }
}
