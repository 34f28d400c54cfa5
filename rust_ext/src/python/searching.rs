//! The search, and the search for one identical row.

use std::ops::ControlFlow;

use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;

use super::NativeStore;
use super::core::{call, core};
use super::door::methods;
use super::ids::{KeptIds, with_keys};
use super::made::{Any, array, list, number, optional, texts, tuple};
use super::rows::{with_row, with_rows};
use super::steps::{This, cell, read, require_open};
use crate::{Error, Hits, Key, Members, Metric, Query};

methods! { NativeStore:
    fn find_vector(this, vector: &Any<'py>) -> Any<'py> {
        optional(this.py(), with_row(this, vector, |row| Ok(read(this, 0, |store| store.find_row(row))?))?)
    }
    /// The ids of `within`, read once.
    fn _narrowing(this, chunk_ids: &Any<'py>) -> Any<'py> {
        require_open(this)?;
        Ok(Bound::new(this.py(), KeptIds::new(chunk_ids, || Ok(()))?)?.into_any())
    }
    fn _search(
        this, queries: &Any<'py>, k: &Any<'py>, metric: &str, within: Option<&Any<'py>>, with_ids: bool
    ) -> Any<'py> {
        let metric = Metric::named(metric).ok_or_else(|| PyValueError::new_err("unknown metric"))?;
        let how = (count(k)?, metric, with_ids);
        match within {
            None => search(this, queries, how, None),
            Some(ids) => with_keys(this, ids, |keys| search(this, queries, how, Some(keys))),
        }
    }
}

/// No signal handler may run while this thread holds the lock, so the search itself runs without it, on rows that are its own.
fn search<'py>(
    this: This<'_, 'py>,
    queries: &Any<'py>,
    (k, metric, with_ids): (usize, Metric, bool),
    within: Option<&[Key<'_>]>,
) -> PyResult<Any<'py>> {
    let (py, cell) = (this.py(), cell(this));
    with_rows(this, queries, |rows| {
        let own = rows.owned()?;
        let (query, mut signal) = (Query { rows: &own, dimension: rows.width, k, metric, within, with_ids }, None);
        let found = py.detach(|| cell.search(&query, &mut attention(&mut signal)));
        match (found, signal) {
            (_, Some(raised)) => Err(raised),
            // They were checked before the dimension was fixed, and are refused now.
            (Err(Error::Dimension { expected, .. }), _) => call(py, &core(py)?.check_query, [queries, &number(py, expected)?]),
            (found, _) => python_hits(py, &found?, rows.data.len().checked_div(rows.width).unwrap_or(0)),
        }
    })
}

/// Breaks a search off for what a signal handler raises.
fn attention(raised: &mut Option<PyErr>) -> impl FnMut() -> ControlFlow<()> {
    move || {
        *raised = Python::attach(|py| py.check_signals().err());
        if raised.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// `k`, or the largest number there is in its stead.
fn count(k: &Any<'_>) -> PyResult<usize> {
    k.extract().or_else(|error: PyErr| if error.is_instance_of::<PyOverflowError>(k.py()) { Ok(usize::MAX) } else { Err(error) })
}

fn python_hits<'py>(py: Python<'py>, hits: &Hits, count: usize) -> PyResult<Any<'py>> {
    let shape = [count, hits.width];
    let members = match &hits.members {
        Some(members) => python_members(py, members, shape)?,
        None => py.None().into_bound(py),
    };
    let found = [array::<i64, 2>(py, shape, &hits.indices), array::<f32, 2>(py, shape, &hits.scores), Ok(members)];
    tuple(py, found.into_iter())
}

/// Hits of one vector share one tuple, however many ids it holds.
fn python_members<'py>(py: Python<'py>, members: &Members, [count, width]: [usize; 2]) -> PyResult<Any<'py>> {
    let tuples = tuple(py, members.lists.iter().map(|ids| tuple(py, texts(py, ids))))?.cast_into()?;
    let hit = |&list: &u32| pyo3::types::PyTupleMethods::get_item(&tuples, list as usize);
    let row = |query: usize| list(py, members.of[query * width..][..width].iter().map(hit));
    list(py, (0..count).map(row))
}
