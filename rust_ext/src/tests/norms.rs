//! A store that searches all the time, so that it keeps the norms of its rows, against one that has never kept any.

use std::ops::ControlFlow;

use proptest::prelude::*;

use super::disk::Disk;
use super::naive::Naive;
use super::snapshots::SETTINGS;
use super::{D, Op, apply, op, reopened};
use crate::{Hits, Metric, Query, Store};

const COSINES: Query<'static> =
    Query { rows: &[1.0, -3.0, 0.5], dimension: D, k: usize::MAX, metric: Metric::Cosine, within: None, with_ids: false };

fn search(store: &Store) -> (Vec<i64>, Vec<u32>) {
    bits(&store.search(&COSINES, &mut || ControlFlow::Continue(())).unwrap())
}

fn bits(hits: &Hits) -> (Vec<i64>, Vec<u32>) {
    (hits.indices.clone(), hits.scores.iter().map(|score| score.to_bits()).collect())
}

proptest! {
    #[test]
    fn kept_norms_are_those_of_the_rows(ops in prop::collection::vec((op(), any::<bool>()), 1..30), others in prop::collection::vec((op(), any::<bool>()), 1..30), mapped in any::<bool>()) {
        let (mut store, mut naive) = (Store::new(Some(D), 2, SETTINGS).unwrap(), Naive { capacity: 2, ..Naive::default() });
        check(&mut store, &mut naive, &ops)?;
        let snapshot = store.snapshot().unwrap();
        let mut store = if mapped { Disk::of(&store).open(SETTINGS, false) } else { reopened(&snapshot, SETTINGS, 2) };
        check(&mut store, &mut naive, &others)?;
    }
}

fn check(store: &mut Store, naive: &mut Naive, ops: &[(Op, bool)]) -> Result<(), TestCaseError> {
    for (op, shared) in ops {
        // A search that was planned before sees the rows as they were; without one, they are overwritten in place.
        let (planned, before) = (shared.then(|| store.plan(&COSINES).unwrap()), search(store));
        apply(store, naive, op);
        if let Some(planned) = planned {
            let found = planned.run(&mut || ControlFlow::Continue(())).unwrap().resolve(store).unwrap().unwrap();
            prop_assert_eq!(bits(&found), before);
        }
        let fresh = reopened(&store.snapshot().unwrap(), SETTINGS, 2);
        prop_assert_eq!(search(store), search(&fresh));
        prop_assert_eq!(search(store), search(&fresh), "again, with every norm kept");
    }
    Ok(())
}
