//! A durable store as its last flush left it, not trusted: a snapshot of who references what, and the logs of later flushes. The rows
//! stay in their file, and none is read, unless two of them are nearly sure to be identical.

mod known;
mod numbers;
mod packed;
mod replay;

use std::sync::{Mutex, PoisonError};

pub use self::known::{Found, Known};
pub use self::numbers::Numbers;
pub use self::packed::Packed;
use self::replay::Replay;
use crate::contents::{Contents, check_count};
use crate::error::{Error, Result};
use crate::mapped::RowFile;
use crate::memory::populate;
use crate::pool::{self, Lease, share_out};
use crate::restore::require;
use crate::settings::Settings;
use crate::slots::NIL;
use crate::store::{Size, Store};
use crate::vectors::Vectors;

/// From so many ids on it is worth it to wake a thread.
const SHARED: usize = 1 << 14;

/// What a flush left in the files.
#[derive(Debug)]
pub struct Stored<'a> {
    /// What all must come to.
    pub size: Size,
    pub ids: Packed<'a>,
    /// The index of each of the ids.
    pub indices: Numbers<'a>,
    /// Positions of ids slot by slot, or nothing where the ids come in their own order.
    pub slot_order: &'a [i64],
    /// Those of the rows at active indices, ascending.
    pub sums: &'a [u32],
    pub fingerprints: &'a [u32],
    pub logs: &'a [Log<'a>],
    /// Whether free indices wait for [`Store::reclaim`].
    pub held: bool,
}

/// One flush after the snapshot.
#[derive(Debug)]
pub struct Log<'a> {
    pub ids: Packed<'a>,
    /// For each of the ids what happened: 0 cleared, 1 dropped, from 2 on put to an index.
    pub codes: Numbers<'a>,
    /// The indices of rows that were written, with their checksums and fingerprints.
    pub written: Numbers<'a>,
    pub sums: &'a [u32],
    pub fingerprints: &'a [u32],
}

impl Store {
    /// The store that was flushed; its rows are read from `file` when they are asked for.
    ///
    /// # Errors
    /// [`crate::Error::State`] for parts that contradict each other, [`crate::Error::Full`], [`crate::Error::Memory`] or
    /// [`crate::Error::System`].
    pub fn open(settings: Settings, stored: &Stored<'_>, file: Option<&RowFile<'_>>) -> Result<Self> {
        check(stored)?;
        let store = Self::new(None, stored.size.capacity, settings)?;
        let Some(dimension) = stored.size.dimension else {
            require(stored.ids.is_empty() && stored.logs.iter().all(|log| log.ids.is_empty()), "there are ids without a dimension")?;
            return Ok(store);
        };
        let mut contents = Contents::new(dimension, stored.size.capacity, settings)?;
        let (Replay { references, slots }, known, found) = read(stored, file, &mut contents.vectors)?;
        contents.references = references;
        contents.vectors.restore_slots(slots, &known, stored.held)?;
        contents.vectors.restore_found(found, &known)?;
        contents.vectors.fill_held()?;
        require(contents.size() == stored.size, "the counts are not those of the ids and rows")?;
        Ok(store.with_contents(contents))
    }
}

/// Who references what, and what is known of rows and where they are found, which are mapped: two threads' work.
fn read(stored: &Stored<'_>, file: Option<&RowFile<'_>>, vectors: &mut Vectors) -> Result<(Replay, Known, Found)> {
    let lease = (stored.size.references >= SHARED).then(pool::lease).flatten();
    let replay = Replay::begin(stored)?;
    let unwritten = replay.references.unwritten();
    let (replay, replayed, known, vectors) = (Mutex::new(Some(replay)), Mutex::new(None), Mutex::new(None), Mutex::new(vectors));
    share_out(lease.as_ref().map(Lease::pool), &mut [(), ()], 2, |(), piece| {
        if piece == 0 {
            let replay = replay.lock().unwrap_or_else(PoisonError::into_inner).take();
            put(&replayed, replay.map_or(Err(Error::Memory), |replay| replay.run(stored)));
        } else {
            if lease.is_some() {
                // First touch is half of what entering ids takes.
                populate(unwritten.clone());
            }
            let vectors = &mut vectors.lock().unwrap_or_else(PoisonError::into_inner);
            put(&known, know(stored, file, vectors));
        }
    });
    let (known, found) = taken(known)?;
    Ok((taken(replayed)?, known, found))
}

fn know(stored: &Stored<'_>, file: Option<&RowFile<'_>>, vectors: &mut Vectors) -> Result<(Known, Found)> {
    let known = Known::new(stored)?;
    let found = known.found()?;
    if let Some(file) = file {
        vectors.map_rows(file, &known)?;
    }
    Ok((known, found))
}

fn put<T>(place: &Mutex<Option<T>>, item: T) {
    *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(item);
}

fn taken<T>(place: Mutex<Option<Result<T>>>) -> Result<T> {
    place.into_inner().unwrap_or_else(PoisonError::into_inner).unwrap_or(Err(Error::Memory))
}

fn check(stored: &Stored<'_>) -> Result<()> {
    let (count, Size { allocated, capacity, dimension, .. }) = (stored.ids.len(), stored.size);
    check_count(count)?;
    require(stored.indices.len() == count, "its numbers are not those of its ids")?;
    require(stored.slot_order.is_empty() || stored.slot_order.len() == count, "slot_order does not go through the ids")?;
    require(stored.sums.len() == stored.fingerprints.len(), "its checksums are not those of its rows")?;
    require(allocated < NIL as usize && capacity >= allocated as u64, "the capacity is below the allocated indices")?;
    require(dimension != Some(0), "the dimension is 0")?;
    require(dimension.is_some() || allocated == 0, "indices are allocated without a dimension")?;
    stored.logs.iter().try_for_each(|log| {
        require(log.ids.len() == log.codes.len(), "the numbers of a log are not those of its ids")?;
        let rows = log.written.len();
        require(log.sums.len() == rows && log.fingerprints.len() == rows, "the checksums of a log are not those of its rows")
    })
}
