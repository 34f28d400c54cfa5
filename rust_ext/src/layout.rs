//! Who references what, and in which orders, as plain data.

use crate::contents::Contents;
use crate::error::{Result, room};
use crate::ids::Id;
use crate::selection::Selection;
use crate::store::{Size, Store};

#[derive(Debug)]
pub struct Layout {
    /// In the order in which they were added.
    pub ids: Vec<Id>,
    /// The index of each of `ids`.
    pub id_indices: Vec<i64>,
    /// Positions in `ids`, slot by slot in ascending order and within a slot in order of arrival, which upserts can make another than
    /// that of `ids`.
    pub slot_order: Vec<i64>,
    pub allocated: usize,
    pub capacity: u64,
    pub dimension: Option<usize>,
}

/// A whole store in one moment, usable while the store goes on.
#[derive(Debug)]
pub struct Snapshot {
    pub layout: Layout,
    /// At the active indices, ascending.
    pub rows: Selection,
}

impl Store {
    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn snapshot(&self) -> Result<Snapshot> {
        Ok(Snapshot { layout: self.layout()?, rows: self.all_rows()? })
    }

    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn layout(&self) -> Result<Layout> {
        let size = self.size();
        let (mut id_indices, mut slot_order) = (room(size.references)?, room(size.references)?);
        if let Some(contents) = self.contents() {
            id_indices.extend(contents.references.iter().map(|entry| i64::from(contents.references.slot(entry))));
            contents.extend_slot_order(&mut slot_order)?;
        }
        let Size { allocated, capacity, dimension, .. } = size;
        Ok(Layout { ids: self.ids()?, id_indices, slot_order, allocated, capacity, dimension })
    }
}

impl Contents {
    fn extend_slot_order(&self, slot_order: &mut Vec<i64>) -> Result<()> {
        let Self { references, vectors, .. } = self;
        let mut positions: Vec<i64> = room(references.arena())?;
        positions.resize(references.arena(), 0);
        (0i64..).zip(references.iter()).for_each(|(position, entry)| positions[entry as usize] = position);
        let entries = vectors.slots.iter().flat_map(|slot| references.iter_slot(slot));
        slot_order.extend(entries.map(|entry| positions[entry as usize]));
        Ok(())
    }
}
