//! Every candidate compared with every query, in tiles of rows and queries that fit the registers, over blocks of rows that fit the cache.

use super::Metric;
use crate::error::{Result, room};
use crate::kernels::Level;
use crate::rows::View;
use crate::topk::TopK;

/// About how much of the rows stays in the cache while all queries pass over it.
const BLOCK_BYTES: usize = 512 << 10;

/// One pass over the candidates, or what one thread does of it.
pub struct Scan<'a> {
    rows: &'a View,
    level: Level,
    metric: Metric,
    queries: Vec<&'a [f32]>,
    /// Reciprocal norms of the queries, for the cosine.
    inverses: Vec<f64>,
    best: Vec<TopK>,
    /// How many rows are compared with all queries at a time, a multiple of the tiles' heights, so that no rest is left.
    height: usize,
    /// Rows of a block and their reciprocal norms.
    room: (Vec<&'a [f32]>, Vec<f64>),
}

/// Some candidates with what the kernels need of them.
struct Block<'a> {
    indices: &'a [u32],
    rows: &'a [&'a [f32]],
    inverses: &'a [f64],
}

impl<'a> Scan<'a> {
    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn new(rows: &'a View, level: Level, queries: &'a [f32], metric: Metric, width: usize) -> Result<Self> {
        let split = queries.chunks_exact(rows.dimension());
        let mut queries = room(split.len())?;
        queries.extend(split);
        let mut best = room(queries.len())?;
        for _ in &queries {
            best.push(TopK::new(width)?);
        }
        let mut inverses = Vec::new();
        if metric == Metric::Cosine {
            inverses.try_reserve_exact(queries.len())?;
            extend_inverses(&mut inverses, level, &queries);
        }
        let height = (BLOCK_BYTES / size_of::<f32>() / rows.dimension()).clamp(8, 512) / 8 * 8;
        Ok(Self { rows, level, metric, queries, inverses, best, height, room: (room(height)?, room(height)?) })
    }

    /// One like this for another thread, so far without hits.
    ///
    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn another(&self) -> Result<Self> {
        let mut best = room(self.best.len())?;
        for own in &self.best {
            best.push(TopK::new(own.k())?);
        }
        let (mut queries, mut inverses) = (room(self.queries.len())?, room(self.inverses.len())?);
        queries.extend_from_slice(&self.queries);
        inverses.extend_from_slice(&self.inverses);
        Ok(Self { queries, inverses, best, room: (room(self.height)?, room(self.height)?), ..*self })
    }

    /// Multiplications for one row.
    pub fn row_cost(&self) -> usize {
        self.queries.len() * self.rows.dimension()
    }

    /// How many hits it holds at most.
    pub fn hits(&self) -> usize {
        self.best.iter().map(TopK::k).sum()
    }

    /// The number of rows that a thread should be given at once is a multiple of this.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Compares candidates with all queries.
    pub fn run(&mut self, candidates: &[u32]) {
        let (mut rows, mut inverses) = std::mem::take(&mut self.room);
        for indices in candidates.chunks(self.height) {
            rows.clear();
            rows.extend(indices.iter().map(|&index| self.rows.get(index)));
            inverses.clear();
            if self.metric == Metric::Cosine {
                self.extend_kept(&mut inverses, indices, &rows);
            }
            self.compare(&Block { indices, rows: &rows, inverses: &inverses });
        }
        self.room = (rows, inverses);
    }

    /// Takes over what another has found.
    pub fn merge(&mut self, other: Self) {
        for (best, found) in self.best.iter_mut().zip(other.best) {
            best.merge(found);
        }
    }

    /// The best candidates of every query.
    pub fn into_best(self) -> Vec<TopK> {
        self.best
    }

    /// Appends the reciprocal norms of rows, for which there is room, and works out only those that nobody has kept.
    fn extend_kept(&self, inverses: &mut Vec<f64>, indices: &[u32], rows: &[&[f32]]) {
        inverses.extend(indices.iter().map_while(|&index| self.rows.inverse(index)));
        let known = inverses.len();
        extend_inverses(inverses, self.level, &rows[known..]);
        for (&index, &inverse) in indices[known..].iter().zip(&inverses[known..]) {
            self.rows.keep_inverse(index, inverse);
        }
    }

    fn compare(&mut self, block: &Block<'_>) {
        if self.metric == Metric::Euclidean { self.compare_with::<true>(block) } else { self.compare_with::<false>(block) }
    }

    fn compare_with<const SQUARED: bool>(&mut self, block: &Block<'_>) {
        let queries = std::mem::take(&mut self.queries);
        let (sixes, rest) = queries.as_chunks::<6>();
        for (number, six) in sixes.iter().enumerate() {
            self.column::<4, 6, SQUARED>(6 * number, *six, block);
        }
        let (twos, one) = rest.as_chunks::<2>();
        for (number, two) in twos.iter().enumerate() {
            self.column::<8, 2, SQUARED>(6 * sixes.len() + 2 * number, *two, block);
        }
        for query in one {
            self.column::<8, 1, SQUARED>(queries.len() - 1, [query], block);
        }
        self.queries = queries;
    }

    /// Compares `Q` queries with all rows of a block, `R` rows at a time.
    fn column<const R: usize, const Q: usize, const SQUARED: bool>(&mut self, first: usize, queries: [&[f32]; Q], block: &Block<'_>) {
        let (tiles, rest) = block.rows.as_chunks::<R>();
        for (number, rows) in tiles.iter().enumerate() {
            let sums = self.level.tile::<R, Q, SQUARED>(*rows, queries);
            self.offer(first, R * number, &sums, block);
        }
        for (number, row) in rest.iter().enumerate() {
            let sums = self.level.tile::<1, Q, SQUARED>([row], queries);
            self.offer(first, R * tiles.len() + number, &sums, block);
        }
    }

    fn offer<const Q: usize>(&mut self, first: usize, row: usize, sums: &[[f64; Q]], block: &Block<'_>) {
        let best = &mut self.best[first..first + Q];
        let indices = &block.indices[row..row + sums.len()];
        match self.metric {
            Metric::Dot => offer_all(best, indices, sums, |_, _, sum| sum as f32),
            Metric::Euclidean => offer_all(best, indices, sums, |_, _, sum| -(sum.sqrt() as f32)),
            Metric::Cosine => {
                let (queries, rows) = (&self.inverses[first..first + Q], &block.inverses[row..row + sums.len()]);
                offer_all(best, indices, sums, |row, query, sum| cosine(sum, queries[query], rows[row]));
            }
        }
    }
}

fn offer_all<const Q: usize>(best: &mut [TopK], indices: &[u32], sums: &[[f64; Q]], score: impl Fn(usize, usize, f64) -> f32) {
    for (row, (sums, &index)) in sums.iter().zip(indices).enumerate() {
        for (query, (&sum, best)) in sums.iter().zip(&mut *best).enumerate() {
            best.offer(score(row, query, sum), index);
        }
    }
}

/// From a product and two reciprocal norms. With a zero vector, whose reciprocal norm is infinite, the cosine is 0, whatever the other is.
fn cosine(product: f64, query: f64, row: f64) -> f32 {
    if query == f64::INFINITY || row == f64::INFINITY { 0.0 } else { (product * (query * row)).clamp(-1.0, 1.0) as f32 }
}

/// Appends the reciprocal norms of rows, for which there is room. In f64 the product of a vector with itself and twice
/// its own reciprocal norm is 1 to far below half a step of f32.
fn extend_inverses(inverses: &mut Vec<f64>, level: Level, rows: &[&[f32]]) {
    let (tiles, rest) = rows.as_chunks::<8>();
    for tile in tiles {
        inverses.extend(level.squares(*tile).map(inverse));
    }
    for row in rest {
        inverses.extend(level.squares([row]).map(inverse));
    }
}

fn inverse(square: f64) -> f64 {
    square.sqrt().recip()
}
