//! Whole stores as plain data, what changed in them, and back.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::NativeStore;
use super::blocks::Blocks;
use super::door::methods;
use super::events::Events;
use super::ids::KeptIds;
use super::indices::Indices;
use super::made::{Any, array, ints, list, number, optional, size, texts, tuple};
use super::rows::with_rows;
use super::steps::{LONG, This, cell, read, work, write};
use super::stored::{opened, with_file};
use crate::{Kept, Precision, Restore, Saved, Settings, Snapshot, Store};

methods! { NativeStore:
    fn _open(this, spec: &Any<'py>, state: Option<&Any<'py>>) -> () { open(this, &spec.extract()?, state) }
    fn _close(this) -> () { replace(this, None, Kept::InMemory); Ok(()) }
    /// The arguments of `Layout`, and the blocks.
    fn _state(this) -> Any<'py> { state(this) }
    /// The arguments of `Changes`, the events as `Events`, and the numbers of the first event and of that after the last one.
    fn _pending(this) -> Any<'py> { pending(this) }
    fn _forget(this, upto: u64) -> () {
        Ok(write(this, 0, |store| {
            store.forget_changes(upto);
            Ok(())
        })?)
    }
    fn _reclaim(this, indices: &Any<'py>) -> () {
        let indices = Indices::new(indices, || Ok(()))?.found;
        Ok(write(this, 0, |store| store.reclaim(&indices))?)
    }
    fn _settle(this, rows: &Any<'py>) -> () { with_file(rows, |file| Ok(write(this, LONG, |store| store.settle(file))?)) }
    /// Has the content of another store in place of its own, which is given up.
    fn _adopt(this, other: &Bound<'py, NativeStore>) -> () {
        let (cell, other) = (cell(this), &other.get().cell);
        this.py().detach(|| cell.adopt(other));
        Ok(())
    }
}

/// What there is of an `OpenSpec`.
#[derive(FromPyObject)]
struct Spec {
    dimension: Option<usize>,
    initial_capacity: u64,
    #[pyo3(from_py_with = precision)]
    precision: Precision,
    seed: Option<u64>,
    journaled: bool,
}

pub fn precision(given: &Any<'_>) -> PyResult<Precision> {
    match given.cast::<PyString>() {
        Ok(text) if text.to_str()? == "exact" => Ok(Precision::Exact),
        _ => Ok(Precision::Decimals(given.extract()?)),
    }
}

fn open(this: This<'_, '_>, spec: &Spec, state: Option<&Any<'_>>) -> PyResult<()> {
    let settings = Settings { seed: spec.seed, journaled: spec.journaled, ..Settings::new(spec.precision) };
    let stored = state.map(|state| state.getattr(intern!(this.py(), "stored"))).transpose()?.filter(|stored| !stored.is_none());
    let (store, kept) = match (stored, state) {
        (Some(stored), _) => (opened(settings, spec.dimension, &stored)?, if spec.journaled { Kept::Written } else { Kept::Read }),
        (None, Some(state)) => (restored(this, spec.dimension, settings, state)?, Kept::InMemory),
        (None, None) => (Store::new(spec.dimension, spec.initial_capacity, settings)?, Kept::InMemory),
    };
    replace(this, Some(store), kept);
    Ok(())
}

fn replace(this: This<'_, '_>, store: Option<Store>, kept: Kept) {
    let cell = cell(this);
    this.py().detach(|| cell.replace(store, kept));
}

fn restored(this: This<'_, '_>, dimension: Option<usize>, settings: Settings, state: &Any<'_>) -> PyResult<Store> {
    #[derive(FromPyObject)]
    struct Given<'py> {
        ids: Any<'py>,
        id_indices: Any<'py>,
        slot_order: Any<'py>,
        allocated: usize,
        capacity: u64,
        dimension: Option<usize>,
    }
    let py = this.py();
    let layout: Given<'_> = state.getattr(intern!(py, "layout"))?.extract()?;
    let id_indices = Indices::new(&layout.id_indices, || Ok(()))?.found;
    let slot_order = Indices::new(&layout.slot_order, || Ok(()))?.found;
    let ids = &KeptIds::new(&layout.ids, || Ok(()))?.keys;
    let Given { allocated, capacity, .. } = layout;
    let dimension = dimension.or(layout.dimension);
    let saved = Saved { ids, id_indices: &id_indices, slot_order: &slot_order, allocated, capacity, dimension };
    let mut restore = py.detach(|| Restore::begin(settings, saved))?;
    for block in state.getattr(intern!(py, "blocks"))?.try_iter()? {
        with_rows(this, &block?, |rows| Ok(py.detach(|| restore.push_rows(&rows.owned()?))?))?;
    }
    Ok(py.detach(|| restore.finish())?)
}

fn state<'py>(this: This<'_, 'py>) -> PyResult<Any<'py>> {
    let (py, Snapshot { layout, rows }) = (this.py(), read(this, LONG, Store::snapshot)?);
    let blocks = Blocks::of(py, rows);
    let layout = [
        list(py, texts(py, &layout.ids)),
        ints(py, &layout.id_indices),
        ints(py, &layout.slot_order),
        number(py, layout.allocated),
        number(py, layout.capacity),
        optional(py, layout.dimension),
    ];
    tuple(py, [tuple(py, layout.into_iter()), blocks].into_iter())
}

fn pending<'py>(this: This<'_, 'py>) -> PyResult<Any<'py>> {
    let (py, changes) = (this.py(), read(this, LONG, Store::changes)?);
    let sums = work(py, changes.rows.len() * changes.rows.dimension(), || changes.rows.sums())?;
    let told = [
        Ok(Bound::new(py, Events(changes.events))?.into_any()),
        ints(py, changes.rows.indices()),
        Blocks::of(py, changes.rows),
        ints(py, &changes.freed),
        size(py, changes.size),
        array::<u32, 1>(py, [changes.fingerprints.len()], &changes.fingerprints),
        array::<u32, 1>(py, [sums.len()], &sums),
    ];
    tuple(py, [tuple(py, told.into_iter()), number(py, changes.from), number(py, changes.upto)].into_iter())
}
