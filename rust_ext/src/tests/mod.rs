//! The whole store against a naive one, through any history.

mod batches;
mod cell;
#[cfg(unix)]
pub mod disk;
#[cfg(unix)]
mod durable;
mod journal;
mod naive;
mod norms;
mod snapshots;
mod used;

use std::collections::BTreeSet;

use proptest::prelude::*;

use self::naive::Naive;
use crate::{Error, Id, Key, Precision, Restore, Saved, Settings, Snapshot, Store};

/// Floats where roundings and kinds of keys meet.
pub fn tricky_f32() -> impl Strategy<Value = f32> {
    prop_oneof![
        any::<u32>().prop_map(f32::from_bits),
        (-9_000_000i32..9_000_000, 0i32..=8).prop_map(|(n, p)| (f64::from(n) / 2.0 / 10f64.powi(p)) as f32),
        (0i32..8, -3i32..=3, any::<bool>()).prop_map(|(p, ulps, negative)| {
            let near = (4_194_304.0 / 10f64.powi(p)) as f32;
            let x = f32::from_bits(near.to_bits().wrapping_add_signed(ulps));
            if negative { -x } else { x }
        }),
        prop::sample::select(vec![0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -f32::NAN, f32::from_bits(0x7f80_0001), 1e-45]),
    ]
}

pub const D: usize = 3;

#[derive(Clone, Debug)]
pub enum Op {
    Add(Vec<(u8, u8)>),
    Upsert(Vec<(u8, u8)>),
    One(bool, u8, u8),
    Remove(Vec<u8>),
    Clear,
}

pub fn op() -> impl Strategy<Value = Op> {
    let pairs = || prop::collection::vec((0u8..24, 0u8..12), 0..8);
    prop_oneof![
        4 => pairs().prop_map(Op::Add),
        4 => pairs().prop_map(Op::Upsert),
        6 => (any::<bool>(), 0u8..24, 0u8..12).prop_map(|(upsert, id, row)| Op::One(upsert, id, row)),
        3 => prop::collection::vec(0u8..24, 0..6).prop_map(Op::Remove),
        1 => Just(Op::Clear),
    ]
}

pub fn id(n: u8) -> String {
    if n.is_multiple_of(2) { format!("id {n}") } else { format!("00000000-0000-0000-0000-0000000000{n:02x}") }
}

pub fn row(n: u8) -> [f32; D] {
    // Neighbours are identical at six decimals and different in their bits.
    [f32::from(n / 2), 0.5 + f32::from(n % 2) * 6e-8, -0.25]
}

pub fn apply(store: &mut Store, naive: &mut Naive, op: &Op) {
    let texts = |pairs: &[(u8, u8)]| pairs.iter().map(|&(i, _)| id(i)).collect::<Vec<_>>();
    let rows = |pairs: &[(u8, u8)]| pairs.iter().flat_map(|&(_, r)| row(r)).collect::<Vec<_>>();
    match op {
        Op::Add(pairs) => {
            let ids = texts(pairs);
            let keys: Vec<_> = ids.iter().map(|id| Key::parse(id)).collect();
            assert_eq!(store.add_batch(&keys, &rows(pairs), D).ok(), naive.add_all(pairs));
        }
        Op::Upsert(pairs) => {
            let ids = texts(pairs);
            let keys: Vec<_> = ids.iter().map(|id| Key::parse(id)).collect();
            assert_eq!(store.upsert_batch(&keys, &rows(pairs), D).unwrap(), naive.upsert_all(pairs));
        }
        Op::One(true, i, r) => {
            let found = store.upsert(Key::parse(&id(*i)), &row(*r)).ok();
            assert_eq!(found.map(i64::from), naive.put(&id(*i), row(*r), true));
        }
        Op::One(false, i, r) => {
            let found = store.add(Key::parse(&id(*i)), &row(*r)).ok();
            assert_eq!(found.map(i64::from), naive.put(&id(*i), row(*r), false));
        }
        Op::Remove(ids) => {
            let ids: Vec<_> = ids.iter().map(|&i| id(i)).collect();
            let keys: Vec<_> = ids.iter().map(|id| Key::parse(id)).collect();
            assert_eq!(store.remove_batch(&keys).unwrap(), ids.iter().filter(|id| naive.remove(id)).count());
        }
        Op::Clear => {
            assert_eq!(store.clear().unwrap(), naive.ids.len());
            naive.clear();
        }
    }
}

pub fn saved<'a>(snapshot: &'a Snapshot, keys: &'a [Key<'a>]) -> Saved<'a> {
    let layout = &snapshot.layout;
    Saved {
        ids: keys,
        id_indices: &layout.id_indices,
        slot_order: &layout.slot_order,
        allocated: layout.allocated,
        capacity: layout.capacity,
        dimension: layout.dimension,
    }
}

/// The same store again, from blocks of rows of any height.
pub fn reopened(snapshot: &Snapshot, settings: Settings, height: usize) -> Store {
    let keys: Vec<_> = snapshot.layout.ids.iter().map(Id::key).collect();
    let mut restore = Restore::begin(settings, saved(snapshot, &keys)).unwrap();
    for block in snapshot.rows.blocks(height) {
        let mut rows = vec![0.0; block.indices.len() * snapshot.rows.dimension()];
        block.copy(&mut rows).unwrap();
        restore.push_rows(&rows).unwrap();
    }
    restore.finish().unwrap()
}

pub fn texts(ids: &[Id]) -> Vec<String> {
    ids.iter().map(|id| id.with_text(str::to_owned)).collect()
}

pub fn compare(store: &Store, naive: &Naive) {
    if let Some(contents) = store.contents() {
        contents.vectors.check_invariants();
    }
    let size = store.size();
    assert_eq!((size.unique, size.references), (naive.rows.len(), naive.ids.len()));
    assert_eq!((size.allocated as u64, size.capacity), (naive.allocated.cast_unsigned(), naive.capacity.cast_unsigned()));
    assert_eq!(texts(&store.ids().unwrap()), naive.ids);
    assert_eq!(store.indices().unwrap().into_iter().collect::<BTreeSet<_>>(), naive.rows.keys().copied().collect());
    for index in -1..=naive.allocated {
        match naive.rows.get(&index) {
            Some(row) => {
                assert_eq!(store.row_at(index).unwrap(), row);
                assert_eq!(store.refcount(index).unwrap() as usize, naive.sharers[&index].len());
                assert_eq!(texts(&store.ids_at(index).unwrap()), naive.sharers[&index]);
            }
            None => assert!(matches!(store.refcounts(&[index]), Err(Error::Index { position: 0, .. }))),
        }
    }
    for n in 0..24 {
        assert_eq!(store.find(Key::parse(&id(n))).map(i64::from), naive.index.get(&id(n)).copied());
    }
}

proptest! {
    #[test]
    fn any_history_ends_as_the_naive_one(ops in prop::collection::vec(op(), 1..60), dimension in prop::option::of(Just(D))) {
        let mut store = Store::new(dimension, 2, Settings::new(Precision::Decimals(6))).unwrap();
        let mut naive = Naive { capacity: 2, ..Naive::default() };
        for op in &ops {
            apply(&mut store, &mut naive, op);
            compare(&store, &naive);
        }
    }
}

#[test]
fn the_limit_is_decided_before_anything_changes() {
    let mut store = Store::new(None, 1, Settings { max_slots: 2, ..Settings::new(Precision::Exact) }).unwrap();
    let keys: Vec<_> = (0..4).map(Key::uuid).collect();
    let full = Err(Error::Full { limit: 2, needed: 3 });
    assert_eq!(store.add_batch(&keys[..3], &[1.0, 2.0, 3.0], 1), full);
    assert_eq!(store.dimension(), None);
    assert_eq!(store.add_batch(&keys, &[1.0, 2.0, 1.0, 2.0], 1), Ok(vec![0, 1, 0, 1]));
    assert_eq!(store.add(Key::Text("new"), &[3.0]), Err(Error::Full { limit: 2, needed: 3 }));
    assert_eq!(store.add(Key::Text("old"), &[2.0]), Ok(1));
    assert_eq!(store.upsert_batch(&keys, &[2.0, 1.0, 2.0, 1.0], 1), Ok(vec![1, 0, 1, 0]));
    assert_eq!(store.upsert(keys[0], &[9.0]), Err(Error::Full { limit: 2, needed: 3 }));
    assert_eq!(store.find(keys[0]), Some(1));
}

#[test]
fn a_state_that_contradicts_itself_is_refused() {
    let keys = [Key::parse("a"), Key::parse("b")];
    let good = Saved { ids: &keys, id_indices: &[0, 2], slot_order: &[0, 1], allocated: 3, capacity: 3, dimension: Some(1) };
    let restore = |saved, rows: &[f32]| {
        let mut restore = Restore::begin(Settings::new(Precision::Exact), saved)?;
        restore.push_rows(rows)?;
        restore.finish()
    };
    let mut store = restore(good, &[1.0, 2.0]).unwrap();
    assert_eq!(store.add(Key::parse("c"), &[5.0]), Ok(1));
    let twice = [keys[0]; 2];
    for bad in [
        Saved { ids: &twice, ..good },
        Saved { ids: &keys[..1], ..good },
        Saved { id_indices: &[0, 3], ..good },
        Saved { id_indices: &[0, -1], ..good },
        Saved { slot_order: &[1, 0], ..good },
        Saved { slot_order: &[0, 0], ..good },
        Saved { slot_order: &[0, 9], ..good },
        Saved { capacity: 2, ..good },
        Saved { dimension: None, ..good },
        Saved { dimension: Some(0), ..good },
    ] {
        assert!(matches!(restore(bad, &[1.0, 2.0]), Err(Error::State(_))), "{bad:?}");
    }
    for rows in [&[1.0][..], &[1.0, 1.0], &[1.0, 2.0, 3.0]] {
        assert!(matches!(restore(good, rows), Err(Error::State(_))), "{rows:?}");
    }
    assert!(matches!(restore(Saved { dimension: Some(2), ..good }, &[1.0; 3]), Err(Error::State(_))));
}
