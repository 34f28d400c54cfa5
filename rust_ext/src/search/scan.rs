//! Every candidate compared with every query, in tiles of rows and queries that fit the registers, over blocks of rows that fit the cache.

use super::Metric;
use super::narrow::Columns;
use super::sieve::Sieve;
use crate::error::{Result, room};
use crate::kernels::{Level, NARROW};
use crate::rows::View;
use crate::topk::TopK;

/// About how much of the rows stays in the cache while all queries pass over it.
const BLOCK_BYTES: usize = 512 << 10;

/// How a scan goes about it, which its scores do not show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// Whether it looks at codes first.
    pub coded: bool,
    /// Whether the rows come from memory and not from a cache. Then a single query reads one after the other: a tile of rows is as many
    /// streams, of which the machine foresees less, and takes up to twice as long.
    pub far: bool,
}

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
    far: bool,
    /// Where there are few components.
    columns: Option<Columns>,
    /// The numbers of all queries.
    all: Vec<u32>,
    /// Where codes are looked at first.
    sieve: Option<Sieve<'a>>,
    /// An error once a candidate differs from its checksum.
    checked: Result<()>,
}

/// Some candidates with what the kernels need of them.
struct Block<'a> {
    indices: &'a [u32],
    rows: &'a [&'a [f32]],
    inverses: &'a [f64],
}

impl<'a> Scan<'a> {
    /// # Errors
    /// [`crate::Error::Memory`]; where there is none for codes, the scan does without.
    pub fn new(rows: &'a View, level: Level, queries: &'a [f32], metric: Metric, width: usize, manner: Manner) -> Result<Self> {
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
        let mut all = room(queries.len())?;
        all.extend(0..queries.len() as u32);
        let sieve = if manner.coded { Sieve::new(&queries, level, height).ok() } else { None };
        let columns = if rows.dimension() < NARROW { Some(Columns::new(height, rows.dimension())?) } else { None };
        let room = (room(height)?, room(height)?);
        Ok(Self { rows, level, metric, queries, inverses, best, height, room, columns, all, sieve, far: manner.far, checked: Ok(()) })
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
        let (mut queries, mut inverses, mut all) = (room(self.queries.len())?, room(self.inverses.len())?, room(self.all.len())?);
        queries.extend_from_slice(&self.queries);
        inverses.extend_from_slice(&self.inverses);
        all.extend_from_slice(&self.all);
        let sieve = self.sieve.as_ref().and_then(|sieve| sieve.another().ok());
        let columns = if self.columns.is_some() { Some(Columns::new(self.height, self.rows.dimension())?) } else { None };
        Ok(Self { queries, inverses, best, room: (room(self.height)?, room(self.height)?), columns, all, sieve, ..*self })
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

    /// Compares candidates with all queries, as long as all agree with their checksums.
    pub fn run(&mut self, candidates: &[u32]) {
        let (all, mut sieve) = (std::mem::take(&mut self.all), self.sieve.take());
        for indices in candidates.chunks(self.height) {
            self.checked = self.checked.and_then(|()| self.rows.check_ascending(indices));
            if self.checked.is_err() {
                break;
            }
            match &mut sieve {
                Some(sieve) => sieve.run(self, indices),
                None => self.compare_some(&all, indices),
            }
        }
        (self.all, self.sieve) = (all, sieve);
    }

    /// Compares a block of candidates with some queries.
    pub fn compare_some(&mut self, queries: &[u32], indices: &[u32]) {
        if queries.is_empty() || indices.is_empty() {
            return;
        }
        if let Some(mut columns) = self.columns.take() {
            columns.compare(self, queries, indices);
            self.columns = Some(columns);
            return;
        }
        let (mut rows, mut inverses) = std::mem::take(&mut self.room);
        rows.clear();
        rows.extend(indices.iter().map(|&index| self.rows.get(index)));
        inverses.clear();
        if self.metric == Metric::Cosine {
            self.extend_kept(&mut inverses, indices, &rows);
        }
        self.compare(queries, &Block { indices, rows: &rows, inverses: &inverses });
        self.room = (rows, inverses);
    }

    pub fn rows(&self) -> &'a View {
        self.rows
    }

    pub fn level(&self) -> Level {
        self.level
    }

    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// The score that a row must reach to be among the best of a query.
    pub fn floor(&self, query: u32) -> f32 {
        self.best[query as usize].floor()
    }

    /// A query, its reciprocal norm for the cosine, and its best candidates.
    pub fn query(&mut self, number: u32) -> (&'a [f32], f64, &mut TopK) {
        let number = number as usize;
        (self.queries[number], self.inverses.get(number).copied().unwrap_or(f64::INFINITY), &mut self.best[number])
    }

    /// # Errors
    /// [`crate::Error::Damaged`] if a candidate is.
    pub fn checked(&self) -> Result<()> {
        self.checked
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

    fn compare(&mut self, queries: &[u32], block: &Block<'_>) {
        match self.metric {
            Metric::Euclidean => self.compare_with::<true>(queries, block),
            Metric::Cosine | Metric::Dot => self.compare_with::<false>(queries, block),
        }
    }

    fn compare_with<const SQUARED: bool>(&mut self, queries: &[u32], block: &Block<'_>) {
        let (sixes, rest) = queries.as_chunks::<6>();
        for &six in sixes {
            self.column::<4, 6, SQUARED>(six, block);
        }
        let (twos, rest) = rest.as_chunks::<2>();
        for &two in twos {
            self.column::<8, 2, SQUARED>(two, block);
        }
        for &one in rest {
            if self.far { self.column::<1, 1, SQUARED>([one], block) } else { self.column::<8, 1, SQUARED>([one], block) }
        }
    }

    /// Compares `Q` queries with all rows of a block, `R` rows at a time.
    fn column<const R: usize, const Q: usize, const SQUARED: bool>(&mut self, numbers: [u32; Q], block: &Block<'_>) {
        let queries = numbers.map(|number| self.queries[number as usize]);
        let (tiles, rest) = block.rows.as_chunks::<R>();
        for (number, rows) in tiles.iter().enumerate() {
            let sums = self.level.tile::<R, Q, SQUARED>(*rows, queries);
            self.offer(numbers, R * number, &sums, block);
        }
        for (number, row) in rest.iter().enumerate() {
            let sums = self.level.tile::<1, Q, SQUARED>([row], queries);
            self.offer(numbers, R * tiles.len() + number, &sums, block);
        }
    }

    fn offer<const Q: usize>(&mut self, numbers: [u32; Q], row: usize, sums: &[[f64; Q]], block: &Block<'_>) {
        let best = &mut self.best;
        let indices = &block.indices[row..row + sums.len()];
        match self.metric {
            Metric::Dot => offer_all(best, numbers, indices, sums, |_, _, sum| sum as f32),
            Metric::Euclidean => offer_all(best, numbers, indices, sums, |_, _, sum| nearness(sum)),
            Metric::Cosine => {
                let queries = numbers.map(|number| self.inverses[number as usize]);
                let rows = &block.inverses[row..row + sums.len()];
                offer_all(best, numbers, indices, sums, |row, query, sum| cosine(sum, queries[query], rows[row]));
            }
        }
    }
}

fn offer_all<const Q: usize>(
    best: &mut [TopK],
    numbers: [u32; Q],
    indices: &[u32],
    sums: &[[f64; Q]],
    score: impl Fn(usize, usize, f64) -> f32,
) {
    for (row, (sums, &index)) in sums.iter().zip(indices).enumerate() {
        for (query, (&sum, number)) in sums.iter().zip(numbers).enumerate() {
            best[number as usize].offer(score(row, query, sum), index);
        }
    }
}

/// From a squared distance.
pub fn nearness(square: f64) -> f32 {
    -(square.sqrt() as f32)
}

/// From a product and two reciprocal norms. With a zero vector, whose reciprocal norm is infinite, the cosine is 0, whatever the other is.
pub fn cosine(product: f64, query: f64, row: f64) -> f32 {
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

pub fn inverse(square: f64) -> f64 {
    square.sqrt().recip()
}
