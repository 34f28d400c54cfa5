//! A journaled store, and a second one that is told only what the journal hands over.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::naive::Naive;
use super::{D, Op, apply, compare, id, op, row, texts};
use crate::{Changes, Error, Event, Key, Precision, Settings, Store};

const SETTINGS: Settings = Settings { precision: Precision::Decimals(6), max_slots: u32::MAX, journaled: true, seed: None };

#[derive(Clone, Debug)]
enum Step {
    Do(Op),
    /// Looks at the changes.
    Look,
    /// Completes what was looked at last: forgets the changes and reclaims what was freed.
    Complete,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![6 => op().prop_map(Step::Do), 2 => Just(Step::Look), 2 => Just(Step::Complete)]
}

#[derive(Debug, Default, PartialEq)]
struct Replica {
    ids: Vec<String>,
    sharers: BTreeMap<i64, Vec<String>>,
    rows: BTreeMap<i64, Vec<f32>>,
}

impl Replica {
    fn replay(&mut self, changes: &Changes) {
        changes.events.iter().for_each(|event| match event {
            Event::Put { id, index } => self.put(id.with_text(str::to_owned), i64::from(*index)),
            Event::Drop { id } => self.drop(&id.with_text(str::to_owned)),
            Event::Clear => *self = Self::default(),
        });
        for (position, &index) in changes.rows.indices().iter().enumerate() {
            self.rows.insert(index.into(), changes.rows.row(position).unwrap().to_vec());
        }
        self.sharers.retain(|_, ids| !ids.is_empty());
        let sharers = &self.sharers;
        self.rows.retain(|index, _| sharers.contains_key(index));
    }

    fn put(&mut self, id: String, index: i64) {
        self.leave(&id);
        if !self.ids.contains(&id) {
            self.ids.push(id.clone());
        }
        self.sharers.entry(index).or_default().push(id);
    }

    fn drop(&mut self, id: &str) {
        self.leave(id);
        self.ids.retain(|other| other != id);
    }

    fn leave(&mut self, id: &str) {
        self.sharers.values_mut().for_each(|ids| ids.retain(|other| other != id));
    }
}

fn look(store: &Store, naive: &Naive) -> (Changes, Replica) {
    let changes = store.changes().unwrap();
    assert!(changes.freed.iter().map(|&index| i64::from(index)).eq(naive.held.iter().flatten().copied()));
    assert_eq!(changes.size, store.size());
    let rows = naive.rows.iter().map(|(&index, row)| (index, row.to_vec())).collect();
    (changes, Replica { ids: naive.ids.clone(), sharers: naive.sharers.clone(), rows })
}

proptest! {
    #[test]
    fn replayed_changes_make_the_same_store(steps in prop::collection::vec(step(), 1..80), dimension in prop::option::of(Just(D))) {
        let mut store = Store::new(dimension, 2, SETTINGS).unwrap();
        let mut naive = Naive { capacity: 2, held: Some(std::collections::BTreeSet::new()), ..Naive::default() };
        let (mut replica, mut looked) = (Replica::default(), None);
        for step in &steps {
            match step {
                Step::Do(op) => apply(&mut store, &mut naive, op),
                Step::Look => looked = Some(look(&store, &naive)),
                Step::Complete => if let Some((changes, expected)) = looked.take() {
                    replica.replay(&changes);
                    prop_assert_eq!(&replica, &expected);
                    store.forget_changes(changes.upto);
                    let freed: Vec<_> = changes.freed.iter().map(|&index| i64::from(index)).collect();
                    store.reclaim(&freed).unwrap();
                    naive.held.iter_mut().for_each(|held| held.retain(|index| !freed.contains(index)));
                },
            }
            compare(&store, &naive);
        }
        replica.replay(&store.changes().unwrap());
        prop_assert_eq!(replica, look(&store, &naive).1);
    }
}

fn one(text: &str) -> Key<'_> {
    Key::parse(text)
}

#[test]
fn a_freed_index_waits_until_it_is_reclaimed() {
    let mut store = Store::new(None, 1, SETTINGS).unwrap();
    (0..3).for_each(|n| assert_eq!(store.add(one(&id(n)), &row(2 * n)), Ok(n.into())));
    assert_eq!(store.remove_batch(&[one(&id(0)), one(&id(1))]), Ok(2));
    assert_eq!(store.changes().unwrap().freed, [0, 1]);
    assert_eq!(store.add(one("new"), &row(20)), Ok(3));
    // An active index, one that was never allocated, and no index at all.
    store.reclaim(&[1, 2, 99, -1, i64::MAX]).unwrap();
    assert_eq!(store.changes().unwrap().freed, [0]);
    assert_eq!(store.add(one("newer"), &row(22)), Ok(1));
    assert_eq!(store.add(one("newest"), &row(23)), Ok(1));
    assert_eq!(store.size().allocated, 4);
}

#[test]
fn what_is_held_back_counts_towards_the_limit() {
    let mut store = Store::new(None, 1, Settings { max_slots: 2, ..SETTINGS }).unwrap();
    store.add_batch(&[one("a"), one("b")], &[1.0, 2.0], 1).unwrap();
    store.remove(one("a")).unwrap();
    let full = Error::Full { limit: 2, needed: 3 };
    assert_eq!(store.add(one("c"), &[3.0]), Err(full));
    assert_eq!(store.upsert_batch(&[one("b")], &[4.0], 1), Err(full));
    store.reclaim(&[0]).unwrap();
    assert_eq!(store.add(one("c"), &[3.0]), Ok(0));
}

#[test]
fn clearing_makes_earlier_changes_forgettable_and_keeps_later_ones() {
    let mut store = Store::new(None, 1, SETTINGS).unwrap();
    store.add(one("a"), &[1.0]).unwrap();
    let before = store.changes().unwrap();
    store.clear().unwrap();
    store.add(one("b"), &[2.0]).unwrap();
    store.forget_changes(before.upto);
    let after = store.changes().unwrap();
    assert!(matches!(&after.events[..], [Event::Clear, Event::Put { index: 1, .. }]), "{:?}", after.events);
    assert_eq!((after.rows.indices(), &after.freed[..]), (&[1][..], &[0][..]));
    store.forget_changes(after.upto);
    store.forget_changes(before.upto);
    assert_eq!(store.changes().unwrap().events, []);
    assert_eq!(texts(&store.ids().unwrap()), ["b"]);
}

#[test]
fn without_a_journal_there_are_no_changes() {
    let mut store = Store::new(None, 1, Settings { journaled: false, ..SETTINGS }).unwrap();
    store.add(one("a"), &[1.0]).unwrap();
    store.remove(one("a")).unwrap();
    let changes = store.changes().unwrap();
    assert!(changes.events.is_empty() && changes.rows.is_empty() && changes.freed.is_empty());
    assert_eq!(store.add(one("b"), &[2.0]), Ok(0));
}
