//! The one door of every call from Python: [`methods!`] and [`functions!`] are the only ways to export one.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::prelude::*;

use super::refusals::impossible;

/// Runs a call; a panic inside becomes a `RefvecError` instead of a `BaseException`.
pub fn door<T>(call: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| Err(impossible(told(panic.as_ref()))))
}

fn told(panic: &(dyn Any + Send)) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("unknown panic")
}

/// The methods of a class: `this` is the `Bound` object, the body runs behind the [`door`] and gives a `PyResult`. Those that
/// `refvec.VectorStore` documents are documented with its text.
macro_rules! methods {
    ($class:ident: $($(#[$note:meta])* fn $name:ident($this:ident $(, $argument:ident: $kind:ty)*) -> $answer:ty { $($body:tt)* })*) => {
        #[allow(clippy::elidable_lifetime_names, reason = "only some of the methods need the lifetime")]
        #[allow(clippy::doc_markdown, clippy::doc_lazy_continuation, reason = "it is in the form of Python's documentation")]
        #[pymethods]
        impl $class {
            $(
                #[doc = $crate::python::documentation::documentation!($name)]
                $(#[$note])*
                fn $name<'py>($this: &Bound<'py, Self> $(, $argument: $kind)*) -> PyResult<$answer> {
                    $crate::python::door::door(|| { $($body)* })
                }
            )*
        }
    };
}

/// The functions of the module, behind the [`door`], too.
macro_rules! functions {
    ($($(#[$note:meta])* fn $name:ident($($argument:ident: $kind:ty),*) -> $answer:ty { $($body:tt)* })*) => {
        $(
            #[allow(clippy::extra_unused_lifetimes, clippy::needless_pass_by_value, reason = "only some of the functions need them")]
            $(#[$note])*
            #[pyfunction]
            pub fn $name<'py>($($argument: $kind),*) -> PyResult<$answer> {
                $crate::python::door::door(|| { $($body)* })
            }
        )*
    };
}
pub(super) use {functions, methods};
