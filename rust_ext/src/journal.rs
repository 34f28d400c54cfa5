//! What has changed since the last flush of a durable store, for the protocol that writes it down.
//!
//! Records are numbered from the store's first one, so that a view names what it has seen by one number, whatever comes meanwhile.

use crate::error::{Result, room};
use crate::ids::Id;
use crate::references::References;
use crate::selection::Selection;
use crate::store::Size;

/// One change, in the order in which they happened.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// The id now references the index, as the last one of its slot; one that was present keeps its place among all ids.
    Put {
        id: Id,
        index: u32,
    },
    Drop {
        id: Id,
    },
    /// Every id was dropped.
    Clear,
}

/// A view of all changes that were not forgotten.
#[derive(Debug)]
pub struct Changes {
    pub events: Vec<Event>,
    /// The active indices, ascending, whose rows were written.
    pub rows: Selection,
    /// Those of the rows.
    pub fingerprints: Vec<u32>,
    /// Every index that is freed and not reusable yet, ascending.
    pub freed: Vec<u32>,
    pub size: Size,
    /// The number of the first event, which no other event of the store has.
    pub from: u64,
    /// For [`crate::Store::forget_changes`].
    pub upto: u64,
}

/// An [`Event`] as it is noted. The id of a put is that of its entry, or, once the entry was dropped, that of its next drop.
#[derive(Debug)]
enum Record {
    Put { entry: u32, index: u32, written: bool },
    Drop { entry: u32, id: Id },
    Clear,
}

/// The changes that were not forgotten.
#[derive(Debug, Default)]
pub struct Journal {
    records: Vec<Record>,
    /// The number of the first of `records`.
    first: u64,
}

impl Journal {
    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn reserve(&mut self, more: usize) -> Result<()> {
        Ok(self.records.try_reserve(more)?)
    }

    pub fn put(&mut self, entry: u32, index: u32, written: bool) {
        self.records.push(Record::Put { entry, index, written });
    }

    pub fn drop(&mut self, entry: u32, id: Id) {
        self.records.push(Record::Drop { entry, id });
    }

    /// What came before no longer matters to anyone who has not seen it.
    pub fn clear(&mut self) {
        self.first = self.next();
        self.records.clear();
        self.records.push(Record::Clear);
    }

    /// The number of the first record, or of the one that comes next.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The number of the record that comes next.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.first + self.records.len() as u64
    }

    pub fn forget(&mut self, upto: u64) {
        let seen = upto.saturating_sub(self.first).min(self.records.len() as u64);
        self.records.drain(..seen as usize);
        self.first += seen;
        if self.records.is_empty() {
            self.records = Vec::new();
        }
    }

    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn events(&self, references: &References) -> Result<Vec<Event>> {
        let drops = self.drops()?;
        let mut events = room(self.records.len())?;
        for (position, record) in self.records.iter().enumerate() {
            events.push(match record {
                Record::Put { entry, index, .. } => {
                    let id = self.next_drop(&drops, *entry, position).map_or_else(|| references.key(*entry), Id::key);
                    Event::Put { id: id.to_id()?, index: *index }
                }
                Record::Drop { id, .. } => Event::Drop { id: id.key().to_id()? },
                Record::Clear => Event::Clear,
            });
        }
        Ok(events)
    }

    /// The indices that were written, ascending; some may be freed since.
    ///
    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn written(&self) -> Result<Vec<u32>> {
        let written = |record: &Record| if let Record::Put { index, written: true, .. } = record { Some(*index) } else { None };
        let mut indices = room(self.records.iter().filter_map(written).count())?;
        indices.extend(self.records.iter().filter_map(written));
        indices.sort_unstable();
        indices.dedup();
        Ok(indices)
    }

    /// Which entry was dropped by which record, ascending.
    fn drops(&self) -> Result<Vec<(u32, usize)>> {
        let dropped =
            |(position, record): (usize, &Record)| if let Record::Drop { entry, .. } = record { Some((*entry, position)) } else { None };
        let records = || self.records.iter().enumerate().filter_map(dropped);
        let mut drops = room(records().count())?;
        drops.extend(records());
        drops.sort_unstable();
        Ok(drops)
    }

    /// The id of the first drop of an entry after a position.
    fn next_drop(&self, drops: &[(u32, usize)], entry: u32, position: usize) -> Option<&Id> {
        let &(dropped, at) = drops.get(drops.partition_point(|&drop| drop < (entry, position)))?;
        match &self.records[at] {
            Record::Drop { id, .. } if dropped == entry => Some(id),
            _ => None,
        }
    }
}
