//! The native backend of refvec.
//!
//! [`Store`] maps ids to float32 vectors and keeps identical vectors once. It is two parts: `references` (which id references which
//! index) and `vectors` (which vector is at which index, and where an identical one is found again). Everything except `python` compiles
//! and is tested without an interpreter.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "indices are checked against u32::MAX before they are numbered, and scores are rounded to f32 on purpose"
)]

mod batch;
mod error;
mod fingerprint;
mod identity;
mod ids;
mod kernels;
mod layout;
#[cfg(feature = "python")]
mod python;
mod references;
mod rows;
mod search;
mod slots;
mod store;
#[cfg(test)]
mod tests;
mod topk;
mod vectors;

pub use error::{Error, Result};
pub use identity::Precision;
pub use ids::{Id, Key};
pub use layout::{Dump, Layout, Saved};
pub use search::{Hits, Metric};
pub use store::{MAX_SLOTS, Size, Store};
