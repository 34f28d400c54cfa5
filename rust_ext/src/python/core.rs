//! What the binding takes from `refvec`: conversions of odd arguments, and errors, whose texts exist once, in Python.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

use super::arrays::Indices;
use crate::{Error, Key};

/// The Python objects that are used again and again.
pub struct Core {
    pub uuid: Py<PyAny>,
    pub canonical_id: Py<PyAny>,
    pub canonical_ids: Py<PyAny>,
    pub canonical_int: Py<PyAny>,
    pub canonical_indices: Py<PyAny>,
    pub canonical_row: Py<PyAny>,
    pub canonical_rows: Py<PyAny>,
    pub check_out: Py<PyAny>,
    pub layout: Py<PyAny>,
    pub state: Py<PyAny>,
    failures: Py<PyAny>,
    refvec_error: Py<PyAny>,
    corrupt_error: Py<PyAny>,
}

pub fn core(py: Python<'_>) -> PyResult<&'static Core> {
    static CORE: PyOnceLock<Core> = PyOnceLock::new();
    CORE.get_or_try_init(py, || Core::import(py))
}

impl Core {
    fn import(py: Python<'_>) -> PyResult<Self> {
        let take = |module: &str, name: &str| Ok::<_, PyErr>(py.import(module)?.getattr(name)?.unbind());
        Ok(Self {
            uuid: take("uuid", "UUID")?,
            canonical_id: take("refvec.ids", "canonical_id")?,
            canonical_ids: take("refvec.ids", "canonical_ids")?,
            canonical_int: take("refvec.integers", "canonical_int")?,
            canonical_indices: take("refvec.integers", "canonical_indices")?,
            canonical_row: take("refvec.vectors", "canonical_row")?,
            canonical_rows: take("refvec.vectors", "canonical_rows")?,
            check_out: take("refvec.contract.reading", "check_out")?,
            layout: take("refvec.state", "Layout")?,
            state: take("refvec.state", "State")?,
            failures: py.import("refvec.failures")?.into_any().unbind(),
            refvec_error: take("refvec.errors", "RefvecError")?,
            corrupt_error: take("refvec.errors", "CorruptStoreError")?,
        })
    }
}

/// Why a call was refused, still without a Python object.
#[derive(Debug)]
pub enum Refusal {
    Closed,
    /// A panic while the store was being changed: its state is unknown.
    Poisoned,
    Store(Error),
}

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

impl Refusal {
    pub fn raise<'py>(self, py: Python<'py>, subject: Subject<'_, 'py>) -> PyErr {
        self.error(py, subject).unwrap_or_else(|error| error)
    }

    fn error<'py>(self, py: Python<'py>, subject: Subject<'_, 'py>) -> PyResult<PyErr> {
        let core = core(py)?;
        let failures = core.failures.bind(py);
        let error = match self {
            Self::Closed => failures.call_method0("store_closed")?,
            Self::Poisoned => core.refvec_error.bind(py).call1(("the store is unusable after an internal error; reopen or rebuild it",))?,
            Self::Store(Error::Memory) => return Ok(PyMemoryError::new_err("not enough memory; nothing was changed")),
            Self::Store(Error::State(text)) => {
                core.corrupt_error.bind(py).call1((format!("The saved state contradicts itself: {text}"),))?
            }
            Self::Store(Error::Dimension { expected, got }) => failures.call_method1("dimension_mismatch", (expected, got))?,
            Self::Store(Error::Lengths { ids, vectors }) => failures.call_method1("length_mismatch", (ids, vectors))?,
            Self::Store(Error::Full { limit, needed }) => failures.call_method1("store_full", (limit, needed))?,
            Self::Store(Error::Duplicate { position, repeated }) => {
                let (text, position) = subject.id(position);
                let keywords = PyDict::new(py);
                keywords.set_item("repeated", repeated)?;
                failures.call_method("duplicate_id", (text, position), Some(&keywords))?
            }
            Self::Store(Error::Unknown { position }) => failures.call_method1("unknown_id", subject.id(position))?,
            Self::Store(Error::Index { position, allocated }) => {
                let (value, position) = subject.index(py, position)?;
                failures.call_method1("invalid_index", (value, allocated, position))?
            }
        };
        Ok(PyErr::from_value(error))
    }
}

impl<'py> Subject<'_, 'py> {
    /// The id's text, and the position if there is a batch.
    fn id(self, position: usize) -> (String, Option<usize>) {
        let text = |key: Key<'_>| key.to_id().map(|id| id.with_text(str::to_owned)).unwrap_or_default();
        match self {
            Self::Id(key) => (text(key), None),
            Self::Ids(keys) => (keys.get(position).copied().map(text).unwrap_or_default(), Some(position)),
            _ => (String::new(), None),
        }
    }

    fn index(self, py: Python<'py>, position: usize) -> PyResult<(Option<Bound<'py, PyAny>>, Option<usize>)> {
        let value = match self {
            Self::Index(value) => return Ok((Some(value.clone()), None)),
            Self::Indices(Indices { given: Some(given), .. }) => given.get_item(position)?,
            Self::Indices(Indices { found, .. }) => found.get(position).into_pyobject(py)?.into_any(),
            _ => return Ok((None, None)),
        };
        Ok((Some(value), Some(position)))
    }
}

/// The one door of every call: a panic inside becomes a `RefvecError` instead of unwinding through the interpreter.
pub fn guard<T>(py: Python<'_>, call: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| Err(panicked(py, panic.as_ref())))
}

fn panicked(py: Python<'_>, panic: &(dyn Any + Send)) -> PyErr {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    let message = format!("internal error in rust_vector_store: {}", text.unwrap_or("unknown panic"));
    core(py).and_then(|core| core.refvec_error.bind(py).call1((message,))).map_or_else(|error| error, PyErr::from_value)
}
