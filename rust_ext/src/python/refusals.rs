//! Errors: the Python exception for each, whose text exists once, in `refvec.failures`.

use pyo3::prelude::*;
use pyo3::types::PyBool;

use super::core::{call, core};
use super::indices::Indices;
use super::made::{Any, number, optional, text};
use crate::{Error, Key, owner};

/// What an error speaks of.
#[derive(Clone, Copy)]
pub enum Subject<'a, 'py> {
    Nothing,
    Id(Key<'a>),
    Ids(&'a [Key<'a>]),
    Index(&'a Any<'py>),
    Indices(&'a Indices<'py>),
}

const PANICKED: &str = "the store is unusable after an internal error; close it, then reopen or rebuild it";
const TORN: &str = "the process was forked while a thread was changing the store, so this copy is incomplete; \
                    close it and open another, and fork when no thread is writing";

/// An error that speaks of nothing in particular.
impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        Python::attach(|py| Subject::Nothing.raise(py, error))
    }
}

impl<'py> Subject<'_, 'py> {
    /// The outcome for Python.
    #[inline]
    pub fn told<T>(self, py: Python<'py>, outcome: crate::Result<T>) -> PyResult<T> {
        outcome.map_err(|error| self.raise(py, error))
    }

    pub fn raise(self, py: Python<'py>, error: Error) -> PyErr {
        self.worded(py, error).map_or_else(|error| error, PyErr::from_value)
    }

    fn worded(self, py: Python<'py>, error: Error) -> PyResult<Any<'py>> {
        let core = core(py)?;
        let pair = |function, a: usize, b: usize| call(py, function, [&number(py, a)?, &number(py, b)?]);
        match error {
            Error::Closed => call(py, &core.store_closed, []),
            Error::ReadOnly => call(py, &core.read_only, []),
            Error::Panicked => refvec_error(py, PANICKED),
            Error::Torn => refvec_error(py, TORN),
            Error::Memory => core.memory_error.bind(py).call1(core.no_memory.bind(py)),
            Error::Interrupted => Err(impossible("a step was broken off that nobody interrupts")),
            Error::State(what) => call(py, &core.corrupt_error, [&text(py, &format!("The saved state contradicts itself: {what}"))?]),
            Error::Damaged { index, number } => damaged(py, number, index),
            Error::System(errno) => {
                let errno = number(py, errno)?;
                call(py, &core.os_error, [&errno, &call(py, &core.strerror, [&errno])?])
            }
            Error::Dimension { expected, got } => pair(&core.dimension_mismatch, expected, got),
            Error::Lengths { ids, vectors } => pair(&core.length_mismatch, ids, vectors),
            Error::Full { limit, needed } => pair(&core.store_full, limit as usize, needed),
            Error::Duplicate { position, repeated } => {
                let (id, position) = self.named(py, position)?;
                call(py, &core.duplicate_id, [&id, &position, &PyBool::new(py, repeated)])
            }
            Error::Unknown { position } => {
                let (id, position) = self.named(py, position)?;
                call(py, &core.unknown_id, [&id, &position])
            }
            Error::Index { position, allocated } => {
                let (value, position) = self.named(py, position)?;
                call(py, &core.invalid_index, [&value, &number(py, allocated)?, &position])
            }
        }
    }

    /// What is at a position, and the position if there is a batch.
    fn named(self, py: Python<'py>, position: usize) -> PyResult<(Any<'py>, Any<'py>)> {
        let id = |key: Key<'_>| key.to_id()?.with_text(|id| text(py, id));
        let (what, position) = match self {
            Self::Id(key) => (id(key)?, None),
            Self::Ids(keys) if position < keys.len() => (id(keys[position])?, Some(position)),
            Self::Index(value) => (value.clone(), None),
            Self::Indices(indices) => (indices.given(py, position)?, Some(position)),
            _ => return Err(impossible("an error speaks of something that there is not")),
        };
        Ok((what, optional(py, position)?))
    }
}

/// The error for a row that differs from its checksum: its file says where.
fn damaged(py: Python<'_>, file: u64, index: u32) -> PyResult<Any<'_>> {
    match owner(file).as_deref().and_then(|rows| rows.downcast_ref::<Py<PyAny>>()) {
        Some(rows) => call(py, &rows.getattr(py, "damaged")?, [&number(py, index)?]),
        // It was closed meanwhile.
        None => call(py, &core(py)?.store_closed, []),
    }
}

/// For what cannot be, so that it is seen if it is after all.
pub fn impossible(what: &str) -> PyErr {
    misuse(&format!("internal error in rust_vector_store: {what}"))
}

pub fn misuse(what: &str) -> PyErr {
    Python::attach(|py| refvec_error(py, what).map_or_else(|error| error, PyErr::from_value))
}

fn refvec_error<'py>(py: Python<'py>, what: &str) -> PyResult<Any<'py>> {
    call(py, &core(py)?.refvec_error, [&text(py, what)?])
}
