//! The events of a flush, which become Python objects only for who asks for those.

use pyo3::prelude::*;

use super::door::methods;
use super::made::{Any, array, ints, list, number, text, tuple};
use super::steps::{LOOK, work};
use crate::{Columns, Event, Id};

#[pyclass(frozen, module = "rust_vector_store._native")]
pub struct Events(pub Vec<Event>);

methods! { Events:
    fn __len__(this) -> usize { Ok(this.get().0.len()) }
    /// All of them, as tuples.
    fn listed(this) -> Any<'py> { list(this.py(), this.get().0.iter().map(|event| object(this.py(), event))) }
    /// The first one; there must be one.
    fn first(this) -> Any<'py> { object(this.py(), &this.get().0[0]) }
    /// The arguments of core's `Columns`.
    fn columns(this) -> Any<'py> { columns(this.py(), &this.get().0) }
}

fn object<'py>(py: Python<'py>, event: &Event) -> PyResult<Any<'py>> {
    let id = |id: &Id| id.with_text(|id| text(py, id));
    let (id, index) = match event {
        Event::Put { id: put, index } => (id(put)?, i64::from(*index)),
        Event::Drop { id: dropped } => (id(dropped)?, -1),
        Event::Clear => (py.None().into_bound(py), -1),
    };
    tuple(py, [Ok(id), number(py, index)].into_iter())
}

fn columns<'py>(py: Python<'py>, events: &[Event]) -> PyResult<Any<'py>> {
    let Columns { uuids, lengths, text, indices } = work(py, events.len() * LOOK, || Columns::of(events))?;
    let none = || Ok(py.None().into_bound(py));
    let ids = match uuids {
        Some(uuids) => [array::<u8, 2>(py, [uuids.len(), 16], uuids.as_flattened()), none(), none()],
        None => [none(), ints(py, &lengths), array::<u8, 1>(py, [text.len()], text.as_bytes())],
    };
    tuple(py, ids.into_iter().chain([ints(py, &indices)]).collect::<Vec<_>>().into_iter())
}
