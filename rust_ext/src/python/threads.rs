//! How many threads a call may use.

use pyo3::prelude::*;

use super::door::functions;

functions! {
    fn num_threads() -> usize { Ok(crate::num_threads()) }
    /// The number was checked in Python.
    fn set_num_threads(n: usize) -> () { crate::set_num_threads(n); Ok(()) }
}
