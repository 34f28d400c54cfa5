//! Stores whose rows are in a file, which is written to while they go on.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use proptest::prelude::*;

use super::disk::{Disk, refusal};
use super::naive::Naive;
use super::snapshots::{check, tiny_segments};
use super::{D, Op, apply, compare, id, op, row};
use crate::{Error, Key, Log, Metric, Packed, Precision, Query, Settings, Store};

const SETTINGS: Settings = Settings { precision: Precision::Decimals(6), max_slots: u32::MAX, journaled: true, seed: Some(5) };

#[derive(Clone, Debug)]
enum Step {
    Do(Op),
    Flush,
    /// Goes on with what is in the files, perhaps with free indices that others may still read.
    Reopen(bool),
    Take,
    Release,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => op().prop_map(Step::Do),
        4 => Just(Step::Flush),
        1 => any::<bool>().prop_map(Step::Reopen),
        2 => Just(Step::Take),
        1 => Just(Step::Release),
    ]
}

fn flush(store: &mut Store, naive: &mut Naive, disk: &mut Disk, observed: bool) {
    let changes = store.changes().unwrap();
    disk.flush(&changes);
    store.forget_changes(changes.upto);
    let freed: Vec<_> = changes.freed.iter().map(|&index| i64::from(index)).collect();
    drop(changes);
    store.settle(&disk.file(D)).unwrap();
    store.reclaim(&freed).unwrap();
    let held: BTreeSet<_> = store.changes().unwrap().freed.into_iter().map(i64::from).collect();
    assert!(held.is_empty() || observed && Some(&held) == naive.held.as_ref());
    naive.held = Some(held);
}

proptest! {
    #[test]
    fn a_store_is_what_was_flushed_and_snapshots_stay(steps in prop::collection::vec(step(), 1..80), dimension in prop::option::of(Just(D))) {
        let _tiny = tiny_segments();
        let mut store = Store::new(dimension, 2, SETTINGS).unwrap();
        let mut naive = Naive { capacity: 2, held: Some(BTreeSet::new()), ..Naive::default() };
        let (mut disk, mut flushed, mut taken) = (Disk::new(store.size()), naive.clone(), Vec::new());
        for step in &steps {
            match step {
                Step::Do(op) => apply(&mut store, &mut naive, op),
                Step::Flush => {
                    flush(&mut store, &mut naive, &mut disk, !taken.is_empty());
                    flushed = naive.clone();
                }
                Step::Reopen(held) => {
                    taken.clear();
                    store = disk.open(SETTINGS, *held);
                    naive = flushed.clone();
                    let free = (0..naive.allocated).filter(|index| *held && !naive.rows.contains_key(index));
                    naive.held = Some(free.collect());
                }
                Step::Take => taken.push((store.snapshot().unwrap(), naive.clone())),
                Step::Release => drop(taken.drain(..taken.len().min(1))),
            }
            compare(&store, &naive);
            for (snapshot, then) in &taken {
                check(snapshot, then);
            }
        }
    }
}

/// Rows 0 to 9, in a file that is opened.
fn ten() -> (Disk, Store) {
    let mut store = Store::new(Some(D), 2, SETTINGS).unwrap();
    (0..10).for_each(|n| assert_eq!(store.add(Key::parse(&id(n)), &row(2 * n)), Ok(n.into())));
    let disk = Disk::of(&store);
    let opened = disk.open(SETTINGS, false);
    (disk, opened)
}

fn whole(store: &Store) -> crate::Result<()> {
    store.all_rows()?.copy(0, &mut [0.0; 10 * D])
}

fn search(store: &Store, metric: Metric) -> crate::Result<()> {
    let query = Query { rows: &row(0), dimension: D, k: 3, metric, within: None, with_ids: true };
    store.search(&query, &mut || ControlFlow::Continue(())).map(drop)
}

#[test]
fn a_damaged_row_is_refused_by_all_that_read_it_and_by_nothing_else() {
    let (disk, mut store) = ten();
    disk.write(4, &[1.0; D]);
    let (refused, four) = (Error::Damaged { index: 4, number: 7 }, id(4));
    let ids = [id(3), id(4)];
    let keys = ids.each_ref().map(|id| Key::parse(id));
    for _ in 0..2 {
        assert_eq!(store.row_at(4).err(), Some(refused));
        assert_eq!(store.row_of(Key::parse(&four)).err(), Some(refused));
        let mut out = [9.0; 2 * D];
        assert_eq!(store.copy_rows_of(&keys, &mut out), Err(refused));
        assert_eq!(store.copy_rows_at(&[3, 4], &mut out), Err(refused));
        assert_eq!(out.map(f32::to_bits), [9f32.to_bits(); 2 * D]);
        assert_eq!(whole(&store), Err(refused));
        for metric in [Metric::Cosine, Metric::Dot, Metric::Euclidean] {
            assert_eq!(search(&store, metric), Err(refused));
        }
        // Its fingerprint leads to the row.
        assert_eq!(store.find_row(&row(8)), Err(refused));
        assert_eq!(store.add(Key::Text("new"), &row(8)), Err(refused));
        assert_eq!(store.upsert(Key::Text("new"), &row(8)), Err(refused));
        assert_eq!(store.add_batch(&[Key::Text("new"), Key::Text("newer")], &[row(99), row(8)].concat(), D), Err(refused));
        assert_eq!(store.upsert_batch(&[Key::Text("new"), Key::Text("newer")], &[row(99), row(8)].concat(), D), Err(refused));
        assert_eq!((store.size().references, store.size().allocated), (10, 10));
        assert_eq!(store.row_at(3).unwrap(), row(6));
    }
    let store = disk.open(SETTINGS, false);
    assert_eq!(whole(&store), Err(refused));
    disk.write(4, &row(8));
    assert_eq!((whole(&store), search(&store, Metric::Cosine)), (Ok(()), Ok(())));
    assert_eq!(store.find_row(&row(8)), Ok(Some(4)));
}

#[test]
fn a_damaged_row_stays_refused_when_its_segment_is_copied() {
    let (disk, mut store) = ten();
    disk.write(4, &[1.0; D]);
    // The next row does not fit behind the file's last one.
    store.add(Key::Text("new"), &row(99)).unwrap();
    assert_eq!(store.row_at(4), Err(Error::Damaged { index: 4, number: 7 }));
    assert_eq!(store.row_at(3).unwrap(), row(6));
    store.remove(Key::parse(&id(4))).unwrap();
    store.reclaim(&[4]).unwrap();
    assert_eq!(store.add(Key::Text("newer"), &row(90)), Ok(4));
    assert_eq!(store.row_at(4).unwrap(), row(90));
}

#[test]
fn opening_reads_no_row() {
    let (disk, store) = ten();
    (0..10).for_each(|index| disk.write(index, &[f32::NAN; D]));
    drop(store);
    let store = disk.open(SETTINGS, false);
    assert_eq!(store.size().unique, 10);
    assert!((0..10).all(|index| store.row_at(index).is_err()));
}

#[test]
fn parts_that_contradict_each_other_are_refused() {
    let (disk, _) = ten();
    let refused = |change: fn(&mut crate::Stored<'_>)| refusal(disk.opened(SETTINGS, false, change));
    assert_eq!(refused(|stored| stored.size.unique += 1), "the counts are not those of the ids and rows");
    assert_eq!(refused(|stored| stored.size.capacity = 3), "the capacity is below the allocated indices");
    assert_eq!(refused(|stored| stored.size.dimension = None), "indices are allocated without a dimension");
    assert_eq!(refused(|stored| stored.sums = &stored.sums[1..]), "its checksums are not those of its rows");
    assert_eq!(refused(|stored| stored.indices = (&[0i64; 9]).into()), "its numbers are not those of its ids");
    assert_eq!(refused(|stored| stored.indices = (&[0; 10]).into()), "there are checksums without a row");
    assert_eq!(refused(|stored| stored.indices = (&[0, 1, 2, 3, 4, 5, 6, 7, 8, 10]).into()), "an index was never allocated");
    assert_eq!(refused(|stored| stored.slot_order = &[0; 10]), "slot_order names an id twice");
    assert_eq!(
        refused(|stored| stored.slot_order = &[9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        "slot_order does not go through the ids slot by slot"
    );
    assert_eq!(refused(|stored| stored.ids = Packed::Uuids(&[[0; 16]; 10])), "an id occurs twice");
    assert_eq!(refused(|stored| stored.ids = Packed::Texts { lengths: &[1; 10], text: "ab" }), "the ids do not fill their place");
    let logged = |ids, codes: &'static [i64], written: &'static [i64]| {
        let (sums, fingerprints) = (&[0u32; 3][..written.len()], &[0u32; 3][..written.len()]);
        let logs = [Log { ids: Packed::Uuids(ids), codes: codes.into(), written: written.into(), sums, fingerprints }];
        refusal(disk.opened(SETTINGS, false, |stored| stored.logs = Vec::from(logs).leak()))
    };
    assert_eq!(logged(&[[9; 16]], &[1], &[]), "its log drops an id that is not there");
    assert_eq!(logged(&[[9; 16]], &[99], &[]), "an index was never allocated");
    assert_eq!(logged(&[[9; 16]], &[], &[]), "the numbers of a log are not those of its ids");
    assert_eq!(logged(&[[9; 16]], &[2], &[77]), "an index was never allocated");
    assert_eq!(logged(&[[9; 16]], &[2], &[]), "the counts are not those of the ids and rows");
}

#[test]
fn identical_vectors_at_two_indices_are_refused() {
    let (disk, store) = ten();
    let (sum, hash) = (crc32fast::hash(&super::disk::bytes(&row(2))), store.contents().unwrap().vectors.slots[1].hash);
    disk.write(7, &row(2));
    let twice = |stored: &mut crate::Stored<'_>| {
        let (mut sums, mut fingerprints) = (stored.sums.to_vec(), stored.fingerprints.to_vec());
        (sums[7], fingerprints[7]) = (sum, hash);
        (stored.sums, stored.fingerprints) = (sums.leak(), fingerprints.leak());
    };
    assert_eq!(refusal(disk.opened(SETTINGS, false, twice)), "two indices hold identical vectors");
}

#[test]
fn a_file_that_is_too_short_is_refused() {
    let (disk, store) = ten();
    let short = |stored: &mut crate::Stored<'_>| stored.size.allocated = 20;
    assert_eq!(
        disk.opened(SETTINGS, false, |stored| {
            short(stored);
            stored.size.capacity = 20;
        })
        .unwrap()
        .size()
        .allocated,
        20
    );
    drop(store);
    let stored = |stored: &mut crate::Stored<'_>| {
        (stored.size.allocated, stored.size.capacity) = (20, 20);
        stored.indices = (&[0, 1, 2, 3, 4, 5, 6, 7, 8, 12]).into();
    };
    // Indices that are held back have rows, whoever references the others.
    for held in [false, true] {
        assert_eq!(refusal(disk.opened(SETTINGS, held, stored)), "a row is missing");
    }
}

#[test]
fn what_is_flushed_is_read_from_the_file() {
    let _tiny = tiny_segments();
    let mut store = Store::new(Some(D), 2, SETTINGS).unwrap();
    let mut disk = Disk::new(store.size());
    (0..11).for_each(|n| assert_eq!(store.add(Key::parse(&id(n)), &row(2 * n)), Ok(n.into())));
    let changes = store.changes().unwrap();
    disk.flush(&changes);
    store.forget_changes(changes.upto);
    drop(changes);
    store.add(Key::Text("later"), &row(99)).unwrap();
    store.settle(&disk.file(D)).unwrap();
    let mapped = |store: &Store| store.contents().unwrap().vectors.rows().mapped();
    let settled = mapped(&store);
    // The last segment is full, and one of its rows is in memory only.
    assert_eq!((settled, store.size().allocated), (8, 12));
    // A private page shows the file as long as nobody has written to it in memory.
    disk.write(1, &row(50));
    assert_eq!(store.row_at(1).unwrap(), row(50));
    disk.write(1, &row(2));
    // Rows are overwritten in place, and the file knows nothing of that.
    let before = disk.content();
    store.remove(Key::parse(&id(1))).unwrap();
    store.reclaim(&[1]).unwrap();
    assert_eq!(store.add(Key::Text("new"), &row(60)), Ok(1));
    assert_eq!((store.row_at(1).unwrap(), mapped(&store), disk.content() == before), (&row(60)[..], settled, true));
}

/// Codes take a quarter of the rows' memory, which rows in a file do not have.
#[test]
fn codes_of_mapped_rows_are_made_while_all_fit() {
    let _tiny = tiny_segments();
    let (disk, mut store) = ten();
    assert!(store.contents().unwrap().vectors.rows().coded());
    let mut settled = |most: usize| {
        store.allow_codes(most);
        store.settle(&disk.file(D)).unwrap();
        store.contents().unwrap().vectors.rows().coded()
    };
    assert_eq!((settled(10), settled(9), settled(10)), (true, false, true));
}

#[test]
fn another_file_takes_the_place_of_the_first() {
    let (disk, mut store) = ten();
    let other = Disk::of(&store);
    store.settle(&other.file(D)).unwrap();
    (0..10).for_each(|index| disk.write(index, &[f32::NAN; D]));
    (0..10).for_each(|index| assert_eq!(store.row_at(i64::from(index)).unwrap(), row(2 * index)));
}

#[test]
fn another_file_may_end_before_the_freed_rows() {
    let _tiny = tiny_segments();
    let (disk, mut store) = ten();
    let ids = [5, 6, 7, 8, 9].map(id);
    store.remove_batch(&ids.each_ref().map(|id| Key::parse(id))).unwrap();
    let upto = store.changes().unwrap().upto;
    store.forget_changes(upto);
    let other = Disk::new(store.size());
    (0..5).for_each(|index| other.write(usize::from(index), &row(2 * index)));
    store.settle(&other.file(D)).unwrap();
    assert_eq!(store.contents().unwrap().vectors.rows().mapped(), 4);
    (0..10).for_each(|index| disk.write(index, &[f32::NAN; D]));
    (0..5).for_each(|index| assert_eq!(store.row_at(i64::from(index)).unwrap(), row(2 * index)));
    store.reclaim(&[5, 6, 7, 8, 9]).unwrap();
    assert_eq!(store.add(Key::Text("new"), &row(90)), Ok(5));
}
