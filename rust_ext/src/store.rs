//! The store: every operation is one step that happens wholly or, on an error, not at all.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::ids::Key;
use crate::journal::Changes;
use crate::mapped::RowFile;
use crate::selection::Selection;
use crate::settings::Settings;

/// How many stores the process has made.
static STORES: AtomicU64 = AtomicU64::new(0);

/// The counts of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub unique: usize,
    pub references: usize,
    pub allocated: usize,
    pub capacity: u64,
    pub dimension: Option<usize>,
}

/// Ids, the vectors that they reference, and the rule by which indices are given out.
#[derive(Debug)]
pub struct Store {
    /// `None` until the first vector fixes the dimension.
    contents: Option<Contents>,
    initial_capacity: u64,
    settings: Settings,
    version: Version,
}

/// Differs between any two states of one store, and between any two stores: another may take the place of one that is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    store: u64,
    steps: u64,
}

impl Store {
    /// # Errors
    /// [`Error::Memory`].
    pub fn new(dimension: Option<usize>, initial_capacity: u64, settings: Settings) -> Result<Self> {
        let contents = dimension.map(|dimension| Contents::new(dimension, initial_capacity, settings)).transpose()?;
        let version = Version { store: STORES.fetch_add(1, Ordering::Relaxed), steps: 0 };
        Ok(Self { contents, initial_capacity, settings, version })
    }

    #[must_use]
    pub fn dimension(&self) -> Option<usize> {
        self.contents.as_ref().map(|contents| contents.vectors.dimension())
    }

    #[must_use]
    pub fn size(&self) -> Size {
        let empty = Size { unique: 0, references: 0, allocated: 0, capacity: self.initial_capacity, dimension: None };
        self.contents.as_ref().map_or(empty, Contents::size)
    }

    /// Stores a vector under a new id.
    ///
    /// # Errors
    /// [`Error::Dimension`], [`Error::Duplicate`], [`Error::Full`] or [`Error::Memory`].
    pub fn add(&mut self, key: Key<'_>, row: &[f32]) -> Result<u32> {
        self.in_dimension(row.len(), |contents| contents.add(key, row))
    }

    /// Stores a vector under an id, new or present; the new reference comes before the old one goes.
    ///
    /// # Errors
    /// Those of [`Self::add`] without [`Error::Duplicate`].
    pub fn upsert(&mut self, key: Key<'_>, row: &[f32]) -> Result<u32> {
        self.in_dimension(row.len(), |contents| contents.upsert(key, row))
    }

    /// [`Self::add`] for every pair in order. `rows` holds one row of `dimension` after the other.
    ///
    /// # Errors
    /// Those of [`Self::add`], and [`Error::Lengths`].
    pub fn add_batch(&mut self, keys: &[Key<'_>], rows: &[f32], dimension: usize) -> Result<Vec<i64>> {
        self.batch(keys, rows, dimension, Contents::add_batch)
    }

    /// [`Self::upsert`] for every id in order of its first position, with the vector of its last one.
    ///
    /// # Errors
    /// Those of [`Self::upsert`], and [`Error::Lengths`]; close to the limit of slots [`Error::Full`] is also given where slots that the
    /// batch itself frees would have been enough.
    pub fn upsert_batch(&mut self, keys: &[Key<'_>], rows: &[f32], dimension: usize) -> Result<Vec<i64>> {
        self.batch(keys, rows, dimension, Contents::upsert_batch)
    }

    /// Removes an id; was it there?
    ///
    /// # Errors
    /// [`Error::Memory`], where changes are noted.
    pub fn remove(&mut self, key: Key<'_>) -> Result<bool> {
        self.changing(|contents| contents.remove(key)).map(Option::unwrap_or_default)
    }

    /// Removes ids; how many distinct ones were there?
    ///
    /// # Errors
    /// [`Error::Memory`], where changes are noted.
    pub fn remove_batch(&mut self, keys: &[Key<'_>]) -> Result<usize> {
        self.changing(|contents| contents.remove_batch(keys)).map(Option::unwrap_or_default)
    }

    /// Removes every id; dimension, capacity and allocated indices stay.
    ///
    /// # Errors
    /// [`Error::Memory`], where changes are noted.
    pub fn clear(&mut self) -> Result<usize> {
        self.changing(Contents::clear).map(Option::unwrap_or_default)
    }

    /// What has changed since the changes were last forgotten, in a store that notes them.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn changes(&self) -> Result<Changes> {
        let none = || Changes {
            events: Vec::new(),
            rows: Selection::empty(),
            fingerprints: Vec::new(),
            freed: Vec::new(),
            size: self.size(),
            from: 0,
            upto: 0,
        };
        self.contents.as_ref().map_or_else(|| Ok(none()), Contents::changes)
    }

    /// Forgets what a view of the changes has shown; later changes stay.
    pub fn forget_changes(&mut self, upto: u64) {
        if let Some(contents) = &mut self.contents {
            contents.forget_changes(upto);
        }
    }

    /// Makes freed indices reusable; those that are not held back are passed over.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn reclaim(&mut self, indices: &[i64]) -> Result<()> {
        self.contents.as_mut().map_or(Ok(()), |contents| contents.reclaim(indices))
    }

    /// Reads rows from a file in which all are that the changes have been forgotten of.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn settle(&mut self, file: &RowFile<'_>) -> Result<()> {
        self.contents.as_mut().map_or(Ok(()), |contents| contents.settle(file))
    }

    pub(crate) fn contents(&self) -> Option<&Contents> {
        self.contents.as_ref()
    }

    #[cfg(test)]
    pub(crate) fn allow_codes(&mut self, most: usize) {
        self.contents.as_mut().unwrap().vectors.allow_codes(most);
    }

    pub(crate) fn version(&self) -> Version {
        self.version
    }

    /// A store that was put together elsewhere.
    pub(crate) fn with_contents(self, contents: Contents) -> Self {
        Self { contents: Some(contents), ..self }
    }

    fn batch(
        &mut self,
        keys: &[Key<'_>],
        rows: &[f32],
        dimension: usize,
        step: impl FnOnce(&mut Contents, &[Key<'_>], &[f32]) -> Result<Vec<i64>>,
    ) -> Result<Vec<i64>> {
        // A batch without a vector may come without a dimension.
        if let (Some(contents), 1..) = (&self.contents, dimension) {
            contents.check_dimension(dimension)?;
        }
        let vectors = rows.len().checked_div(dimension).unwrap_or(0);
        if keys.len() != vectors {
            return Err(Error::Lengths { ids: keys.len(), vectors });
        }
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        self.in_dimension(dimension, |contents| {
            let done = step(contents, keys, rows);
            contents.vectors.trim();
            done
        })
    }

    /// Runs a step on the contents, which it leaves alone when it fails; a step that succeeds fixes the dimension.
    fn in_dimension<T>(&mut self, dimension: usize, step: impl FnOnce(&mut Contents) -> Result<T>) -> Result<T> {
        if let Some(contents) = &mut self.contents {
            contents.check_dimension(dimension)?;
            let done = step(contents)?;
            self.version.steps += 1;
            return Ok(done);
        }
        let mut contents = Contents::new(dimension, self.initial_capacity, self.settings)?;
        let done = step(&mut contents)?;
        self.contents = Some(contents);
        self.version.steps += 1;
        Ok(done)
    }

    /// Runs a step on the contents, if there are any.
    fn changing<T>(&mut self, step: impl FnOnce(&mut Contents) -> Result<T>) -> Result<Option<T>> {
        let done = self.contents.as_mut().map(step).transpose()?;
        self.version.steps += 1;
        Ok(done)
    }
}
