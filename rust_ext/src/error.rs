//! What a store can refuse. The Python layer maps each variant to the class of `refvec.errors` that the contract names.

use std::collections::TryReserveError;
use std::fmt;

/// Why an operation was refused; the store is as it was before the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// There is no store, any more or yet, or it is another process's.
    Closed,
    /// The store was opened for reading.
    ReadOnly,
    /// A changing step panicked: what it left behind is unknown.
    Panicked,
    /// A fork cut a changing step of another thread in half.
    Torn,
    /// Vectors of another length than the store's.
    Dimension { expected: usize, got: usize },
    /// Numbers of ids and vectors differ.
    Lengths { ids: usize, vectors: usize },
    /// The id at this position is present already, or stands earlier in the batch.
    Duplicate { position: usize, repeated: bool },
    /// The id at this position is not in the store.
    Unknown { position: usize },
    /// The index at this position was never allocated, or is freed.
    Index { position: usize, allocated: usize },
    /// More slots than the store's limit would be needed.
    Full { limit: u32, needed: usize },
    /// Memory could not be had.
    Memory,
    /// A row differs from its checksum in the file of this number.
    Damaged { index: u32, number: u64 },
    /// What the operating system said, in its own number.
    System(i32),
    /// A saved state contradicts itself.
    State(&'static str),
    /// Whoever was asked during a long call said that it is to stop.
    Interrupted,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Error {}

impl From<TryReserveError> for Error {
    fn from(_: TryReserveError) -> Self {
        Self::Memory
    }
}

impl From<hashbrown::TryReserveError> for Error {
    fn from(_: hashbrown::TryReserveError) -> Self {
        Self::Memory
    }
}

pub type Result<T> = std::result::Result<T, Error>;

/// An empty vector with room for `n` items, or [`Error::Memory`] where `Vec::with_capacity` would abort.
///
/// # Errors
/// [`Error::Memory`].
pub fn room<T>(n: usize) -> Result<Vec<T>> {
    let mut items = Vec::new();
    items.try_reserve_exact(n)?;
    Ok(items)
}

/// So many times the same, or [`Error::Memory`].
///
/// # Errors
/// [`Error::Memory`].
pub fn filled<T: Clone>(count: usize, item: T) -> Result<Vec<T>> {
    let mut items = room(count)?;
    items.resize(count, item);
    Ok(items)
}

/// A copy, or [`Error::Memory`].
///
/// # Errors
/// [`Error::Memory`].
pub fn copied<T: Copy>(items: &[T]) -> Result<Vec<T>> {
    let mut copy = room(items.len())?;
    copy.extend_from_slice(items);
    Ok(copy)
}
