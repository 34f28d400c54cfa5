//! Exact search: every candidate is compared with every query, in tiles of rows and queries that fit the registers, over blocks of rows
//! that fit the cache.

use crate::error::{Error, Result, room};
use crate::ids::{Id, Key};
use crate::kernels::Level;
use crate::store::Store;
use crate::topk::{TopK, unrank};
use crate::vectors::Vectors;

/// About how much of the rows stays in the cache while all queries pass over it.
const BLOCK_BYTES: usize = 512 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    Cosine,
    Dot,
    Euclidean,
}

/// The hits of all queries, `width` for each, best first.
#[derive(Debug)]
pub struct Hits {
    pub width: usize,
    pub indices: Vec<i64>,
    pub scores: Vec<f32>,
    /// The ids that share each hit.
    pub ids: Vec<Vec<Id>>,
}

impl Store {
    /// The `k` best vectors for each query; with `within` only vectors that one of these ids references compete, and only these ids
    /// are listed.
    ///
    /// # Errors
    /// [`Error::Dimension`] or [`Error::Memory`].
    pub fn search(&self, queries: &[f32], dimension: usize, k: usize, metric: Metric, within: Option<&[Key<'_>]>) -> Result<Hits> {
        let Some(vectors) = &self.vectors else {
            return Ok(Hits { width: 0, indices: Vec::new(), scores: Vec::new(), ids: Vec::new() });
        };
        if vectors.dimension() != dimension {
            return Err(Error::Dimension { expected: vectors.dimension(), got: dimension });
        }
        let allowed = within.map(|keys| self.entries_of(keys)).transpose()?;
        let candidates = self.candidates(allowed.as_deref())?;
        let width = k.min(candidates.len());
        let best = Scan::new(vectors, queries, metric, width)?.run(&candidates)?;
        self.hits(best, width, metric, allowed.as_deref())
    }

    /// The entries of the ids that are present, ascending and distinct.
    fn entries_of(&self, keys: &[Key<'_>]) -> Result<Vec<u32>> {
        let mut entries = room(keys.len())?;
        entries.extend(keys.iter().filter_map(|&key| self.references.find(key, self.references.hash(key))));
        entries.sort_unstable();
        entries.dedup();
        Ok(entries)
    }

    fn candidates(&self, allowed: Option<&[u32]>) -> Result<Vec<u32>> {
        let mut slots = room(allowed.map_or(self.size().unique, <[u32]>::len))?;
        match allowed {
            None => slots.extend(self.active()),
            Some(entries) => slots.extend(entries.iter().map(|&entry| self.references.slot(entry))),
        }
        slots.sort_unstable();
        slots.dedup();
        Ok(slots)
    }

    fn hits(&self, best: Vec<TopK>, width: usize, metric: Metric, allowed: Option<&[u32]>) -> Result<Hits> {
        let count = best.len() * width;
        let (mut indices, mut scores, mut ids) = (room(count)?, room(count)?, room(count)?);
        for found in best.into_iter().flat_map(TopK::into_sorted) {
            let (score, index) = unrank(found.0);
            indices.push(i64::from(index));
            scores.push(if metric == Metric::Euclidean { 0.0 - score } else { score });
            ids.push(self.sharers(index, allowed)?);
        }
        Ok(Hits { width, indices, scores, ids })
    }

    fn sharers(&self, index: u32, allowed: Option<&[u32]>) -> Result<Vec<Id>> {
        let slot = &self.slots()[index as usize];
        let mut ids = room(allowed.map_or(slot.refs as usize, |entries| entries.len().min(slot.refs as usize)))?;
        for entry in self.references.iter_slot(slot) {
            if allowed.is_none_or(|entries| entries.binary_search(&entry).is_ok()) {
                ids.push(self.references.id(entry).key().to_id()?);
            }
        }
        Ok(ids)
    }
}

/// One pass over the candidates.
struct Scan<'a> {
    vectors: &'a Vectors,
    level: Level,
    metric: Metric,
    queries: Vec<&'a [f32]>,
    /// Reciprocal norms of the queries, for the cosine.
    inverses: Vec<f64>,
    best: Vec<TopK>,
}

/// Some candidates with what the kernels need of them.
#[derive(Default)]
struct Block<'a> {
    indices: &'a [u32],
    rows: Vec<&'a [f32]>,
    inverses: Vec<f64>,
}

impl<'a> Scan<'a> {
    fn new(vectors: &'a Vectors, queries: &'a [f32], metric: Metric, width: usize) -> Result<Self> {
        let rows = queries.chunks_exact(vectors.dimension());
        let mut queries = room(rows.len())?;
        queries.extend(rows);
        let level = vectors.level();
        let mut best = room(queries.len())?;
        for _ in &queries {
            best.push(TopK::new(width)?);
        }
        let inverses = if metric == Metric::Cosine { inverses(level, &queries)? } else { Vec::new() };
        Ok(Self { vectors, level, metric, queries, inverses, best })
    }

    fn run(mut self, candidates: &'a [u32]) -> Result<Vec<TopK>> {
        // A multiple of the tiles' heights leaves no rest.
        let height = (BLOCK_BYTES / size_of::<f32>() / self.vectors.dimension()).clamp(8, 512) / 8 * 8;
        for indices in candidates.chunks(height) {
            let rows: Vec<&[f32]> = indices.iter().map(|&index| self.vectors.row(index)).collect();
            let inverses = if self.metric == Metric::Cosine { inverses(self.level, &rows)? } else { Vec::new() };
            self.compare(&Block { indices, rows, inverses });
        }
        Ok(self.best)
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

/// The reciprocal norms of rows. In f64 the product of a vector with itself and twice
/// its own reciprocal norm is 1 to far below half a step of f32.
fn inverses(level: Level, rows: &[&[f32]]) -> Result<Vec<f64>> {
    let mut inverses = room(rows.len())?;
    let (tiles, rest) = rows.as_chunks::<8>();
    for tile in tiles {
        inverses.extend(level.squares(*tile).map(inverse));
    }
    for row in rest {
        inverses.extend(level.squares([row]).map(inverse));
    }
    Ok(inverses)
}

fn inverse(square: f64) -> f64 {
    square.sqrt().recip()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Precision;
    use crate::tests::texts;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_search_finds_what_sorting_all_finds(
            rows in prop::collection::vec(prop::array::uniform3(-4i8..5), 1..40), query in prop::array::uniform3(-4i8..5), k in 1usize..50, metric in 0usize..3,
        ) {
            let metric = [Metric::Cosine, Metric::Dot, Metric::Euclidean][metric];
            let mut store = Store::new(None, Precision::Exact, 1, u32::MAX).unwrap();
            for (n, row) in (0u128..).zip(&rows) {
                store.add(Key::uuid(n), &row.map(f32::from)).unwrap();
            }
            let query = query.map(f32::from);
            let hits = store.search(&[query, query].concat(), 3, k, metric, None).unwrap();
            let mut expected: Vec<_> = store.active().map(|index| (score(&query, store.at(index.into(), 0).unwrap().0, metric), i64::from(index))).collect();
            expected.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            expected.truncate(k);
            prop_assert_eq!(hits.width, expected.len());
            let indices: Vec<_> = expected.iter().map(|&(_, index)| index).collect();
            prop_assert_eq!(&hits.indices[..hits.width], &indices);
            prop_assert_eq!(&hits.indices[hits.width..], &indices);
        }
    }

    /// Exact on small integers; a key that grows with the cosine and with nearness.
    fn score(q: &[f32], v: &[f32], metric: Metric) -> f64 {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&x, &y)| f64::from(x * y)).sum::<f64>();
        match metric {
            Metric::Dot => dot(q, v) + 0.0,
            Metric::Euclidean => -(dot(q, q) + dot(v, v) - 2.0 * dot(q, v)),
            Metric::Cosine if dot(q, q) * dot(v, v) == 0.0 => 0.0,
            Metric::Cosine => f64::from((dot(q, v) / (dot(q, q) * dot(v, v)).sqrt()) as f32) + 0.0,
        }
    }

    #[test]
    fn within_narrows_candidates_and_ids() {
        let mut store = Store::new(Some(1), Precision::Exact, 1, u32::MAX).unwrap();
        for (id, x) in [("a", 1.0), ("b", 2.0), ("c", 2.0), ("d", 3.0)] {
            store.add(Key::parse(id), &[x]).unwrap();
        }
        let within = ["c", "a", "unknown", "c"].map(Key::parse);
        let hits = store.search(&[1.0], 1, 9, Metric::Dot, Some(&within)).unwrap();
        assert_eq!(hits.indices, [1, 0]);
        assert_eq!(hits.ids.iter().map(|ids| texts(ids)).collect::<Vec<_>>(), [["c"], ["a"]]);
        assert_eq!(store.search(&[1.0], 1, 9, Metric::Dot, Some(&[])).unwrap().width, 0);
    }
}
