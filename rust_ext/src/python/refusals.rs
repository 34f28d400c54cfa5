//! Errors: what a call was refused for, and the Python exception for it, whose text exists once, in `refvec.failures`.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::core::{Core, call, core};
use super::indices::Indices;
use super::made::{integer, number, text};
use crate::{Error, Key};

/// Why a call was refused, still without a Python object.
#[derive(Debug)]
pub enum Refusal {
    Closed,
    ReadOnly,
    /// A changing step panicked: what it left behind is unknown.
    Panicked,
    /// A fork cut a changing step of another thread in half.
    Torn,
    Store(Error),
}

pub type Refused<T> = Result<T, Refusal>;

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

/// What an error speaks of.
#[derive(Clone, Copy)]
pub enum Subject<'a, 'py> {
    Nothing,
    Id(Key<'a>),
    Ids(&'a [Key<'a>]),
    Index(&'a Bound<'py, PyAny>),
    Indices(&'a Indices<'py>),
}

const PANICKED: &str = "the store is unusable after an internal error; close it, then reopen or rebuild it";
const TORN: &str = "the process was forked while a thread was changing the store, so this copy is incomplete; \
                    close it and open another, and fork when no thread is writing";

/// The outcome of a step that may refuse, too.
pub fn flat<T>(outcome: Refused<crate::Result<T>>) -> Refused<T> {
    Ok(outcome??)
}

/// The outcome for Python.
pub fn told<'py, T>(py: Python<'py>, outcome: Refused<crate::Result<T>>, subject: Subject<'_, 'py>) -> PyResult<T> {
    flat(outcome).map_err(|refusal| refusal.raise(py, subject))
}

/// [`told`] where an error speaks of nothing in particular.
pub fn done<T>(py: Python<'_>, outcome: Refused<crate::Result<T>>) -> PyResult<T> {
    told(py, outcome, Subject::Nothing)
}

impl Refusal {
    pub fn raise<'py>(self, py: Python<'py>, subject: Subject<'_, 'py>) -> PyErr {
        self.error(py, subject).map_or_else(|error| error, PyErr::from_value)
    }

    fn error<'py>(self, py: Python<'py>, subject: Subject<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
        let core = core(py)?;
        match self {
            Self::Closed => call(py, &core.store_closed, []),
            Self::ReadOnly => call(py, &core.read_only, []),
            Self::Panicked => refvec_error(py, PANICKED),
            Self::Torn => refvec_error(py, TORN),
            Self::Store(error) => worded(py, core, error, subject),
        }
    }
}

fn worded<'py>(py: Python<'py>, core: &Core, error: Error, subject: Subject<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
    let pair = |function, a: usize, b: usize| call(py, function, [&number(py, a)?, &number(py, b)?]);
    match error {
        Error::Memory => core.memory_error.bind(py).call1(core.no_memory.bind(py)),
        Error::Interrupted => Err(impossible("a step was broken off that nobody interrupts")),
        Error::State(what) => call(py, &core.corrupt_error, [&text(py, &format!("The saved state contradicts itself: {what}"))?]),
        Error::Damaged { index, number } => super::files::damaged(py, number, index),
        Error::System(errno) => {
            let errno = integer(py, errno.into())?;
            call(py, &core.os_error, [&errno, &call(py, &core.strerror, [&errno])?])
        }
        Error::Dimension { expected, got } => pair(&core.dimension_mismatch, expected, got),
        Error::Lengths { ids, vectors } => pair(&core.length_mismatch, ids, vectors),
        Error::Full { limit, needed } => pair(&core.store_full, limit as usize, needed),
        Error::Duplicate { position, repeated } => {
            let (id, position) = subject.id(py, position)?;
            let keywords = PyDict::new(py);
            keywords.set_item("repeated", repeated)?;
            core.duplicate_id.bind(py).call((id, position), Some(&keywords))
        }
        Error::Unknown { position } => {
            let (id, position) = subject.id(py, position)?;
            call(py, &core.unknown_id, [&id, &position])
        }
        Error::Index { position, allocated } => {
            let (value, position) = subject.index(py, position)?;
            call(py, &core.invalid_index, [&value, &number(py, allocated)?, &position])
        }
    }
}

type Named<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

impl<'py> Subject<'_, 'py> {
    /// The id's text, and the position if there is a batch.
    fn id(self, py: Python<'py>, position: usize) -> PyResult<Named<'py>> {
        match self {
            Self::Id(key) => Ok((id_of(py, key)?, none(py))),
            Self::Ids(keys) if position < keys.len() => Ok((id_of(py, keys[position])?, number(py, position)?)),
            _ => Err(impossible("an error about an id speaks of none")),
        }
    }

    fn index(self, py: Python<'py>, position: usize) -> PyResult<Named<'py>> {
        match self {
            Self::Index(value) => Ok((value.clone(), none(py))),
            Self::Indices(indices) => Ok((indices.given(py, position)?, number(py, position)?)),
            _ => Err(impossible("an error about an index speaks of none")),
        }
    }
}

fn id_of<'py>(py: Python<'py>, key: Key<'_>) -> PyResult<Bound<'py, PyAny>> {
    plain(py, key.to_id())?.with_text(|id| text(py, id))
}

fn none(py: Python<'_>) -> Bound<'_, PyAny> {
    py.None().into_bound(py)
}

/// An outcome that has nothing to do with a store.
pub fn plain<T>(py: Python<'_>, outcome: crate::Result<T>) -> PyResult<T> {
    done(py, Ok(outcome))
}

/// For what cannot be, so that it is seen if it is after all.
pub fn impossible(what: &str) -> PyErr {
    misuse(&format!("internal error in rust_vector_store: {what}"))
}

pub fn misuse(what: &str) -> PyErr {
    Python::attach(|py| refvec_error(py, what).map_or_else(|error| error, PyErr::from_value))
}

fn refvec_error<'py>(py: Python<'py>, what: &str) -> PyResult<Bound<'py, PyAny>> {
    call(py, &core(py)?.refvec_error, [&text(py, what)?])
}

/// Whether an error says that an integer is too large.
pub fn is_overflow(py: Python<'_>, error: &PyErr) -> bool {
    // SAFETY: a static type object.
    error.is_instance(py, &unsafe { Bound::from_borrowed_ptr(py, ffi::PyExc_OverflowError) })
}
