//! A durable store out of what a flush left, core's `Stored`.

use numpy::npyffi::NPY_TYPES;
use pyo3::intern;
use pyo3::prelude::*;

use super::core::{call, core};
use super::files::with_file;
use super::made::{Any, text};
use super::refusals::{impossible, plain};
use super::rows::Plain;
use crate::{Error, Log, Packed, RowFile, Settings, Size, Store, Stored};

pub fn opened(settings: Settings, dimension: Option<usize>, given: &Any<'_>) -> PyResult<Store> {
    let py = given.py();
    let snapshot = Part::new(&given.getattr(intern!(py, "snapshot"))?)?;
    let mut parts = Vec::new();
    for log in given.getattr(intern!(py, "logs"))?.try_iter()? {
        parts.push(Part::new(&log?)?);
    }
    let (size, rows) = (size(&given.getattr(intern!(py, "size"))?, dimension)?, given.getattr(intern!(py, "rows"))?);
    let logs = parts.iter().map(Part::log).collect::<PyResult<Vec<_>>>()?;
    let stored = Stored {
        size,
        ids: snapshot.packed()?,
        indices: items(&snapshot.numbers[0])?,
        slot_order: items(&snapshot.numbers[1])?,
        sums: items(&snapshot.sums)?,
        fingerprints: items(&snapshot.fingerprints)?,
        logs: &logs,
        held: given.getattr(intern!(py, "held"))?.extract()?,
    };
    let open = |file: Option<&RowFile<'_>>| match py.detach(|| Store::open(settings, &stored, file)) {
        Err(Error::State(what)) => {
            let contradiction = given.getattr(intern!(py, "contradiction"))?.unbind();
            Err(PyErr::from_value(call(py, &contradiction, [&text(py, what)?])?))
        }
        opened => plain(py, opened),
    };
    if rows.is_none() { open(None) } else { with_file(&rows, |file| open(Some(file))) }
}

/// A store without a dimension takes the caller's.
fn size(size: &Any<'_>, dimension: Option<usize>) -> PyResult<Size> {
    let (unique, references, allocated, capacity, own): (usize, usize, usize, u64, Option<usize>) = size.extract()?;
    Ok(Size { unique, references, allocated, capacity, dimension: own.or(dimension) })
}

/// The arrays of a `Snapshot` or a `Log`, which are alike: ids, two of int64, checksums and fingerprints.
struct Part<'py> {
    uuids: Any<'py>,
    lengths: Any<'py>,
    text: Any<'py>,
    numbers: [Any<'py>; 2],
    sums: Any<'py>,
    fingerprints: Any<'py>,
}

impl<'py> Part<'py> {
    fn new(part: &Any<'py>) -> PyResult<Self> {
        let (py, ids) = (part.py(), part.get_item(0)?);
        let of = |name| ids.getattr(name);
        let (uuids, mut lengths, mut text) = (of(intern!(py, "uuids"))?, of(intern!(py, "lengths"))?, of(intern!(py, "text"))?);
        if uuids.is_none() {
            let core = core(py)?;
            (lengths, text) = (aligned::<i64>(&lengths)?, call(py, &core.frombuffer, [&text, core.uint8.bind(py)])?);
        }
        let numbers = [aligned::<i64>(&part.get_item(1)?)?, aligned::<i64>(&part.get_item(2)?)?];
        let (sums, fingerprints) = (aligned::<u32>(&part.get_item(3)?)?, aligned::<u32>(&part.get_item(4)?)?);
        Ok(Self { uuids, lengths, text, numbers, sums, fingerprints })
    }

    fn packed(&self) -> PyResult<Packed<'_>> {
        if self.uuids.is_none() {
            let bytes = Plain::<u8>::new(&self.text, 1, NPY_TYPES::NPY_UBYTE).ok_or_else(|| impossible("ids are no bytes"))?;
            let text = std::str::from_utf8(bytes.items()).map_err(|_| impossible("ids are no UTF-8"))?;
            return Ok(Packed::Texts { lengths: items(&self.lengths)?, text });
        }
        let uuids = Plain::<u8>::new(&self.uuids, 2, NPY_TYPES::NPY_UBYTE).filter(|uuids| uuids.shape[1] == 16);
        Ok(Packed::Uuids(uuids.ok_or_else(|| impossible("ids are no UUIDs"))?.items().as_chunks().0))
    }

    fn log(&self) -> PyResult<Log<'_>> {
        Ok(Log {
            ids: self.packed()?,
            codes: items(&self.numbers[0])?,
            written: items(&self.numbers[1])?,
            sums: items(&self.sums)?,
            fingerprints: items(&self.fingerprints)?,
        })
    }
}

trait Number: Copy {
    const KIND: NPY_TYPES;
}

impl Number for i64 {
    const KIND: NPY_TYPES = if size_of::<std::ffi::c_long>() == 8 { NPY_TYPES::NPY_LONG } else { NPY_TYPES::NPY_LONGLONG };
}

impl Number for u32 {
    const KIND: NPY_TYPES = NPY_TYPES::NPY_UINT;
}

/// An array, or an aligned copy.
fn aligned<'py, T: Number>(array: &Any<'py>) -> PyResult<Any<'py>> {
    let fits = Plain::<T>::new(array, 1, T::KIND).is_some();
    if fits { Ok(array.clone()) } else { array.call_method0(intern!(array.py(), "copy")) }
}

/// Those of an array that [`aligned`] gave, which nobody else has.
fn items<'a, T: Number>(array: &'a Any<'_>) -> PyResult<&'a [T]> {
    Plain::new(array, 1, T::KIND).map(|plain| plain.items()).ok_or_else(|| impossible("numbers are of another type"))
}
