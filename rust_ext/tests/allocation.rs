//! Every operation with every one of its allocations failing: it says so, and the store is as it was.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ops::ControlFlow;
use std::ptr;

use rust_vector_store::{
    Error, Event, Id, Key, Metric, Precision, Query, Restore, Result, Saved, Settings, Snapshot, Store, set_num_threads,
};

thread_local! {
    /// How many more allocations of this thread succeed; `None`: all.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

struct Scarce;

/// Whether the next allocation of this thread is to be had.
fn granted() -> bool {
    let left = LEFT.get();
    LEFT.set(left.map(|left| left.saturating_sub(1)));
    left != Some(0)
}

// SAFETY: memory comes from the system's allocator; null says that there is none.
unsafe impl GlobalAlloc for Scarce {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: promised by the caller.
        if granted() { unsafe { System.alloc(layout) } } else { ptr::null_mut() }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: promised by the caller.
        if granted() { unsafe { System.alloc_zeroed(layout) } } else { ptr::null_mut() }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: promised by the caller.
        if granted() { unsafe { System.realloc(memory, layout, size) } } else { ptr::null_mut() }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: promised by the caller.
        unsafe { System.dealloc(memory, layout) };
    }
}

#[global_allocator]
static ALLOCATOR: Scarce = Scarce;

/// Runs `step` with `left` allocations.
fn with_allocations<T>(left: usize, step: impl FnOnce() -> T) -> T {
    LEFT.set(Some(left));
    let done = step();
    LEFT.set(None);
    done
}

/// Fails the first allocation, then the second and so on, of a step that leaves nothing behind.
fn until_it_succeeds<T>(step: impl Fn() -> Result<T>) -> T {
    (0..)
        .find_map(|left| match with_allocations(left, &step) {
            Ok(done) => Some(done),
            Err(error) => {
                assert_eq!(error, Error::Memory);
                None
            }
        })
        .unwrap()
}

/// Everything that can be seen of a store.
#[derive(Debug, PartialEq)]
struct Content {
    ids: Vec<String>,
    id_indices: Vec<i64>,
    slot_order: Vec<i64>,
    counts: (usize, u64, Option<usize>),
    rows: Vec<Vec<u32>>,
    freed: Vec<u32>,
    events: Vec<Event>,
}

fn content(store: &Store) -> Content {
    let Snapshot { layout, rows } = store.snapshot().unwrap();
    let changes = store.changes().unwrap();
    for (position, &index) in rows.indices().iter().enumerate() {
        assert_eq!(store.find_row(rows.row(position).unwrap()), Ok(Some(index)));
    }
    for (id, &index) in layout.ids.iter().zip(&layout.id_indices) {
        assert_eq!(store.find(id.key()).map(i64::from), Some(index));
    }
    Content {
        ids: layout.ids.iter().map(|id| id.with_text(str::to_owned)).collect(),
        id_indices: layout.id_indices,
        slot_order: layout.slot_order,
        counts: (layout.allocated, layout.capacity, layout.dimension),
        rows: (0..rows.len()).map(|position| rows.row(position).unwrap().iter().map(|x| x.to_bits()).collect()).collect(),
        freed: changes.freed,
        events: changes.events,
    }
}

const D: usize = 8;

fn row(n: u16) -> Vec<f32> {
    let mut row = vec![0.25; D];
    row[usize::from(n) % D] = f32::from(n) + 1.0;
    row
}

fn rows(numbers: &[u16]) -> Vec<f32> {
    numbers.iter().flat_map(|&n| row(n)).collect()
}

fn keys(texts: &[String]) -> Vec<Key<'_>> {
    texts.iter().map(|text| Key::parse(text)).collect()
}

fn texts(numbers: impl Iterator<Item = u16>) -> Vec<String> {
    numbers.map(|n| if n.is_multiple_of(3) { format!("00000000-0000-0000-0000-0000000000{n:02x}") } else { format!("id {n}") }).collect()
}

/// Some ids that share, some freed indices, and, in a journaled store, some that are held back and some that are reusable again. With
/// some `more` or other, whatever grows is full, so that one more item needs memory.
fn filled(journaled: bool, more: u16) -> Store {
    let mut store = Store::new(None, 4, Settings { journaled, ..Settings::new(Precision::Decimals(6)) }).unwrap();
    let ids = texts(0..7);
    store.add_batch(&keys(&ids), &rows(&[1, 2, 3, 1, 4, 5, 6]), D).unwrap();
    store.remove_batch(&keys(&ids[1..3])).unwrap();
    store.forget_changes(store.changes().unwrap().upto);
    store.reclaim(&[1]).unwrap();
    store.upsert(Key::parse(&ids[4]), &row(7)).unwrap();
    (0..more).for_each(|n| _ = store.add(Key::uuid(1000 + u128::from(n)), &row(40 + n)).unwrap());
    store
}

/// Fails the first allocation of `step`, then the second and so on, until it succeeds.
fn fail_each<T>(journaled: bool, shared: bool, more: u16, step: impl Fn(&mut Store) -> Result<T>) {
    let before = content(&filled(journaled, more));
    for left in 0.. {
        let mut store = filled(journaled, more);
        let snapshot = shared.then(|| store.snapshot().unwrap());
        let done = with_allocations(left, || step(&mut store));
        if let Some(snapshot) = snapshot {
            let rows: Vec<Vec<u32>> =
                (0..snapshot.rows.len()).map(|at| snapshot.rows.row(at).unwrap().iter().map(|x| x.to_bits()).collect()).collect();
            assert_eq!(rows, before.rows);
        }
        match done {
            Ok(_) => return,
            Err(error) => assert_eq!(error, Error::Memory),
        }
        assert_eq!(content(&store), before, "after {left} allocations");
        // What a failed step has reserved must not keep the next one from its work.
        step(&mut store).unwrap();
        let mut other = filled(journaled, more);
        step(&mut other).unwrap();
        assert_eq!(content(&store), content(&other), "after {left} allocations");
    }
}

fn fail_everywhere<T>(step: impl Fn(&mut Store) -> Result<T>) {
    for more in 0..5 {
        for (journaled, shared) in [(false, false), (false, true), (true, false), (true, true)] {
            fail_each(journaled, shared, more, &step);
        }
    }
}

#[test]
fn single_steps() {
    let (stored, new) = (row(1), row(9));
    let long = "a long id".repeat(20);
    fail_everywhere(|store| store.add(Key::Text(&long), &stored));
    fail_everywhere(|store| store.add(Key::Text(&long), &new));
    fail_everywhere(|store| store.upsert(Key::parse("id 4"), &stored));
    fail_everywhere(|store| store.upsert(Key::parse("id 4"), &new));
    fail_everywhere(|store| store.upsert(Key::Text(&long), &new));
    fail_everywhere(|store| store.remove(Key::parse("id 4")));
    fail_everywhere(Store::clear);
    fail_everywhere(|store| store.reclaim(&[2, 4]));
}

#[test]
fn batches() {
    let added = texts(10..15);
    let (added, some) = (keys(&added), rows(&[20, 1, 20, 21, 22]));
    fail_everywhere(|store| store.add_batch(&added, &some, D));
    let upserted = texts(3..9);
    let (upserted, others) = (keys(&upserted), rows(&[20, 4, 1, 20, 21, 5]));
    fail_everywhere(|store| store.upsert_batch(&upserted, &others, D));
    fail_everywhere(|store| store.remove_batch(&upserted));
}

#[test]
fn a_batch_may_take_what_it_frees_in_shared_memory() {
    let ids = texts(3..7);
    let (ids, swapped) = (keys(&ids), rows(&[30, 31, 32, 33]));
    fail_everywhere(|store| store.upsert_batch(&ids, &swapped, D));
}

#[test]
fn rows_in_several_segments() {
    let dimension = 300_000;
    let rows: Vec<f32> = (0u8..3).flat_map(|n| vec![f32::from(n); dimension]).collect();
    let ids = [1, 2, 3].map(Key::uuid);
    let store = until_it_succeeds(|| {
        let mut store = Store::new(Some(dimension), 4, Settings::new(Precision::Exact))?;
        let added = store.add_batch(&ids, &rows, dimension);
        if added.is_err() {
            assert_eq!((store.size().unique, store.size().allocated), (0, 0));
        }
        added.map(|_| store)
    });
    assert_eq!(store.row_of(ids[2]).unwrap().unwrap(), &rows[2 * dimension..]);
}

#[test]
fn the_first_vector() {
    let some = row(1);
    for left in 0.. {
        let mut store = Store::new(None, 4, Settings { journaled: true, ..Settings::new(Precision::Exact) }).unwrap();
        match with_allocations(left, || store.add(Key::Text("a"), &some)) {
            Ok(index) => return assert_eq!(index, 0),
            Err(error) => assert_eq!((error, store.dimension(), store.size().references), (Error::Memory, None, 0)),
        }
    }
}

#[test]
fn reading() {
    let ids = texts(3..7);
    let ids = keys(&ids);
    let mut out = vec![0.0; 2 * D];
    let place = std::cell::RefCell::new(&mut out);
    fail_everywhere(|store| store.ids());
    fail_everywhere(|store| store.ids_at(0));
    fail_everywhere(|store| store.indices());
    fail_everywhere(|store| store.indices_of(&ids));
    fail_everywhere(|store| store.refcounts(&[0, 4]));
    fail_everywhere(|store| store.copy_rows_of(&ids[..2], &mut place.borrow_mut()[..]));
    fail_everywhere(|store| store.copy_rows_at(&[0, 4], &mut place.borrow_mut()[..]));
    fail_everywhere(|store| store.snapshot().map(drop));
    fail_everywhere(|store| store.layout().map(drop));
    fail_everywhere(|store| store.changes().map(drop));
}

#[test]
fn searches() {
    let ids = texts(3..7);
    let (ids, queries) = (keys(&ids), rows(&[1, 4, 5, 6, 7, 8, 9, 10]));
    for metric in [Metric::Cosine, Metric::Euclidean] {
        for within in [None, Some(&ids[..])] {
            let query = Query { rows: &queries, dimension: D, k: 3, metric, within, with_ids: true };
            fail_each(false, false, 0, |store| store.search(&query, &mut || ControlFlow::Continue(())).map(drop));
            fail_each(false, true, 0, |store| store.plan(&query)?.run(&mut || ControlFlow::Continue(()))?.resolve(store).map(drop));
        }
    }
}

#[test]
fn a_large_search_goes_without_codes() {
    const D: usize = 64;
    set_num_threads(1);
    let (texts, rows) = (texts(0..10_000), (0..640_000u32).map(|n| f32::from((n % 1009 * n % 97) as u8)).collect::<Vec<_>>());
    let query = Query { rows: &rows[..D], dimension: D, k: 3, metric: Metric::Dot, within: None, with_ids: false };
    let search = |store: &Store| store.search(&query, &mut || ControlFlow::Continue(())).map(|hits| (hits.indices, hits.scores));
    let store = || {
        let mut store = Store::new(Some(D), 1, Settings::new(Precision::Exact)).unwrap();
        store.add_batch(&keys(&texts), &rows, D).unwrap();
        store
    };
    let expected = search(&store()).unwrap();
    let found: Vec<_> = (0..40)
        .map(|left| {
            let store = store();
            with_allocations(left, || search(&store))
        })
        .collect();
    assert!(found.iter().filter(|one| **one == Ok(expected.clone())).count() > 1);
    assert!(found.iter().all(|one| *one == Err(Error::Memory) || *one == Ok(expected.clone())));
}

#[test]
fn opening_and_restoring() {
    let snapshot = filled(false, 0).snapshot().unwrap();
    let layout = &snapshot.layout;
    let keys: Vec<_> = layout.ids.iter().map(Id::key).collect();
    let saved = Saved {
        ids: &keys,
        id_indices: &layout.id_indices,
        slot_order: &layout.slot_order,
        allocated: layout.allocated,
        capacity: layout.capacity,
        dimension: layout.dimension,
    };
    let mut all = vec![0.0; snapshot.rows.len() * D];
    snapshot.rows.copy(0, &mut all).unwrap();
    let settings = Settings::new(Precision::Decimals(6));
    let restore = || {
        let mut restore = Restore::begin(settings, saved)?;
        all.chunks(2 * D).try_for_each(|block| restore.push_rows(block))?;
        restore.finish()
    };
    assert_eq!(content(&until_it_succeeds(restore)), content(&filled(false, 0)));
    until_it_succeeds(|| Store::new(Some(D), 9, settings));
}
