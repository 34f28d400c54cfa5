//! A batch that fails leaves the store as it was, down to the indices that it gives out next.

use super::{D, id, row};
use crate::{Error, Key, Precision, Result, Settings, Store};

/// Three ids with rows of their own, at the indices 0, 2 and 3 of at most five; 1 is free.
fn store() -> Store {
    let mut store = Store::new(None, 4, Settings { max_slots: 5, ..Settings::new(Precision::Exact) }).unwrap();
    add(&mut store, &[(0, 0), (1, 1), (2, 2), (3, 3)]).unwrap();
    let removed = id(1);
    store.remove(Key::parse(&removed)).unwrap();
    store
}

fn add(store: &mut Store, pairs: &[(u8, u8)]) -> Result<Vec<i64>> {
    let texts: Vec<String> = pairs.iter().map(|&(n, _)| id(n)).collect();
    let keys: Vec<Key<'_>> = texts.iter().map(|text| Key::parse(text)).collect();
    let rows: Vec<f32> = pairs.iter().flat_map(|&(_, n)| row(n)).collect();
    store.add_batch(&keys, &rows, D)
}

fn refused(pairs: &[(u8, u8)], expected: Error) {
    let mut store = store();
    let before = (store.size(), format!("{:?}", store.layout().unwrap()));
    assert_eq!(add(&mut store, pairs), Err(expected));
    store.contents().unwrap().vectors.check_invariants();
    assert_eq!((store.size(), format!("{:?}", store.layout().unwrap())), before);
    // The freed index comes first, then the next, and a row that is there takes none, though the store is full.
    assert_eq!(add(&mut store, &[(7, 7), (8, 8), (9, 7), (10, 0)]), Ok(vec![1, 4, 1, 0]));
    store.contents().unwrap().vectors.check_invariants();
}

#[test]
fn a_batch_beyond_the_limit_says_how_many_all_would_be() {
    refused(&[(20, 20), (21, 21), (22, 0), (23, 23), (24, 23), (25, 25)], Error::Full { limit: 5, needed: 7 });
}

#[test]
fn an_id_that_is_there_or_comes_twice_takes_all_back() {
    refused(&[(20, 20), (3, 21), (20, 22)], Error::Duplicate { position: 1, repeated: false });
    refused(&[(20, 20), (21, 21), (20, 22)], Error::Duplicate { position: 2, repeated: true });
}

/// Of batches as large as this, another thread finds the pages for the rows.
#[test]
fn a_large_batch_does_what_its_rows_do_one_by_one() {
    const WIDE: usize = 1024;
    let texts: Vec<String> = (0..1500).map(|n| format!("id {n}")).collect();
    let keys: Vec<Key<'_>> = texts.iter().map(|text| Key::parse(text)).collect();
    let rows: Vec<f32> = (0..1500).flat_map(|n: u16| [f32::from(n % 1100); WIDE]).collect();
    let new = || Store::new(None, 4, Settings::new(Precision::Exact)).unwrap();
    let (mut single, mut added, mut upserted) = (new(), new(), new());
    let one_by_one = keys.iter().zip(rows.chunks_exact(WIDE)).map(|(&key, row)| i64::from(single.add(key, row).unwrap()));
    let indices: Vec<i64> = one_by_one.collect();
    assert_eq!(added.add_batch(&keys, &rows, WIDE), Ok(indices.clone()));
    assert_eq!(upserted.upsert_batch(&keys, &rows, WIDE), Ok(indices.clone()));
    for store in [single, added, upserted] {
        store.contents().unwrap().vectors.check_invariants();
        let mut found = vec![0.0; rows.len()];
        store.copy_rows_at(&indices, &mut found).unwrap();
        assert!(found == rows);
    }
}
