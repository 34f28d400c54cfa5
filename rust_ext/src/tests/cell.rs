//! A store behind its lock.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::channel;
use std::thread;

use crate::{Cell, Error, Kept, Key, Metric, Precision, Query, Settings, Store};

fn store() -> Store {
    let mut store = Store::new(None, 10, Settings::new(Precision::Decimals(6))).unwrap();
    store.add(Key::parse("a"), &[1.0, 2.0]).unwrap();
    store
}

fn open(kept: Kept) -> Cell {
    let cell = Cell::default();
    cell.replace(Some(store()), kept);
    cell
}

fn find(store: &Store) -> Result<Option<u32>, Error> {
    store.find_row(&[1.0, 2.0])
}

fn remove(store: &mut Store) -> Result<bool, Error> {
    store.remove(Key::parse("a"))
}

#[test]
fn a_cell_without_a_store_is_closed() {
    let cell = Cell::default();
    assert_eq!((cell.read(find), cell.write(remove), cell.dimension()), (Err(Error::Closed), Err(Error::Closed), None));
    cell.replace(Some(store()), Kept::InMemory);
    assert_eq!((cell.read(find), cell.dimension()), (Ok(Some(0)), Some(2)));
    cell.replace(None, Kept::InMemory);
    assert_eq!((cell.read(find), cell.dimension()), (Err(Error::Closed), Some(2)));
}

#[test]
fn what_a_step_refuses_is_told() {
    let cell = open(Kept::Written);
    assert_eq!(cell.write(|store| store.add(Key::parse("a"), &[3.0, 4.0])), Err(Error::Duplicate { position: 0, repeated: false }));
    assert_eq!(cell.write(remove), Ok(true));
    assert_eq!(cell.read(find), Ok(None));
}

#[test]
fn a_reader_looks_and_does_not_change() {
    let cell = open(Kept::Read);
    assert_eq!((cell.read(find), cell.write(remove), cell.read(find)), (Ok(Some(0)), Err(Error::ReadOnly), Ok(Some(0))));
}

#[test]
fn a_panic_in_a_change_is_remembered_and_one_in_a_look_is_not() {
    let cell = open(Kept::InMemory);
    assert!(catch_unwind(AssertUnwindSafe(|| cell.read(|_| -> Result<(), Error> { panic!("on purpose") }))).is_err());
    assert_eq!(cell.read(find), Ok(Some(0)));
    assert!(catch_unwind(AssertUnwindSafe(|| cell.write(|_| -> Result<(), Error> { panic!("on purpose") }))).is_err());
    assert_eq!((cell.read(find), cell.write(remove)), (Err(Error::Panicked), Err(Error::Panicked)));
    cell.replace(None, Kept::InMemory);
    assert_eq!(cell.read(find), Err(Error::Closed));
}

#[test]
fn a_step_is_handed_back_while_another_is_at_work() {
    let (cell, (begun, has_begun), (end, may_end)) = (open(Kept::InMemory), channel(), channel::<()>());
    thread::scope(|scope| {
        let cell = &cell;
        scope.spawn(move || {
            cell.write(|store| {
                begun.send(()).unwrap();
                may_end.recv().unwrap();
                remove(store)
            })
        });
        has_begun.recv().unwrap();
        let step = cell.read_now(find).expect_err("it is at work");
        assert!(cell.write_now(remove).is_err());
        end.send(()).unwrap();
        assert_eq!(cell.read(step), Ok(None), "it waited");
    });
    assert!(cell.read_now(find).is_ok_and(|found| found == Ok(None)));
}

#[test]
fn a_reader_has_the_content_of_another_and_nobody_elses() {
    let (cell, other) = (open(Kept::Read), open(Kept::Read));
    cell.adopt(&other);
    assert_eq!((cell.read(find), cell.write(remove), other.read(find)), (Ok(Some(0)), Err(Error::ReadOnly), Err(Error::Closed)));
    assert!(catch_unwind(AssertUnwindSafe(|| cell.adopt(&open(Kept::Written)))).is_err());
    assert_eq!(cell.read(find), Ok(Some(0)));
}

#[test]
fn a_search_is_of_one_moment() {
    let cell = open(Kept::InMemory);
    cell.write(|store| store.add_batch(&[Key::parse("b"), Key::parse("c")], &[0.0, 1.0, 1.0, 0.0], 2)).unwrap();
    let query = Query { rows: &[0.0, 1.0], dimension: 2, k: 1, metric: Metric::Dot, within: None, with_ids: true };
    let hits = cell.search(&query, &mut || ControlFlow::Continue(())).unwrap();
    assert_eq!((hits.indices, hits.members.unwrap().lists.len()), (vec![0], 1));
    cell.replace(None, Kept::InMemory);
    assert_eq!(cell.search(&query, &mut || ControlFlow::Continue(())).err(), Some(Error::Closed));
}

#[test]
fn hits_are_not_named_by_the_store_that_takes_the_place_of_theirs() {
    let (cell, other) = (open(Kept::Read), Cell::default());
    let mut later = Store::new(None, 10, Settings::new(Precision::Decimals(6))).unwrap();
    later.add(Key::parse("b"), &[3.0, 4.0]).unwrap();
    other.replace(Some(later), Kept::Read);
    let query = Query { rows: &[0.0, 1.0], dimension: 2, k: 1, metric: Metric::Dot, within: None, with_ids: true };
    let found = cell.read(|store| store.plan(&query)).unwrap().run(&mut || ControlFlow::Continue(())).unwrap();
    cell.adopt(&other);
    assert!(cell.read(|store| found.resolve(store)).unwrap().is_none());
}
