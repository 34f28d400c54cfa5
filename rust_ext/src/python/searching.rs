//! The search, and the search for one identical row.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::NativeStore;
use super::core::{call, core};
use super::ids::{KeptIds, with_keys};
use super::made::{Any, list, number, table, texts, tuple};
use super::refusals::{Refusal, Subject, done, flat, impossible, is_overflow, plain};
use super::rows::{with_row, with_rows};
use crate::{Error, Hits, Key, Members, Metric, Query};

/// How long a search goes on before it looks for signals.
const ATTENTION: Duration = Duration::from_millis(50);

/// The index of the vector that is identical to this one.
pub fn find<'py>(this: &Bound<'py, NativeStore>, vector: &Any<'py>) -> PyResult<Option<Any<'py>>> {
    let (py, cell) = (this.py(), &this.get().cell);
    let found = with_row(cell, vector, |row| done(py, cell.read(py, |store| store.find_row(row))))?;
    found.map(|index| number(py, index as usize)).transpose()
}

/// The ids of `within`, read once.
pub fn narrowing<'py>(this: &Bound<'py, NativeStore>, chunk_ids: &Any<'py>) -> PyResult<Any<'py>> {
    this.get().cell.require_open(this.py())?;
    Ok(Bound::new(this.py(), KeptIds::new(chunk_ids, || Ok(()))?)?.into_any())
}

pub fn search<'py>(
    this: &Bound<'py, NativeStore>,
    queries: &Any<'py>,
    (k, metric, with_ids): (&Any<'py>, &str, bool),
    within: Option<&Any<'py>>,
) -> PyResult<Any<'py>> {
    let (py, cell) = (this.py(), &this.get().cell);
    let (k, metric) = (count(k)?, self::metric(metric)?);
    with_rows(cell, queries, |rows| {
        let run = |within: Option<&[Key<'_>]>| {
            let own = plain(py, rows.owned())?;
            let query = Query { rows: &own, dimension: rows.width, k, metric, within, with_ids };
            hits(this, &query)
        };
        let hits = match within {
            None => run(None)?,
            Some(ids) => with_keys(cell, ids, |keys| run(Some(keys)))?,
        };
        python_hits(py, &hits, rows.count())
    })
}

/// No signal handler may run while this thread holds the lock, so the search itself runs without it, on rows that are its own.
fn hits(this: &Bound<'_, NativeStore>, query: &Query<'_>) -> PyResult<Hits> {
    let (py, cell) = (this.py(), &this.get().cell);
    let mut signal = None;
    let found = py.detach(|| {
        let search = flat(cell.read_detached(|store| store.plan(query)))?;
        let found = search.run(&mut attention(&mut signal))?;
        match flat(cell.read_detached(|store| found.resolve(store)))? {
            Some(hits) => Ok(hits),
            // The ids of the hits have changed meanwhile.
            None => flat(cell.read_detached(|store| store.search(query, &mut || ControlFlow::Continue(())))),
        }
    });
    match (found, signal) {
        (_, Some(raised)) => Err(raised),
        (Err(Refusal::Store(Error::Dimension { expected, .. })), _) => Err(misfit(py, query, expected)),
        (found, _) => found.map_err(|refusal| refusal.raise(py, Subject::Nothing)),
    }
}

/// Breaks a search off for what a signal handler raises.
fn attention(raised: &mut Option<PyErr>) -> impl FnMut() -> ControlFlow<()> {
    let mut last = Instant::now();
    move || {
        if last.elapsed() < ATTENTION {
            return ControlFlow::Continue(());
        }
        last = Instant::now();
        *raised = Python::attach(|py| py.check_signals().err());
        if raised.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// The error for queries whose dimension was checked before the store's was fixed.
fn misfit(py: Python<'_>, query: &Query<'_>, expected: usize) -> PyErr {
    let told = || {
        let queries = table::<f32>(py, query.rows, (query.rows.len() / query.dimension, query.dimension))?;
        call(py, &core(py)?.check_query, [&queries, &number(py, expected)?])
    };
    told().map_or_else(|error| error, |_| impossible("check_query() accepted another dimension"))
}

/// `k`, or the largest number there is in its stead.
fn count(k: &Any<'_>) -> PyResult<usize> {
    k.extract().or_else(|error: PyErr| if is_overflow(k.py(), &error) { Ok(usize::MAX) } else { Err(error) })
}

fn metric(name: &str) -> PyResult<Metric> {
    match name {
        "cosine" => Ok(Metric::Cosine),
        "dot" => Ok(Metric::Dot),
        "euclidean" => Ok(Metric::Euclidean),
        _ => Err(PyValueError::new_err(format!("unknown metric {name:?}"))),
    }
}

fn python_hits<'py>(py: Python<'py>, hits: &Hits, count: usize) -> PyResult<Any<'py>> {
    let shape = (count, hits.width);
    let members = match &hits.members {
        Some(members) => python_members(py, members, shape)?.into_any(),
        None => py.None().into_bound(py),
    };
    let found = [table::<i64>(py, &hits.indices, shape), table::<f32>(py, &hits.scores, shape), Ok(members)];
    Ok(tuple(py, found.into_iter())?.into_any())
}

/// Hits of one vector share one tuple, however many ids it holds.
fn python_members<'py>(py: Python<'py>, members: &Members, (count, width): (usize, usize)) -> PyResult<Bound<'py, PyList>> {
    let tuples = tuple(py, members.lists.iter().map(|ids| Ok(tuple(py, texts(py, ids))?.into_any())))?;
    let hit = |&list: &u32| tuples.get_item(list as usize);
    let row = |query: usize| Ok(list(py, members.of[query * width..][..width].iter().map(hit))?.into_any());
    list(py, (0..count).map(row))
}
