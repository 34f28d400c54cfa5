//! What was taken from a store at one moment: it never changes, whatever the store does, and makes the same store again.

use std::sync::Arc;

use proptest::prelude::*;

use super::naive::Naive;
use super::{D, Op, apply, compare, op, reopened, saved, texts};
use crate::{Id, Key, Mapped, Precision, Restore, Settings, Snapshot, Store};

#[derive(Clone, Debug)]
enum Step {
    Do(Op),
    Take,
    /// Gives the oldest one back.
    Release,
    /// Goes on with the store that the rows make, `height` at a time.
    Reopen(usize),
    /// Goes on with the store that the rows make, in memory of somebody else.
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

pub const SETTINGS: Settings = Settings { precision: Precision::Decimals(6), max_slots: u32::MAX, journaled: false, seed: None };

/// The same store on memory in which freed rows hold anything.
pub fn mapped(snapshot: &Snapshot) -> (Store, Arc<Vec<f32>>) {
    let keys: Vec<_> = snapshot.layout.ids.iter().map(Id::key).collect();
    let mut file = vec![f32::NAN; snapshot.layout.allocated * snapshot.rows.dimension()];
    for (position, &index) in snapshot.rows.indices().iter().enumerate() {
        file[index as usize * D..][..D].copy_from_slice(snapshot.rows.row(position));
    }
    let file = Arc::new(file);
    let mut restore = Restore::begin(SETTINGS, saved(snapshot, &keys)).unwrap();
    // SAFETY: the vector is not changed as long as somebody holds it.
    restore.map_rows(&unsafe { Mapped::new(file.as_slice(), file.clone()) }).unwrap();
    (restore.finish().unwrap(), file)
}

fn check(snapshot: &Snapshot, naive: &Naive) {
    assert_eq!(texts(&snapshot.layout.ids), naive.ids);
    let indices: Vec<_> = naive.ids.iter().map(|id| naive.index[id]).collect();
    assert_eq!(snapshot.layout.id_indices, indices);
    let by_slot: Vec<_> = snapshot.layout.slot_order.iter().map(|&position| &naive.ids[usize::try_from(position).unwrap()]).collect();
    assert_eq!(by_slot, naive.sharers.values().flatten().collect::<Vec<_>>());
    assert!(snapshot.rows.indices().iter().map(|&index| i64::from(index)).eq(naive.rows.keys().copied()));
    for (position, row) in naive.rows.values().enumerate() {
        assert_eq!(snapshot.rows.row(position), row);
    }
}

proptest! {
    #[test]
    fn snapshots_stay_as_they_were(steps in prop::collection::vec(step(), 1..60), dimension in prop::option::of(Just(D))) {
        let mut store = Store::new(dimension, 2, SETTINGS).unwrap();
        let mut naive = Naive { capacity: 2, ..Naive::default() };
        let (mut taken, mut files) = (Vec::new(), Vec::new());
        for step in &steps {
            match step {
                Step::Do(op) => apply(&mut store, &mut naive, op),
                Step::Take => taken.push((store.snapshot().unwrap(), naive.clone())),
                Step::Release => drop(taken.drain(..taken.len().min(1))),
                Step::Reopen(height) => store = reopened(&store.snapshot().unwrap(), SETTINGS, *height),
                Step::Map => {
                    let (again, file) = mapped(&store.snapshot().unwrap());
                    store = again;
                    files.push((file.clone(), file.iter().map(|x| x.to_bits()).collect::<Vec<_>>()));
                }
            }
            compare(&store, &naive);
            for (snapshot, then) in &taken {
                check(snapshot, then);
            }
        }
        drop((store, taken));
        for (file, then) in files {
            prop_assert!(file.iter().map(|x| x.to_bits()).eq(then));
            prop_assert_eq!(Arc::strong_count(&file), 1);
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
                taken.rows.copy(0, &mut all);
                let then = f32::from(round - 1).to_bits();
                assert!(all.as_chunks::<D>().0.iter().all(|[first, ..]| first.to_bits() == then));
            });
            store.remove_batch(&ids).unwrap();
            store.add_batch(&ids, &rows(round), D).unwrap();
        });
    }
}

#[test]
fn mapped_rows_must_fit_the_layout() {
    let mut store = Store::new(Some(D), 2, SETTINGS).unwrap();
    store.add_batch(&[1, 2].map(Key::uuid), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], D).unwrap();
    let snapshot = store.snapshot().unwrap();
    let keys: Vec<_> = snapshot.layout.ids.iter().map(Id::key).collect();
    for (len, fits) in [(0, false), (3, false), (4, false), (6, true), (9, false)] {
        let file = Arc::new((0u8..len).map(f32::from).collect::<Vec<_>>());
        let mut restore = Restore::begin(SETTINGS, saved(&snapshot, &keys)).unwrap();
        // SAFETY: the vector is not changed as long as somebody holds it.
        let done = restore.map_rows(&unsafe { Mapped::new(file.as_slice(), file.clone()) });
        assert_eq!(done.is_ok(), fits, "{len}");
    }
}
