//! What was taken from a store at one moment: it never changes, whatever the store does, and makes the same store again.

use proptest::prelude::*;

use super::disk::Disk;
use super::naive::Naive;
use super::{D, Op, apply, compare, op, reopened, texts};
use crate::{Key, Precision, Settings, Snapshot, Store};

#[derive(Clone, Debug)]
enum Step {
    Do(Op),
    Take,
    /// Gives the oldest one back.
    Release,
    /// Goes on with the store that the rows make, `height` at a time.
    Reopen(usize),
    /// Goes on with the store in files.
    Map,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => op().prop_map(Step::Do),
        4 => Just(Step::Take),
        2 => Just(Step::Release),
        1 => (1usize..4).prop_map(Step::Reopen),
        1 => Just(Step::Map),
    ]
}

pub const SETTINGS: Settings = Settings { precision: Precision::Decimals(6), max_slots: u32::MAX, journaled: false, seed: Some(3) };

/// Has segments hold a few rows, on this thread, as long as it lives.
pub struct Tiny(());

pub fn tiny_segments() -> Tiny {
    crate::rows::TINY.set(true);
    Tiny(())
}

impl Drop for Tiny {
    fn drop(&mut self) {
        crate::rows::TINY.set(false);
    }
}

pub fn check(snapshot: &Snapshot, naive: &Naive) {
    assert_eq!(texts(&snapshot.layout.ids), naive.ids);
    let indices: Vec<_> = naive.ids.iter().map(|id| naive.index[id]).collect();
    assert_eq!(snapshot.layout.id_indices, indices);
    let by_slot: Vec<_> = snapshot.layout.slot_order.iter().map(|&position| &naive.ids[usize::try_from(position).unwrap()]).collect();
    assert_eq!(by_slot, naive.sharers.values().flatten().collect::<Vec<_>>());
    assert!(snapshot.rows.indices().iter().map(|&index| i64::from(index)).eq(naive.rows.keys().copied()));
    for (position, row) in naive.rows.values().enumerate() {
        assert_eq!(snapshot.rows.row(position).unwrap(), row);
    }
}

proptest! {
    #[test]
    fn snapshots_stay_as_they_were(steps in prop::collection::vec(step(), 1..60), dimension in prop::option::of(Just(D))) {
        let mut store = Store::new(dimension, 2, SETTINGS).unwrap();
        let mut naive = Naive { capacity: 2, ..Naive::default() };
        let (mut taken, mut disks) = (Vec::new(), Vec::new());
        for step in &steps {
            match step {
                Step::Do(op) => apply(&mut store, &mut naive, op),
                Step::Take => taken.push((store.snapshot().unwrap(), naive.clone())),
                Step::Release => drop(taken.drain(..taken.len().min(1))),
                Step::Reopen(height) => store = reopened(&store.snapshot().unwrap(), SETTINGS, *height),
                Step::Map => {
                    let disk = Disk::of(&store);
                    store = disk.open(SETTINGS, false);
                    let then = disk.content();
                    disks.push((disk, then));
                }
            }
            compare(&store, &naive);
            for (snapshot, then) in &taken {
                check(snapshot, then);
            }
        }
        drop((store, taken));
        for (disk, then) in disks {
            prop_assert!(disk.content() == then);
        }
    }
}

#[test]
fn a_snapshot_is_read_while_the_store_changes() {
    let mut store = Store::new(Some(D), 2, SETTINGS).unwrap();
    let ids: Vec<_> = (0..64).map(Key::uuid).collect();
    let rows = |round: u16| (0u16..64).flat_map(|n| [f32::from(round), f32::from(n), 1.0]).collect::<Vec<_>>();
    store.add_batch(&ids, &rows(0), D).unwrap();
    for round in 1..50 {
        let taken = store.snapshot().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut all = vec![0.0; 64 * D];
                taken.rows.copy(0, &mut all).unwrap();
                let then = f32::from(round - 1).to_bits();
                assert!(all.as_chunks::<D>().0.iter().all(|[first, ..]| first.to_bits() == then));
            });
            store.remove_batch(&ids).unwrap();
            store.add_batch(&ids, &rows(round), D).unwrap();
        });
    }
}
