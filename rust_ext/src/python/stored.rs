//! A durable store out of what a flush left, core's `Stored`, and the file that it reads rows from, core's `StoredRows`.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyRange, PyRangeMethods};

use super::core::call;
use super::made::{Any, text};
use super::plain::{Number, Plain};
use super::refusals::impossible;
use crate::{Error, Log, Numbers, Packed, RowFile, Settings, Size, Store, Stored, numbered};

#[derive(FromPyObject)]
struct Given<'py> {
    size: (usize, usize, usize, u64, Option<usize>),
    snapshot: Part<'py>,
    logs: Vec<Part<'py>>,
    rows: Option<Any<'py>>,
    held: bool,
    contradiction: Any<'py>,
}

pub fn opened(settings: Settings, dimension: Option<usize>, given: &Any<'_>) -> PyResult<Store> {
    let py = given.py();
    let given: Given<'_> = given.extract()?;
    // A store without a dimension takes the caller's.
    let (unique, references, allocated, capacity, own) = given.size;
    let size = Size { unique, references, allocated, capacity, dimension: own.or(dimension) };
    let logs = given.logs.iter().map(Part::log).collect::<PyResult<Vec<_>>>()?;
    let Log { ids, codes: indices, written: slot_order, sums, fingerprints } = given.snapshot.log()?;
    let Numbers::Listed(slot_order) = slot_order else { return Err(impossible("slot_order is a run")) };
    let stored = Stored { size, ids, indices, slot_order, sums, fingerprints, logs: &logs, held: given.held };
    let open = |file: Option<&RowFile<'_>>| match py.detach(|| Store::open(settings, &stored, file)) {
        Err(Error::State(what)) => Err(PyErr::from_value(call(py, given.contradiction.as_unbound(), [&text(py, what)?])?)),
        opened => Ok(opened?),
    };
    match &given.rows {
        None => open(None),
        Some(rows) => with_file(rows, |file| open(Some(file))),
    }
}

/// A `Snapshot` or a `Log`, which are alike: ids, two arrays of int64 or ranges, checksums and fingerprints.
#[derive(FromPyObject)]
struct Part<'py>(Ids<'py>, Any<'py>, Any<'py>, Any<'py>, Any<'py>);

#[derive(FromPyObject)]
struct Ids<'py> {
    uuids: Option<Any<'py>>,
    lengths: Option<Any<'py>>,
    text: Option<Any<'py>>,
}

impl Part<'_> {
    fn log(&self) -> PyResult<Log<'_>> {
        let Part(ids, codes, written, sums, fingerprints) = self;
        let (sums, fingerprints) = (items(sums)?, items(fingerprints)?);
        Ok(Log { ids: ids.packed()?, codes: numbers(codes)?, written: numbers(written)?, sums, fingerprints })
    }
}

impl Ids<'_> {
    fn packed(&self) -> PyResult<Packed<'_>> {
        match (&self.uuids, &self.lengths, &self.text) {
            (Some(uuids), ..) => {
                let uuids = Plain::<u8, 2>::new(uuids).filter(|uuids| uuids.shape[1] == 16);
                Ok(Packed::Uuids(uuids.ok_or_else(|| impossible("ids are no UUIDs"))?.items().as_chunks().0))
            }
            (None, Some(lengths), Some(text)) => {
                let text = std::str::from_utf8(items(text)?).map_err(|_| impossible("ids are no UTF-8"))?;
                Ok(Packed::Texts { lengths: items(lengths)?, text })
            }
            _ => Err(impossible("there are no ids")),
        }
    }
}

/// Those of an array, or a range with a step of one.
fn numbers<'a>(given: &'a Any<'_>) -> PyResult<Numbers<'a>> {
    match given.cast::<PyRange>() {
        Ok(range) if range.step()? == 1 => Ok(Numbers::Run(range.start()? as i64..range.stop()? as i64)),
        _ => items(given).map(Numbers::Listed),
    }
}

/// Those of an array, which nobody else changes.
fn items<'a, T: Number>(array: &'a Any<'_>) -> PyResult<&'a [T]> {
    Plain::<T, 1>::new(array).map(|plain| plain.items()).ok_or_else(|| impossible("numbers are of another type"))
}

/// Calls `run` with the file of a `StoredRows`, which lives as long as somebody may read from it.
pub fn with_file<T>(rows: &Any<'_>, run: impl FnOnce(&RowFile<'_>) -> PyResult<T>) -> PyResult<T> {
    #[derive(FromPyObject)]
    struct Given {
        handle: i32,
        offset: u64,
        count: usize,
    }
    let Given { handle, offset, count } = rows.extract()?;
    run(&RowFile::new(&crate::opened(handle)?, offset, count, numbered(Arc::new(rows.clone().unbind())))?)
}
