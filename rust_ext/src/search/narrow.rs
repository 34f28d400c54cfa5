//! Vectors of a few components: rows beside each other, and one look at the floor for a whole group of them.

use super::Metric;
use super::scan::{Scan, cosine, inverse, nearness};
use crate::error::{Result, room};
use crate::kernels::{LANES, Lanes, Level, Limit};
use crate::rows::View;
use crate::topk::TopK;

/// Relative to a floor: far more than rounding, from the limit to the score, and one step of f32.
const SLACK: f64 = 1e-6;

/// A block of candidates, in groups.
pub struct Columns {
    /// As many for each group as there are components.
    components: Vec<Lanes>,
    /// Reciprocal norms, for the cosine.
    inverses: Vec<[f64; LANES]>,
    /// The same, near enough for a limit.
    near: Vec<Lanes>,
    sums: Vec<Lanes>,
    /// Which groups have a row that may be among the best.
    within: Vec<bool>,
}

impl Columns {
    /// For blocks of at most `height` candidates.
    ///
    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn new(height: usize, dimension: usize) -> Result<Self> {
        let groups = height.div_ceil(LANES);
        let zeros = [0.0; LANES];
        Ok(Self {
            components: filled(groups * dimension, zeros)?,
            inverses: filled(groups, [0.0; LANES])?,
            near: filled(groups, zeros)?,
            sums: filled(groups, zeros)?,
            within: filled(groups, false)?,
        })
    }

    /// Compares a block of candidates with some queries.
    pub fn compare(&mut self, scan: &mut Scan<'_>, queries: &[u32], indices: &[u32]) {
        let (rows, level, metric) = (scan.rows(), scan.level(), scan.metric());
        let columns = self.components.chunks_exact_mut(rows.dimension()).zip(indices.chunks(LANES));
        columns.for_each(|(columns, indices)| fill(columns, rows, level, indices));
        if metric == Metric::Cosine {
            for ((inverses, near), indices) in self.inverses.iter_mut().zip(&mut self.near).zip(indices.chunks(LANES)) {
                fill_inverses(inverses, rows, level, indices);
                *near = inverses.map(|inverse| inverse as f32);
            }
        }
        for &number in queries {
            let (query, inverse, best) = scan.query(number);
            self.compare_one(level, metric, (query, inverse), indices, best);
        }
    }

    fn compare_one(&mut self, level: Level, metric: Metric, (query, own): (&[f32], f64), indices: &[u32], best: &mut TopK) {
        let groups = indices.len().div_ceil(LANES);
        let limit = limit(metric, best.floor(), own);
        level.compare(&self.components[..groups * query.len()], query, limit, &self.near, &mut self.sums, &mut self.within);
        for (group, indices) in indices.chunks(LANES).enumerate() {
            if !self.within[group] {
                continue;
            }
            let pairs = self.sums[group].iter().zip(&self.inverses[group]);
            // Where scores rise from row to row, the last ones keep the first from being taken in for nothing.
            for (&index, (&sum, &inverse)) in indices.iter().zip(pairs).rev() {
                best.offer(score(metric, sum, own, inverse), index);
            }
        }
    }
}

fn filled<T: Copy>(count: usize, item: T) -> Result<Vec<T>> {
    let mut items = room(count)?;
    items.resize(count, item);
    Ok(items)
}

/// The first of candidates that fill a group and follow one another; they ascend and are distinct.
fn neighbours(indices: &[u32]) -> Option<u32> {
    let (&first, &last) = (indices.first()?, indices.get(LANES - 1)?);
    ((last - first) as usize == LANES - 1).then_some(first)
}

fn fill(columns: &mut [Lanes], rows: &View, level: Level, indices: &[u32]) {
    if let Some(rows) = neighbours(indices).and_then(|first| rows.neighbours(first, LANES)) {
        return level.transpose(rows, columns);
    }
    for (lane, &index) in indices.iter().enumerate() {
        for (column, &component) in columns.iter_mut().zip(rows.get(index)) {
            column[lane] = component;
        }
    }
}

/// Works out only those that nobody has kept.
fn fill_inverses(inverses: &mut [f64; LANES], rows: &View, level: Level, indices: &[u32]) {
    if neighbours(indices).is_some_and(|first| rows.inverses(first, inverses)) {
        return;
    }
    for (&index, own) in indices.iter().zip(inverses) {
        *own = rows.inverse(index).unwrap_or_else(|| {
            let [square] = level.squares([rows.get(index)]);
            let inverse = inverse(square);
            rows.keep_inverse(index, inverse);
            inverse
        });
    }
}

fn score(metric: Metric, sum: f32, query: f64, row: f64) -> f32 {
    match metric {
        Metric::Dot => sum,
        Metric::Euclidean => nearness(f64::from(sum)),
        Metric::Cosine => cosine(f64::from(sum), query, row),
    }
}

/// What excludes only scores below the floor, whatever rounding does.
fn limit(metric: Metric, floor: f32, query: f64) -> Limit {
    let least = f64::from(floor);
    match metric {
        Metric::Dot => Limit::Product(floor),
        Metric::Euclidean => Limit::Square(((least * least * (1.0 + SLACK)) as f32).next_up()),
        // All cosines with a zero vector are 0, and none is less than -1.
        Metric::Cosine if query == f64::INFINITY || floor <= -1.0 => Limit::Cosine(f32::NEG_INFINITY),
        // Reciprocal norms are between 5e-20 and 3e22, so nothing overflows.
        Metric::Cosine => Limit::Cosine((((least - least.abs() * SLACK - f64::from(f32::MIN_POSITIVE)) / query) as f32).next_down()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::{Manner, Query, best_with};
    use crate::tests::tricky_f32;
    use crate::topk::rank;
    use crate::{Key, Precision, Settings, Store};
    use proptest::prelude::*;
    use std::ops::ControlFlow;

    const METRICS: [Metric; 3] = [Metric::Cosine, Metric::Dot, Metric::Euclidean];

    fn sum(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f32) -> f64 {
        f64::from(a.iter().zip(b).fold(0.0, |sum, (&x, &y)| sum + term(x, y)))
    }

    /// One pair at a time.
    fn expected(metric: Metric, query: &[f32], row: &[f32]) -> f32 {
        let product = |a, b| sum(a, b, |x, y| x * y);
        match metric {
            Metric::Dot => product(query, row) as f32,
            Metric::Euclidean => nearness(sum(query, row, |x, y| (x - y) * (x - y))),
            Metric::Cosine => cosine(product(query, row), inverse(product(query, query)), inverse(product(row, row))),
        }
    }

    fn sorted(metric: Metric, query: &[f32], rows: &[(u32, &[f32])], k: usize) -> Vec<u64> {
        let mut ranks: Vec<_> = rows.iter().map(|&(index, row)| rank(expected(metric, query, row), index)).collect();
        ranks.sort_by(|a, b| b.cmp(a));
        ranks.truncate(k);
        ranks
    }

    /// Small whole numbers, which tie; ordinary ones, some huge or tiny; or anything.
    fn component() -> impl Strategy<Value = f32> {
        let scaled =
            (-1.0f32..1.0, prop::sample::select(vec![1.0f32, 1.0, 1.0, 1e-23, 1e-19, 1e18, 1e25])).prop_map(|(x, scale)| x * scale);
        prop_oneof![8 => (-2i8..3).prop_map(f32::from), 8 => -1.0f32..1.0, 2 => scaled, 1 => tricky_f32()]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn a_batch_over_few_components_finds_what_sorting_single_pairs_finds(
            numbers in prop::collection::vec(component(), 40..9000), dimension in 1usize..16, queries in 1usize..9, gap in 2usize..60,
            k in prop_oneof![Just(1usize), 2usize..30],
        ) {
            let rows: Vec<_> = numbers.chunks_exact(dimension).collect();
            let mut store = Store::new(Some(dimension), 1, Settings::new(Precision::Exact)).unwrap();
            for (number, row) in (0u128..).zip(&rows) {
                store.add(Key::uuid(number), row).unwrap();
            }
            for number in (0..rows.len() as u128).step_by(gap) {
                store.remove(Key::uuid(number)).unwrap();
            }
            let present: Vec<_> = store.indices().unwrap().into_iter().map(|index| (index as u32, store.row_at(index).unwrap())).collect();
            let asked = &numbers[..(queries * dimension).min(rows.len() * dimension)];
            for (metric, level) in METRICS.into_iter().flat_map(|metric| Level::all().into_iter().map(move |level| (metric, level))) {
                let query = Query { rows: asked, dimension, k, metric, within: None, with_ids: false };
                let contents = store.contents().unwrap();
                let chosen = contents.choose(&query).unwrap();
                let part = (contents.vectors.rows(), level, Manner::default());
                let hits = best_with(None, part, &query, &chosen, &mut || ControlFlow::Continue(())).unwrap();
                let width = hits.width.max(1);
                let found = hits.indices.chunks(width).zip(hits.scores.chunks(width));
                for ((indices, scores), query) in found.zip(asked.chunks_exact(dimension)) {
                    let ranks: Vec<_> = indices.iter().zip(scores).map(|(&index, &score)| {
                        rank(if metric.is_distance() { -score } else { score }, index as u32)
                    }).collect();
                    prop_assert_eq!(ranks, sorted(metric, query, &present, k), "{:?} {:?}", metric, level);
                }
            }
        }

        #[test]
        fn a_limit_excludes_only_what_is_below_the_floor(floor in tricky_f32(), sum in tricky_f32(), own in tricky_f32(), row in tricky_f32(), steps in 0u32..4) {
            for metric in METRICS {
                let (own, row) = (inverse(f64::from(own.abs())), inverse(f64::from(row.abs())));
                // Floors are scores, and those that are nearest say most.
                for floor in [floor, (0..steps).fold(score(metric, sum, own, row), |floor, _| floor.next_up())] {
                    let mut within = [false];
                    let columns = [[sum; LANES]];
                    let query = if metric == Metric::Euclidean { 0.0 } else { 1.0 };
                    let limit = limit(metric, floor, own);
                    let mut sums = [[0.0; LANES]];
                    Level::detect().compare(&columns, &[query], limit, &[[row as f32; LANES]], &mut sums, &mut within);
                    let score = score(metric, sums[0][0], own, row);
                    prop_assert!(within[0] || score < floor, "{:?}: {} is not below {}", metric, score, floor);
                }
            }
        }
    }
}
