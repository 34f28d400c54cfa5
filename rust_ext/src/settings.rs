//! What a store is told once, when it is made.

use crate::identity::Precision;
use crate::slots::MAX_SLOTS;

#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub precision: Precision,
    /// [`MAX_SLOTS`], or less.
    pub max_slots: u32,
    /// Whether changes are noted, and freed indices held back until they are reclaimed.
    pub journaled: bool,
    /// Where the secrets of the fingerprints come from; `None` draws it.
    pub seed: Option<u64>,
}

impl Settings {
    #[must_use]
    pub fn new(precision: Precision) -> Self {
        Self { precision, max_slots: MAX_SLOTS, journaled: false, seed: None }
    }
}
