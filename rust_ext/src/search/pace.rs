//! When a long search looks up from its work.

use std::ops::ControlFlow;

use crate::error::{Error, Result};

/// So many multiplications take some milliseconds at most, wherever the rows are.
const BETWEEN_PAUSES: usize = 8 << 20;

/// Counts the work, and after every few milliseconds of it asks whether to go on.
pub struct Pace<'p> {
    done: usize,
    pause: &'p mut dyn FnMut() -> ControlFlow<()>,
}

impl<'p> Pace<'p> {
    pub fn new(pause: &'p mut dyn FnMut() -> ControlFlow<()>) -> Self {
        Self { done: 0, pause }
    }

    /// # Errors
    /// [`Error::Interrupted`].
    pub fn spend(&mut self, multiplications: usize) -> Result<()> {
        self.done += multiplications;
        if self.done < BETWEEN_PAUSES {
            return Ok(());
        }
        self.done = 0;
        if (self.pause)().is_break() { Err(Error::Interrupted) } else { Ok(()) }
    }
}
