//! What a store with a dimension holds: ids, the vectors that they reference, and the journal of both.
//!
//! The pattern of every step: look, reserve what it can need at most, then apply what can no longer fail.

use crate::error::{Result, room};
use crate::ids::{Id, Key};
use crate::journal::{Changes, Journal};
use crate::mapped::RowFile;
use crate::references::References;
use crate::selection::Selection;
use crate::settings::Settings;
use crate::store::Size;
use crate::vectors::Vectors;
use crate::{Error, slots::MAX_IDS};

#[derive(Debug)]
pub struct Contents {
    pub references: References,
    pub vectors: Vectors,
    journal: Option<Journal>,
}

impl Contents {
    /// # Errors
    /// [`Error::Memory`].
    pub fn new(dimension: usize, capacity: u64, settings: Settings) -> Result<Self> {
        let vectors = Vectors::new(dimension, capacity, settings)?;
        Ok(Self { references: References::default(), vectors, journal: settings.journaled.then(Journal::default) })
    }

    #[must_use]
    pub fn size(&self) -> Size {
        Size {
            unique: self.vectors.active(),
            references: self.references.len(),
            allocated: self.vectors.slots.len(),
            capacity: self.vectors.capacity,
            dimension: Some(self.vectors.dimension()),
        }
    }

    /// # Errors
    /// [`Error::Dimension`].
    pub fn check_dimension(&self, got: usize) -> Result<()> {
        let expected = self.vectors.dimension();
        if expected == got { Ok(()) } else { Err(Error::Dimension { expected, got }) }
    }

    /// # Errors
    /// [`Error::Duplicate`], [`Error::Full`] or [`Error::Memory`].
    pub fn add(&mut self, key: Key<'_>, row: &[f32]) -> Result<u32> {
        let hash = self.references.hash(key);
        match self.references.find(key, hash) {
            Some(_) => Err(Error::Duplicate { position: 0, repeated: false }),
            None => self.add_new(key, hash, row),
        }
    }

    /// # Errors
    /// [`Error::Full`] or [`Error::Memory`].
    pub fn upsert(&mut self, key: Key<'_>, row: &[f32]) -> Result<u32> {
        let hash = self.references.hash(key);
        let Some(entry) = self.references.find(key, hash) else { return self.add_new(key, hash, row) };
        let row_hash = self.vectors.hash(row);
        self.vectors.check_like(row_hash)?;
        self.reserve_records(1)?;
        if self.vectors.find(row, row_hash).is_none() {
            self.vectors.reserve(1)?;
        }
        Ok(self.redirect(entry, row, row_hash))
    }

    /// # Errors
    /// [`Error::Memory`].
    pub fn remove(&mut self, key: Key<'_>) -> Result<bool> {
        self.reserve_records(1)?;
        Ok(self.drop_id(key))
    }

    /// # Errors
    /// [`Error::Memory`].
    pub fn remove_batch(&mut self, keys: &[Key<'_>]) -> Result<usize> {
        self.reserve_records(keys.len())?;
        Ok(keys.iter().filter(|&&key| self.drop_id(key)).count())
    }

    /// # Errors
    /// [`Error::Memory`].
    pub fn clear(&mut self) -> Result<usize> {
        self.reserve_records(1)?;
        let removed = self.references.len();
        self.references.clear();
        self.vectors.clear();
        if let Some(journal) = &mut self.journal {
            journal.clear();
        }
        Ok(removed)
    }

    /// # Errors
    /// [`Error::Memory`].
    pub fn changes(&self) -> Result<Changes> {
        let unchanged = Journal::default();
        let journal = self.journal.as_ref().unwrap_or(&unchanged);
        let mut written = journal.written()?;
        written.retain(|&index| self.vectors.slots[index as usize].active());
        let mut freed = room(self.vectors.held().len())?;
        freed.extend_from_slice(self.vectors.held());
        freed.sort_unstable();
        let mut fingerprints = room(written.len())?;
        fingerprints.extend(written.iter().map(|&index| self.vectors.slots[index as usize].hash));
        let rows = Selection::new(self.vectors.share_rows()?, written);
        let (events, size) = (journal.events(&self.references)?, self.size());
        Ok(Changes { events, rows, fingerprints, freed, size, from: journal.first(), upto: journal.next() })
    }

    pub fn forget_changes(&mut self, upto: u64) {
        if let Some(journal) = &mut self.journal {
            journal.forget(upto);
        }
    }

    /// Reads what is flushed from the file.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn settle(&mut self, file: &RowFile<'_>) -> Result<()> {
        let mut unwritten = self.journal.as_ref().map_or_else(|| Ok(Vec::new()), Journal::written)?;
        unwritten.retain(|&index| self.vectors.slots[index as usize].active());
        self.vectors.settle(file, &unwritten);
        Ok(())
    }

    /// # Errors
    /// [`Error::Memory`].
    pub fn reclaim(&mut self, indices: &[i64]) -> Result<()> {
        let mut given: Vec<u32> = room(indices.len())?;
        given.extend(indices.iter().filter_map(|&index| u32::try_from(index).ok()));
        given.sort_unstable();
        self.vectors.reclaim(&given);
        Ok(())
    }

    /// Room to add or redirect `more` ids.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn reserve_records(&mut self, more: usize) -> Result<()> {
        self.journal.as_mut().map_or(Ok(()), |journal| journal.reserve(more))
    }

    /// Whether an index that a step frees may be taken again by the same step.
    #[must_use]
    pub fn reuses_at_once(&self) -> bool {
        self.journal.is_none()
    }

    /// The index of a vector, which is stored if it is not there; room was reserved, and a reference must come next.
    pub fn place(&mut self, row: &[f32], hash: u32) -> u32 {
        self.vectors.find(row, hash).unwrap_or_else(|| self.vectors.take(row, hash))
    }

    /// Adds an id that is not present; room was reserved.
    pub fn bind(&mut self, id: Id, hash: u32, index: u32) {
        let entry = self.references.append(id, hash);
        self.attach(entry, index);
    }

    /// Points an entry at the slot of `row`; room for a new one was reserved. Nothing changes if it is the entry's own.
    pub fn redirect(&mut self, entry: u32, row: &[f32], row_hash: u32) -> u32 {
        let old = self.references.slot(entry);
        let index = self.place(row, row_hash);
        if index != old {
            self.references.detach(entry, &mut self.vectors.slots[old as usize]);
            self.attach(entry, index);
            self.free_unless_referenced(old);
        }
        index
    }

    fn add_new(&mut self, key: Key<'_>, hash: u32, row: &[f32]) -> Result<u32> {
        self.references.reserve(1)?;
        self.reserve_records(1)?;
        let id = key.to_id()?;
        let index = self.place_once(row)?;
        self.bind(id, hash, index);
        Ok(index)
    }

    /// The index of a vector, which is stored if it is not there; a reference must come next.
    ///
    /// Reads `row` once, into the place where it will stay if no identical one is there: hashed and stored are the same components,
    /// whoever writes to the caller's memory meanwhile, and nothing is copied twice.
    ///
    /// # Errors
    /// [`Error::Full`] or [`Error::Memory`].
    pub fn place_once(&mut self, row: &[f32]) -> Result<u32> {
        if let Err(refused) = self.vectors.reserve(1) {
            return self.find_copied(row)?.ok_or(refused);
        }
        let place = self.vectors.stage(row);
        let hash = self.vectors.hash(self.vectors.staged(place));
        self.vectors.check_like(hash)?;
        let found = self.vectors.find(self.vectors.staged(place), hash);
        Ok(found.unwrap_or_else(|| self.vectors.take_staged(hash)))
    }

    /// Where an identical vector is, when there is no place for this one.
    #[cold]
    fn find_copied(&self, row: &[f32]) -> Result<Option<u32>> {
        let mut copy = room(row.len())?;
        copy.extend_from_slice(row);
        let hash = self.vectors.hash(&copy);
        self.vectors.check_like(hash)?;
        Ok(self.vectors.find(&copy, hash))
    }

    /// Makes an entry without a slot reference one.
    #[inline]
    pub fn attach(&mut self, entry: u32, index: u32) {
        let slot = &mut self.vectors.slots[index as usize];
        self.references.attach(entry, index, slot);
        if let Some(journal) = &mut self.journal {
            // An active slot never lacks a reference, so a first one means that the row is new.
            journal.put(entry, index, slot.refs == 1);
        }
    }

    fn drop_id(&mut self, key: Key<'_>) -> bool {
        let hash = self.references.hash(key);
        let Some(entry) = self.references.find(key, hash) else { return false };
        let index = self.references.slot(entry);
        let id = self.references.remove(entry, hash, &mut self.vectors.slots[index as usize]);
        self.free_unless_referenced(index);
        if let Some(journal) = &mut self.journal {
            journal.drop(entry, id);
        }
        true
    }

    /// Frees a slot without references.
    #[inline]
    fn free_unless_referenced(&mut self, index: u32) {
        if !self.vectors.slots[index as usize].active() {
            self.vectors.release(index);
        }
    }
}

/// Positions and indices are numbered with `u32`.
///
/// # Errors
/// [`Error::Full`].
pub fn check_count(count: usize) -> Result<()> {
    if count <= MAX_IDS as usize { Ok(()) } else { Err(Error::Full { limit: MAX_IDS, needed: count }) }
}
