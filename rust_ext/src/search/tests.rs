//! The search against sorting everything, and what it says of ids.

use super::*;
use crate::tests::texts;
use crate::{Error, Precision, Settings};
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_search_finds_what_sorting_all_finds(
        rows in prop::collection::vec(prop::array::uniform3(-4i8..5), 1..40), query in prop::array::uniform3(-4i8..5), k in 1usize..50, metric in 0usize..3,
    ) {
        let metric = [Metric::Cosine, Metric::Dot, Metric::Euclidean][metric];
        let mut store = Store::new(None, 1, Settings::new(Precision::Exact)).unwrap();
        for (n, row) in (0u128..).zip(&rows) {
            store.add(Key::uuid(n), &row.map(f32::from)).unwrap();
        }
        let query = query.map(f32::from);
        let two = [query, query].concat();
        let asked = Query { rows: &two, dimension: 3, k, metric, within: None, with_ids: true };
        let hits = store.search(&asked, &mut || ControlFlow::Continue(())).unwrap();
        let phased = store.plan(&asked).unwrap().run(&mut || ControlFlow::Continue(())).unwrap().resolve(&store).unwrap().unwrap();
        prop_assert_eq!((&hits.indices, &hits.scores, &hits.members), (&phased.indices, &phased.scores, &phased.members));
        let mut expected: Vec<_> = store.indices().unwrap().into_iter().map(|index| (score(&query, store.row_at(index).unwrap(), metric), index)).collect();
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

fn shared() -> Store {
    let mut store = Store::new(Some(1), 1, Settings::new(Precision::Exact)).unwrap();
    for (id, x) in [("a", 1.0), ("b", 2.0), ("c", 2.0), ("d", 3.0), ("e", 1.0)] {
        store.add(Key::parse(id), &[x]).unwrap();
    }
    // The order of arrival is now another than that of entries.
    store.upsert(Key::parse("a"), &[2.0]).unwrap();
    store
}

fn ask<'a>(rows: &'a [f32], within: Option<&'a [Key<'a>]>) -> Query<'a> {
    Query { rows, dimension: 1, k: 9, metric: Metric::Dot, within, with_ids: true }
}

fn go_on() -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn named(hits: &Hits) -> Vec<Vec<String>> {
    let members = hits.members.as_ref().unwrap();
    members.of.iter().map(|&number| texts(&members.lists[number as usize])).collect()
}

#[test]
fn within_narrows_candidates_and_ids() {
    let store = shared();
    let within = ["c", "a", "unknown", "c", "d", "b"].map(Key::parse);
    let hits = store.search(&ask(&[1.0], Some(&within[..4])), &mut go_on).unwrap();
    assert_eq!((&hits.indices[..], named(&hits)), (&[1][..], vec![vec!["c".to_owned(), "a".to_owned()]]));
    let hits = store.search(&ask(&[1.0], Some(&within)), &mut go_on).unwrap();
    assert_eq!((&hits.indices[..], named(&hits)), (&[2, 1][..], vec![vec!["d".to_owned()], ["b", "c", "a"].map(str::to_owned).to_vec()]));
    assert_eq!(store.search(&ask(&[1.0], Some(&[])), &mut go_on).unwrap().width, 0);
}

#[test]
fn hits_share_one_list_for_each_vector() {
    let store = shared();
    let hits = store.search(&ask(&[1.0, -1.0, 5.0], None), &mut go_on).unwrap();
    assert_eq!((hits.width, hits.indices.len()), (3, 9));
    assert_eq!(hits.members.as_ref().unwrap().lists.len(), 3);
    assert_eq!(named(&hits)[..3], [vec!["d"], vec!["b", "c", "a"], vec!["e"]]);
    let unnamed = store.search(&Query { with_ids: false, ..ask(&[1.0], None) }, &mut go_on).unwrap();
    assert!(unnamed.members.is_none());
}

#[test]
fn ids_of_another_moment_are_not_given() {
    let mut store = shared();
    let search = store.plan(&ask(&[1.0], None)).unwrap();
    let unnamed = store.plan(&Query { with_ids: false, ..ask(&[1.0], None) }).unwrap();
    store.clear().unwrap();
    store.add(Key::parse("z"), &[9.0]).unwrap();
    let found = search.run(&mut go_on).unwrap();
    assert_eq!(found.hits.indices, [2, 1, 0]);
    assert!(found.resolve(&store).unwrap().is_none());
    assert_eq!(unnamed.run(&mut go_on).unwrap().resolve(&store).unwrap().unwrap().scores, [3.0, 2.0, 1.0]);
    let empty = Store::new(None, 1, Settings::new(Precision::Exact)).unwrap();
    let none = empty.plan(&ask(&[1.0], None)).unwrap().run(&mut go_on).unwrap().resolve(&empty).unwrap().unwrap();
    assert_eq!((none.width, none.members.unwrap().of.len()), (0, 0));
}

/// Rows with ties, zero vectors and NaN among them, and some freed.
fn mixed(seed: u64, count: usize, dimension: usize) -> (Store, Vec<f32>) {
    let mut state = seed;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as u32
    };
    let mut component = move || if next() % 97 == 0 { f32::NAN } else { (next() % 7) as f32 - 3.0 + (next() % 2) as f32 / 3.0 };
    let rows: Vec<f32> = (0..count * dimension).map(|_| component()).collect();
    let mut store = Store::new(Some(dimension), 1, Settings::new(Precision::Exact)).unwrap();
    let keys: Vec<_> = (0..count as u128).map(Key::uuid).collect();
    store.add_batch(&keys, &rows, dimension).unwrap();
    for key in keys.iter().step_by(13) {
        store.remove(*key).unwrap();
    }
    (store, rows)
}

fn bits(hits: &Hits) -> (usize, &[i64], Vec<u32>) {
    (hits.width, &hits.indices, hits.scores.iter().map(|score| score.to_bits()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_hits_are_the_same_to_the_bit_for_any_number_of_threads(
        seed: u64, count in 3000usize..20_000, dimension in 1usize..40, queries in prop_oneof![Just(1usize), 2usize..40],
        k in prop_oneof![1usize..20, Just(5000)], metric in 0usize..3,
    ) {
        let metric = [Metric::Cosine, Metric::Dot, Metric::Euclidean][metric];
        let queries = queries.max((2 << 20) / (count * dimension) + 1);
        let (store, rows) = mixed(seed, count, dimension);
        let query = Query { rows: &rows[..queries.min(count) * dimension], dimension, k, metric, within: None, with_ids: false };
        let contents = store.contents().unwrap();
        let chosen = contents.choose(&query).unwrap();
        let search = |pool: Option<&Pool>| best_with(pool, (contents.vectors.rows(), contents.vectors.level(), Manner::default()), &query, &chosen, &mut go_on).unwrap();
        let alone = search(None);
        for threads in [1, 2, 3, 7] {
            let shared = search(Some(&Pool::new(threads)));
            prop_assert_eq!(bits(&shared), bits(&alone));
        }
    }
}

#[test]
fn a_long_search_pauses_and_stops_when_told_to() {
    let mut store = Store::new(None, 1, Settings::new(Precision::Exact)).unwrap();
    let keys: Vec<_> = (0..8000).map(Key::uuid).collect();
    let rows: Vec<f32> = (0..8000u16).flat_map(|n| [f32::from(n); 64]).collect();
    store.add_batch(&keys, &rows, 64).unwrap();
    let asked = Query { rows: &rows[..64 * 2000], dimension: 64, k: 3, metric: Metric::Euclidean, within: None, with_ids: true };
    let mut pauses = 0;
    let mut count = || {
        pauses += 1;
        go_on()
    };
    store.search(&asked, &mut count).unwrap();
    assert!(pauses >= 8000 * 2000 * 64 / (512 << 20), "{pauses}");
    let mut stop = || ControlFlow::Break(());
    assert!(matches!(store.search(&asked, &mut stop), Err(Error::Interrupted)));
}
