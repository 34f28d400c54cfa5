//! The store: every operation is one step that happens wholly or, on an error, not at all.
//!
//! The pattern throughout: look, reserve what the step can need at most, then apply what can no longer fail.

use crate::batch;
use crate::error::{Error, Result};
use crate::identity::Precision;
use crate::ids::Key;
use crate::references::References;
use crate::slots::{NIL, Slot};
use crate::vectors::Vectors;

/// The most slots that a store can number; the last `u32` ends the lists.
pub const MAX_SLOTS: u32 = NIL - 1;

/// The counts of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub unique: usize,
    pub references: usize,
    pub allocated: usize,
    pub capacity: u64,
}

/// Ids, the vectors that they reference, and the rule by which indices are given out.
#[derive(Debug)]
pub struct Store {
    pub(crate) references: References,
    /// `None` until the first vector fixes the dimension.
    pub(crate) vectors: Option<Vectors>,
    precision: Precision,
    initial_capacity: u64,
    max_slots: u32,
}

impl Store {
    /// # Errors
    /// [`Error::Memory`].
    pub fn new(dimension: Option<usize>, precision: Precision, initial_capacity: u64, max_slots: u32) -> Result<Self> {
        let max_slots = max_slots.min(MAX_SLOTS);
        let vectors = dimension.map(|dimension| Vectors::new(dimension, precision, initial_capacity, max_slots)).transpose()?;
        Ok(Self { references: References::default(), vectors, precision, initial_capacity, max_slots })
    }

    #[must_use]
    pub fn dimension(&self) -> Option<usize> {
        self.vectors.as_ref().map(Vectors::dimension)
    }

    #[must_use]
    pub fn size(&self) -> Size {
        let references = self.references.len();
        let empty = Size { unique: 0, references, allocated: 0, capacity: self.initial_capacity };
        self.vectors.as_ref().map_or(empty, |v| Size { unique: v.active(), allocated: v.slots.len(), capacity: v.capacity, ..empty })
    }

    /// Stores a vector under a new id.
    ///
    /// # Errors
    /// [`Error::Dimension`], [`Error::Duplicate`], [`Error::Full`] or [`Error::Memory`].
    pub fn add(&mut self, key: Key<'_>, row: &[f32]) -> Result<u32> {
        self.in_dimension(row.len(), |references, vectors| {
            let hash = references.hash(key);
            match references.find(key, hash) {
                Some(_) => Err(Error::Duplicate { position: 0, repeated: false }),
                None => add_new(references, vectors, key, hash, row),
            }
        })
    }

    /// Stores a vector under an id, new or present; the new reference comes before the old one goes.
    ///
    /// # Errors
    /// Those of [`Self::add`] without [`Error::Duplicate`].
    pub fn upsert(&mut self, key: Key<'_>, row: &[f32]) -> Result<u32> {
        self.in_dimension(row.len(), |references, vectors| {
            let hash = references.hash(key);
            let Some(entry) = references.find(key, hash) else {
                return add_new(references, vectors, key, hash, row);
            };
            let row_hash = vectors.hash(row);
            if vectors.find(row, row_hash).is_none() {
                vectors.reserve(1)?;
            }
            Ok(redirect(references, vectors, entry, row, row_hash))
        })
    }

    /// [`Self::add`] for every pair in order. `rows` holds one row of `dimension` after the other.
    ///
    /// # Errors
    /// Those of [`Self::add`], and [`Error::Lengths`].
    pub fn add_batch(&mut self, keys: &[Key<'_>], rows: &[f32], dimension: usize) -> Result<Vec<i64>> {
        self.batch(keys, rows, dimension, batch::add)
    }

    /// [`Self::upsert`] for every id in order of its first position, with the vector of its last one.
    ///
    /// # Errors
    /// Those of [`Self::upsert`], and [`Error::Lengths`]; close to the limit of slots [`Error::Full`] is also given where slots that the
    /// batch itself frees would have been enough.
    pub fn upsert_batch(&mut self, keys: &[Key<'_>], rows: &[f32], dimension: usize) -> Result<Vec<i64>> {
        self.batch(keys, rows, dimension, batch::upsert)
    }

    /// Removes an id; was it there?
    pub fn remove(&mut self, key: Key<'_>) -> bool {
        let Some(vectors) = &mut self.vectors else { return false };
        let hash = self.references.hash(key);
        let Some(entry) = self.references.find(key, hash) else { return false };
        let index = self.references.slot(entry);
        self.references.remove(entry, hash, &mut vectors.slots[index as usize]);
        settle(vectors, index);
        true
    }

    /// Removes ids; how many distinct ones were there?
    pub fn remove_batch(&mut self, keys: &[Key<'_>]) -> usize {
        keys.iter().filter(|&&key| self.remove(key)).count()
    }

    /// Removes every id; dimension, capacity and allocated indices stay.
    pub fn clear(&mut self) -> usize {
        let removed = self.references.len();
        self.references.clear();
        if let Some(vectors) = &mut self.vectors {
            vectors.clear();
        }
        removed
    }

    #[must_use]
    pub fn find(&self, key: Key<'_>) -> Option<u32> {
        self.references.slot_of(key)
    }

    /// The index of the vector identical to `row`.
    ///
    /// # Errors
    /// [`Error::Dimension`].
    pub fn find_row(&self, row: &[f32]) -> Result<Option<u32>> {
        let Some(vectors) = &self.vectors else { return Ok(None) };
        check_dimension(vectors, row.len())?;
        Ok(vectors.find(row, vectors.hash(row)))
    }

    #[must_use]
    pub fn row_of(&self, key: Key<'_>) -> Option<&[f32]> {
        let index = self.find(key)?;
        self.vectors.as_ref().map(|vectors| vectors.row(index))
    }

    /// The row and the slot at an active index.
    ///
    /// # Errors
    /// [`Error::Index`].
    pub fn at(&self, index: i64, position: usize) -> Result<(&[f32], &Slot)> {
        let slots = self.slots();
        let number = u32::try_from(index).ok();
        let found = number.and_then(|number| Some((number, slots.get(number as usize).filter(|slot| slot.active())?)));
        match (&self.vectors, found) {
            (Some(vectors), Some((number, slot))) => Ok((vectors.row(number), slot)),
            _ => Err(Error::Index { position, allocated: slots.len() }),
        }
    }

    /// The active indices, ascending.
    pub fn active(&self) -> impl Iterator<Item = u32> {
        (0u32..).zip(self.slots()).filter(|(_, slot)| slot.active()).map(|(index, _)| index)
    }

    pub(crate) fn slots(&self) -> &[Slot] {
        self.vectors.as_ref().map_or(&[], |vectors| &vectors.slots)
    }

    fn batch<'k>(
        &mut self,
        keys: &[Key<'k>],
        rows: &[f32],
        dimension: usize,
        apply: impl FnOnce(&mut References, &mut Vectors, &[Key<'k>], &[f32]) -> Result<Vec<i64>>,
    ) -> Result<Vec<i64>> {
        // A batch without a vector may come without a dimension.
        if let (Some(vectors), 1..) = (&self.vectors, dimension) {
            check_dimension(vectors, dimension)?;
        }
        let vectors = rows.len().checked_div(dimension).unwrap_or(0);
        if keys.len() != vectors {
            return Err(Error::Lengths { ids: keys.len(), vectors });
        }
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        self.in_dimension(dimension, |references, vectors| {
            let applied = apply(references, vectors, keys, rows);
            vectors.trim();
            applied
        })
    }

    /// Runs `step` on the parts, which it leaves alone when it fails; a step that succeeds fixes the dimension.
    fn in_dimension<T>(&mut self, dimension: usize, step: impl FnOnce(&mut References, &mut Vectors) -> Result<T>) -> Result<T> {
        if let Some(vectors) = &mut self.vectors {
            check_dimension(vectors, dimension)?;
            return step(&mut self.references, vectors);
        }
        let mut vectors = Vectors::new(dimension, self.precision, self.initial_capacity, self.max_slots)?;
        let done = step(&mut self.references, &mut vectors)?;
        self.vectors = Some(vectors);
        Ok(done)
    }
}

fn check_dimension(vectors: &Vectors, got: usize) -> Result<()> {
    let expected = vectors.dimension();
    if expected == got { Ok(()) } else { Err(Error::Dimension { expected, got }) }
}

fn add_new(references: &mut References, vectors: &mut Vectors, key: Key<'_>, hash: u64, row: &[f32]) -> Result<u32> {
    let row_hash = vectors.hash(row);
    let found = vectors.find(row, row_hash);
    references.reserve(1)?;
    let id = key.to_id()?;
    if found.is_none() {
        vectors.reserve(1)?;
    }
    let index = found.unwrap_or_else(|| vectors.take(row, row_hash));
    references.insert(id, hash, index, &mut vectors.slots[index as usize]);
    Ok(index)
}

/// Points an entry at the slot of `row`; room for a new one was reserved. Nothing changes if it is the entry's own.
pub(crate) fn redirect(references: &mut References, vectors: &mut Vectors, entry: u32, row: &[f32], row_hash: u64) -> u32 {
    let old = references.slot(entry);
    let index = vectors.find(row, row_hash).unwrap_or_else(|| vectors.take(row, row_hash));
    if index != old {
        references.detach(entry, &mut vectors.slots[old as usize]);
        references.attach(entry, index, &mut vectors.slots[index as usize]);
        settle(vectors, old);
    }
    index
}

/// Frees a slot without references.
fn settle(vectors: &mut Vectors, index: u32) {
    if !vectors.slots[index as usize].active() {
        vectors.release(index);
    }
}
