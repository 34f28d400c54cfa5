//! Searches that look at codes against those that do not: the same to the bit, whatever the rows and however they change.

use super::*;
use crate::codes::{self, GROUP};
use crate::tests::tricky_f32;
use crate::{Precision, Settings};
use proptest::prelude::*;

const METRICS: [Metric; 3] = [Metric::Cosine, Metric::Dot, Metric::Euclidean];

fn go_on() -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Many rows about a few centres, some huge, tiny, zero or not a number.
fn row() -> impl Strategy<Value = (u8, f32, u32)> {
    let factor = prop_oneof![12 => Just(1.0f32), 1 => prop::sample::select(vec![0.0, 1e-20, 1e-16, 1e-6, 3.0, 1e8, 1e16, 1e30, f32::NAN, f32::INFINITY])];
    (0u8..4, factor, any::<u32>())
}

fn components((centre, factor, seed): (u8, f32, u32), spread: f32, dimension: usize) -> Vec<f32> {
    let number = |seed: u64| (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f32 / 8_388_608.0 - 1.0;
    let at = |at: u64| number(at * 4 + u64::from(centre) + 1) + spread * number(u64::from(seed) << 20 | at);
    (0..dimension as u64).map(|component| factor * at(component)).collect()
}

type Bits = (Vec<i64>, Vec<u32>);

fn search(store: &Store, query: &Query<'_>, coded: bool, level: Level) -> Bits {
    let contents = store.contents().unwrap();
    let chosen = contents.choose(query).unwrap();
    let manner = Manner { coded, far: coded };
    let hits = best_with(None, (contents.vectors.rows(), level, manner), query, &chosen, &mut go_on).unwrap();
    (hits.indices, hits.scores.iter().map(|score| score.to_bits()).collect())
}

fn check(store: &Store, queries: &[f32], dimension: usize, k: usize) -> std::result::Result<(), TestCaseError> {
    for (metric, level) in METRICS.into_iter().flat_map(|metric| Level::all().into_iter().map(move |level| (metric, level))) {
        let query = Query { rows: queries, dimension, k, metric, within: None, with_ids: false };
        let plain = search(store, &query, false, level);
        for time in 0..2 {
            prop_assert_eq!(search(store, &query, true, level), plain.clone(), "{:?} {:?} {}", metric, level, time);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn codes_do_not_show(
        rows in prop::collection::vec(row(), 600..1500), others in prop::collection::vec((any::<u16>(), row()), 0..60), queries in prop::collection::vec(row(), 1..20),
        spread in prop::sample::select(vec![0.0f32, 1e-3, 0.1, 1.0]), dimension in prop_oneof![1usize..70, Just(513usize)], k in prop_oneof![Just(1usize), 2usize..20],
    ) {
        let mut store = Store::new(Some(dimension), 1, Settings::new(Precision::Exact)).unwrap();
        for (n, &row) in (0u128..).zip(&rows) {
            store.add(Key::uuid(n), &components(row, spread, dimension)).unwrap();
        }
        let queries: Vec<f32> = queries.into_iter().flat_map(|query| components(query, spread, dimension)).collect();
        check(&store, &queries, dimension, k)?;
        // Freed indices are taken again, so rows with codes are overwritten; a search that was planned keeps the old ones.
        let planned = Query { rows: &queries, dimension, k, metric: Metric::Dot, within: None, with_ids: false };
        let before = search(&store, &planned, false, Level::detect());
        let shared = store.plan(&planned).unwrap();
        for (n, &(which, row)) in (0u128..).zip(&others) {
            store.remove(Key::uuid(u128::from(which) % rows.len() as u128)).unwrap();
            store.upsert(Key::uuid(1 << 64 | n), &components(row, spread, dimension)).unwrap();
        }
        check(&store, &queries, dimension, k)?;
        let found = best_with(None, (&shared.rows, shared.level, Manner { coded: true, far: true }), &shared.query, &shared.chosen, &mut go_on).unwrap();
        prop_assert_eq!((found.indices, found.scores.iter().map(|score| score.to_bits()).collect::<Vec<_>>()), before);
    }

    #[test]
    fn a_code_is_as_far_from_its_row_as_it_says(row in prop_oneof![prop::collection::vec(tricky_f32(), 1..40), prop::collection::vec(-1f32..1.0, 500..1100)]) {
        for level in Level::all() {
            let mut code = Vec::new();
            let Some(scaled) = codes::encode(&row, level, |_, word| code.extend(word)) else {
                let square: f64 = row.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
                prop_assert!(!(1.1e-30..0.9e30).contains(&square));
                continue;
            };
            let left = |(&x, &code): (&f32, &i8)| (f64::from(x) - f64::from(scaled.scale) * f64::from(code)).powi(2);
            prop_assert!(row.iter().zip(&code).map(left).sum::<f64>().sqrt() <= f64::from(scaled.residual));
            prop_assert!(code.len() == row.len().next_multiple_of(4) && code[row.len()..].iter().all(|&code| code == 0));
        }
    }
}

/// Rows of which nearly all are excluded, so that the tests above and the figures are about something.
#[test]
fn codes_exclude_and_are_made_again_for_what_was_overwritten() {
    const D: usize = 64;
    let mut store = Store::new(Some(D), 1, Settings::new(Precision::Exact)).unwrap();
    for n in 0..4000u32 {
        store.add(Key::uuid(u128::from(n)), &components((0, 1.0, n), 1.0, D)).unwrap();
    }
    let query = components((1, 1.0, 1), 1.0, D);
    let asked = Query { rows: &query, dimension: D, k: 3, metric: Metric::Dot, within: None, with_ids: false };
    let coded = |store: &Store| {
        let view = store.contents().unwrap().vectors.rows();
        (0..4000 / GROUP as u32).filter(|group| coded_group(view, group * GROUP as u32)).count()
    };
    for _ in 0..8 {
        search(&store, &asked, true, Level::detect());
    }
    let before = coded(&store);
    assert!(before >= 200, "{before} groups have codes");
    store.remove(Key::uuid(2000)).unwrap();
    store.upsert(Key::uuid(5000), &components((2, 1.0, 0), 1.0, D)).unwrap();
    assert_eq!(coded(&store), before - 1);
    for _ in 0..8 {
        search(&store, &asked, true, Level::detect());
    }
    assert_eq!(coded(&store), before);
}

fn coded_group(view: &View, first: u32) -> bool {
    let (segment, row, _) = view.segment(first);
    segment.codes().get().is_some_and(|codes| codes.group(row / GROUP).is_some())
}
