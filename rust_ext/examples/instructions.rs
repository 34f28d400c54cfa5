//! One operation of the pure core, to be counted by callgrind: `nox -s instructions` runs it and compares with numbers of before.
//!
//! Only what happens inside [`measured`] is counted; a build with debug symbols keeps its name.

use std::hint::black_box;
use std::ops::ControlFlow;

use rust_vector_store::{Key, Metric, Precision, Query, Settings, Store};

const DIMENSION: usize = 384;
const VECTORS: usize = 2_000;
const CALLS: usize = 200;

/// Runs the operation once for each of the `CALLS` numbers. Never inlined: counting begins and ends with this function.
#[inline(never)]
fn measured(mut operation: impl FnMut(usize)) {
    (0..CALLS).for_each(&mut operation);
}

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    let (ids, rows) = (ids(), rows());
    let key = |number: usize| Key::parse(&ids[number]);
    let row = |number: usize| &rows[number * DIMENSION..][..DIMENSION];
    let mut store = filled(&ids[..VECTORS], &rows[..VECTORS * DIMENSION]);
    match name.as_str() {
        "add" => measured(|call| _ = black_box(store.add(key(VECTORS + call), row(VECTORS + call)))),
        "duplicate" => measured(|call| _ = black_box(store.add(key(VECTORS + call), row(0)))),
        "get" => measured(|call| _ = black_box(store.row_of(key(7 * call)).unwrap().map(<[f32]>::to_vec))),
        "remove" => measured(|call| _ = black_box(store.remove(key(7 * call)))),
        "search" => search_first(&store, row(0)),
        _ => panic!("name one of add, duplicate, get, remove, search; got {name:?}"),
    }
}

/// One search of many vectors stands for `CALLS` of one.
fn search_first(store: &Store, row: &[f32]) {
    let query = Query { rows: row, dimension: DIMENSION, k: 10, metric: Metric::Dot, within: None, with_ids: true };
    measured(|call| {
        if call == 0 {
            _ = black_box(store.search(&query, &mut || ControlFlow::Continue(())));
        }
    });
}

fn filled(ids: &[String], rows: &[f32]) -> Store {
    let mut store = Store::new(Some(DIMENSION), 0, Settings::new(Precision::Decimals(6))).expect("valid");
    let keys: Vec<_> = ids.iter().map(|id| Key::parse(id)).collect();
    store.add_batch(&keys, rows, DIMENSION).expect("distinct ids");
    store
}

/// Ids as UUIDs are written.
fn ids() -> Vec<String> {
    let id = |number: usize| format!("{number:08x}-0000-4000-8000-{:012x}", number * 2_654_435_761);
    (0..VECTORS + CALLS).map(id).collect()
}

/// Numbers between -1 and 1 from a linear congruential generator: the same everywhere, no row twice.
fn rows() -> Vec<f32> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [.., low, high] = state.to_le_bytes();
        f32::from(i16::from_le_bytes([low, high])) / 32_768.0
    };
    (0..(VECTORS + CALLS) * DIMENSION).map(|_| next()).collect()
}
