//! The native backend of refvec.
//!
//! [`Store`] maps ids to float32 vectors and keeps identical vectors once. Its `contents` are three parts: `references` (which id
//! references which index), `vectors` (which vector is at which index, and where an identical one is found again) and, where changes are
//! noted, the `journal`. The rows lie in `segment`s that a store shares with its snapshots, and that may be pieces of a file. Everything except
//! `python` compiles and is tested without an interpreter.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "indices are checked against u32::MAX before they are numbered, and scores are rounded to f32 on purpose"
)]

mod ahead;
mod available;
mod batch;
mod cell;
mod checks;
mod codes;
mod columns;
mod contents;
mod error;
mod fingerprint;
mod forks;
mod identity;
mod ids;
mod journal;
mod kernels;
mod layout;
mod mapped;
mod marks;
mod memory;
mod pool;
#[cfg(feature = "python")]
mod python;
mod reading;
mod references;
mod restore;
mod rows;
mod scratch;
mod search;
mod segment;
mod selection;
mod settings;
mod slots;
mod store;
mod stored;
mod table;
#[cfg(test)]
mod tests;
mod topk;
mod vectors;

pub use cell::{Cell, Kept};
pub use columns::Columns;
pub use error::{Error, Result, copied, room};
pub use identity::Precision;
pub use ids::{Bits, Id, Key};
pub use journal::{Changes, Event};
pub use layout::{Layout, Snapshot};
pub use mapped::{RowFile, numbered, opened, owner};
pub use marks::{fingerprints, sums};
pub use memory::prefetch;
pub use pool::{MAX_THREADS, num_threads, set_num_threads};
pub use restore::{Restore, Saved};
pub use scratch::with_copy;
pub use search::{Found, Hits, Members, Metric, Query, Search};
pub use selection::{Block, Selection};
pub use settings::Settings;
pub use slots::MAX_SLOTS;
pub use store::{Size, Store};
pub use stored::{Log, Numbers, Packed, Stored};
