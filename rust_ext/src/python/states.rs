//! Whole stores as plain data, what changed in them, and back.

use std::sync::PoisonError;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};

use super::NativeStore;
use super::blocks::with_blocks;
use super::cell::Kept;
use super::core::{call, core};
use super::files::with_file;
use super::ids::with_ids;
use super::indices::Indices;
use super::made::{Any, array, integer, ints, list, number, optional, text, texts, tuple};
use super::reading::long;
use super::refusals::{Subject, done, plain};
use super::rows::with_rows;
use super::stored::opened;
use crate::{Event, Id, Layout, Precision, Restore, Saved, Settings, Size, Store};

pub fn open(this: &Bound<'_, NativeStore>, spec: &Any<'_>, state: Option<&Any<'_>>) -> PyResult<()> {
    let py = this.py();
    let dimension: Option<usize> = spec.getattr(intern!(py, "dimension"))?.extract()?;
    let mut settings = Settings::new(precision(&spec.getattr(intern!(py, "precision"))?)?);
    settings.seed = spec.getattr(intern!(py, "seed"))?.extract()?;
    settings.journaled = spec.getattr(intern!(py, "journaled"))?.extract()?;
    let stored = state.map(|state| state.getattr(intern!(py, "stored"))).transpose()?.filter(|stored| !stored.is_none());
    let store = match (&stored, state) {
        (Some(stored), _) => opened(settings, dimension, stored)?,
        (None, Some(state)) => restored(this, dimension, settings, state)?,
        (None, None) => {
            let capacity = spec.getattr(intern!(py, "initial_capacity"))?.extract()?;
            plain(py, Store::new(dimension, capacity, settings))?
        }
    };
    let kept = match (stored, settings.journaled) {
        (None, _) => Kept::InMemory,
        (_, true) => Kept::Written,
        (_, false) => Kept::Read,
    };
    this.get().cell.replace(py, Some(store), kept);
    Ok(())
}

fn precision(given: &Any<'_>) -> PyResult<Precision> {
    match given.cast::<PyString>() {
        Ok(text) if text.to_str()? == "exact" => Ok(Precision::Exact),
        _ => Ok(Precision::Decimals(given.extract()?)),
    }
}

fn restored(this: &Bound<'_, NativeStore>, dimension: Option<usize>, settings: Settings, state: &Any<'_>) -> PyResult<Store> {
    let (py, cell) = (this.py(), &this.get().cell);
    let mut restore = begun(py, dimension, settings, &state.getattr(intern!(py, "layout"))?)?;
    for block in state.getattr(intern!(py, "blocks"))?.try_iter()? {
        with_rows(cell, &block?, |rows| plain(py, py.detach(|| restore.push_rows(&rows.owned()?))))?;
    }
    plain(py, py.detach(|| restore.finish()))
}

fn begun(py: Python<'_>, dimension: Option<usize>, settings: Settings, layout: &Any<'_>) -> PyResult<Restore> {
    let id_indices = Indices::new(&layout.getattr(intern!(py, "id_indices"))?)?.found;
    let slot_order = Indices::new(&layout.getattr(intern!(py, "slot_order"))?)?.found;
    let (allocated, capacity) = (layout.getattr(intern!(py, "allocated"))?.extract()?, layout.getattr(intern!(py, "capacity"))?.extract()?);
    let dimension = dimension.or(layout.getattr(intern!(py, "dimension"))?.extract()?);
    with_ids(&layout.getattr(intern!(py, "ids"))?, |ids| {
        let saved = Saved { ids, id_indices: &id_indices, slot_order: &slot_order, allocated, capacity, dimension };
        plain(py, py.detach(|| Restore::begin(settings, saved)))
    })
}

/// Calls `use_` with a consistent state; the lock is free meanwhile.
pub fn scan<'py>(this: &Bound<'py, NativeStore>, use_: &Any<'py>) -> PyResult<Any<'py>> {
    let py = this.py();
    let snapshot = long(this, Store::snapshot, Subject::Nothing)?;
    let layout = python_layout(py, &snapshot.layout)?;
    with_blocks(py, snapshot.rows, |blocks| call(py, use_.as_unbound(), [&call(py, &core(py)?.state, [&layout, blocks])?]))
}

/// Calls `use_` with what changed since the last call that returned, and then forgets that.
pub fn changes<'py>(this: &Bound<'py, NativeStore>, use_: &Any<'py>) -> PyResult<Any<'py>> {
    let py = this.py();
    let changes = long(this, Store::changes, Subject::Nothing)?;
    let events = list(py, changes.events.iter().map(|event| python_event(py, event)))?;
    keep_first(this, &events, changes.from)?;
    let fingerprints = array(py, &changes.fingerprints)?;
    let (written, freed) = (ints(py, changes.rows.indices())?, ints(py, &changes.freed)?);
    let size = python_size(py, changes.size)?;
    let found = with_blocks(py, changes.rows, |blocks| {
        let changes = call(py, &core(py)?.changes, [events.as_any(), &written, blocks, &freed, &size, &fingerprints])?;
        call(py, use_.as_unbound(), [&changes])
    })?;
    let forget = |store: &mut Store| {
        store.forget_changes(changes.upto);
        Ok(())
    };
    done(py, this.get().cell.write(py, forget))?;
    Ok(found)
}

/// By the first event the writer knows what it has committed already and is told again.
fn keep_first(this: &Bound<'_, NativeStore>, events: &Bound<'_, PyList>, number: u64) -> PyResult<()> {
    let mut told = this.get().told.lock().unwrap_or_else(PoisonError::into_inner);
    let old = match &*told {
        Some((kept, event)) if *kept == number && events.len() > 0 => return events.set_item(0, event),
        _ => told.take(),
    };
    if let Ok(first) = events.get_item(0) {
        *told = Some((number, first.unbind()));
    }
    drop(told);
    drop(old);
    Ok(())
}

/// Hears that all rows that the last changes told of are in a file.
pub fn settle(this: &Bound<'_, NativeStore>, rows: &Any<'_>) -> PyResult<()> {
    let (py, cell) = (this.py(), &this.get().cell);
    with_file(rows, |file| done(py, py.detach(|| cell.write_detached(|store| store.settle(file)))))
}

fn python_event<'py>(py: Python<'py>, event: &Event) -> PyResult<Any<'py>> {
    let id = |id: &Id| id.with_text(|id| text(py, id));
    let pair = match event {
        Event::Put { id: put, index } => [id(put), integer(py, i64::from(*index))],
        Event::Drop { id: dropped } => [id(dropped), integer(py, -1)],
        Event::Clear => [Ok(py.None().into_bound(py)), integer(py, -1)],
    };
    Ok(tuple(py, pair.into_iter())?.into_any())
}

pub fn python_size(py: Python<'_>, size: Size) -> PyResult<Any<'_>> {
    let (unique, references, allocated) = (number(py, size.unique)?, number(py, size.references)?, number(py, size.allocated)?);
    let capacity = integer(py, size.capacity.cast_signed())?;
    call(py, &core(py)?.size, [&unique, &references, &allocated, &capacity, &optional(py, size.dimension)?])
}

fn python_layout<'py>(py: Python<'py>, layout: &Layout) -> PyResult<Any<'py>> {
    let ids = list(py, texts(py, &layout.ids))?;
    let (id_indices, slot_order) = (ints(py, &layout.id_indices)?, ints(py, &layout.slot_order)?);
    let (allocated, capacity) = (number(py, layout.allocated)?, integer(py, layout.capacity.cast_signed())?);
    let dimension = optional(py, layout.dimension)?;
    call(py, &core(py)?.layout, [ids.as_any(), &id_indices, &slot_order, &allocated, &capacity, &dimension])
}

pub fn reclaim(this: &Bound<'_, NativeStore>, indices: &Any<'_>) -> PyResult<()> {
    let (py, cell) = (this.py(), &this.get().cell);
    let indices = Indices::new(indices)?.found;
    done(py, cell.write(py, |store| store.reclaim(&indices)))
}
