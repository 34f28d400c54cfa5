//! Whole stores as plain data, and the search.

use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::arrays::{Indices, with_matrix, with_rows};
use super::core::{Refusal, Subject, core, guard};
use super::ids::{texts, with_ids};
use super::{NativeStore, done};
use crate::{Error, Hits, Key, Layout, Metric, Precision, Saved, Store};

type Found<'py> = (Bound<'py, PyArray2<i64>>, Bound<'py, PyArray2<f32>>, Bound<'py, PyList>);

#[pymethods]
impl NativeStore {
    /// Return who references what.
    fn _scan<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        guard(py, || python_layout(py, self.long(py, Store::layout, Subject::Nothing)?))
    }

    /// Return one consistent state of the whole store.
    fn _dump<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        guard(py, || {
            let dump = |store: &Store| Ok((store.dump()?, (store.size().unique, store.dimension().unwrap_or(0))));
            let (dump, shape) = self.long(py, dump, Subject::Nothing)?;
            let vectors = PyArray1::from_vec(py, dump.vectors).reshape(shape)?;
            core(py)?.state.bind(py).call1((python_layout(py, dump.layout)?, vectors))
        })
    }

    /// Return indices, scores and ids of the hits.
    fn _search<'py>(
        this: &Bound<'py, Self>,
        queries: &Bound<'py, PyAny>,
        k: &Bound<'py, PyAny>,
        metric: &str,
        within: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Found<'py>> {
        let (py, store) = (this.py(), this.get());
        guard(py, || {
            let (k, metric) = (k.extract().unwrap_or(usize::MAX), self::metric(metric)?);
            let count = queries.len()?;
            let hits = with_rows(&store.cell, queries, |rows| match within {
                None => store.hits(this, (rows.data, rows.width), k, metric, None),
                Some(ids) => with_ids(ids, |keys| store.hits(this, (rows.data, rows.width), k, metric, Some(keys))),
            });
            python_hits(py, hits?, count)
        })
    }
}

impl NativeStore {
    fn hits(
        &self,
        this: &Bound<'_, Self>,
        (queries, dimension): (&[f32], usize),
        k: usize,
        metric: Metric,
        within: Option<&[Key<'_>]>,
    ) -> PyResult<Hits> {
        let py = this.py();
        let search = |store: &Store| store.search(queries, dimension, k, metric, within);
        match self.cell.read_long(py, search).and_then(|hits| Ok(hits?)) {
            Err(Refusal::Store(Error::Dimension { .. })) => {
                // The dimension was fixed after the query had been checked; core has the words for it.
                let queries = PyArray2::<f32>::zeros(py, (1, dimension), false);
                this.call_method1("_check_query", (queries,))?;
                Err(PyTypeError::new_err("the query does not fit"))
            }
            hits => done(py, hits),
        }
    }
}

fn metric(name: &str) -> PyResult<Metric> {
    match name {
        "cosine" => Ok(Metric::Cosine),
        "dot" => Ok(Metric::Dot),
        "euclidean" => Ok(Metric::Euclidean),
        _ => Err(pyo3::exceptions::PyValueError::new_err(format!("unknown metric {name:?}"))),
    }
}

fn python_hits(py: Python<'_>, hits: Hits, count: usize) -> PyResult<Found<'_>> {
    let shape = (count, hits.width);
    let members = PyList::empty(py);
    for query in 0..count {
        let row = PyList::empty(py);
        for ids in &hits.ids[query * hits.width..][..hits.width] {
            row.append(texts(py, ids)?.to_tuple())?;
        }
        members.append(row)?;
    }
    let indices = PyArray1::from_vec(py, hits.indices).reshape(shape)?;
    let scores = PyArray1::from_vec(py, hits.scores).reshape(shape)?;
    Ok((indices, scores, members))
}

fn python_layout(py: Python<'_>, layout: Layout) -> PyResult<Bound<'_, PyAny>> {
    let id_indices = PyArray1::from_vec(py, layout.id_indices);
    let slot_order = PyArray1::from_vec(py, layout.slot_order);
    core(py)?.layout.bind(py).call1((texts(py, &layout.ids)?, id_indices, slot_order, layout.allocated, layout.capacity))
}

/// The store of a `refvec.State`.
pub fn restored(py: Python<'_>, dimension: Option<usize>, precision: Precision, state: &Bound<'_, PyAny>) -> PyResult<Store> {
    let layout = state.getattr("layout")?;
    let id_indices = Indices::new(&layout.getattr("id_indices")?)?.found;
    let slot_order = Indices::new(&layout.getattr("slot_order")?)?.found;
    let (allocated, capacity) = (layout.getattr("allocated")?.extract()?, layout.getattr("capacity")?.extract()?);
    with_matrix(&state.getattr("vectors")?, dimension, |rows| {
        with_ids(&layout.getattr("ids")?, |ids| {
            let saved = Saved { ids, id_indices: &id_indices, slot_order: &slot_order, allocated, capacity, vectors: rows.data };
            let store = py.detach(|| Store::restore(dimension, precision, saved));
            store.map_err(|error| Refusal::from(error).raise(py, Subject::Nothing))
        })
    })
}
