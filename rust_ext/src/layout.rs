//! A whole store as plain data, for saving and copying, and back.

use crate::error::{Error, Result, room};
use crate::identity::Precision;
use crate::ids::{Id, Key};
use crate::slots::NIL;
use crate::store::{MAX_SLOTS, Store};

/// Who references what.
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
}

/// A [`Layout`] and the vectors of its active indices, ascending, in one moment.
#[derive(Debug)]
pub struct Dump {
    pub layout: Layout,
    pub vectors: Vec<f32>,
}

/// A saved state as it comes back, not yet trusted.
#[derive(Clone, Copy, Debug)]
pub struct Saved<'a> {
    pub ids: &'a [Key<'a>],
    pub id_indices: &'a [i64],
    pub slot_order: &'a [i64],
    pub allocated: usize,
    pub capacity: u64,
    pub vectors: &'a [f32],
}

impl Store {
    /// # Errors
    /// [`Error::Memory`].
    pub fn layout(&self) -> Result<Layout> {
        let size = self.size();
        let count = size.references;
        let (mut ids, mut id_indices, mut slot_order) = (room(count)?, room(count)?, room(count)?);
        let mut positions: Vec<i64> = room(self.references.arena())?;
        positions.resize(self.references.arena(), 0);
        for (position, entry) in (0i64..).zip(self.references.iter()) {
            ids.push(self.references.id(entry).key().to_id()?);
            id_indices.push(i64::from(self.references.slot(entry)));
            positions[entry as usize] = position;
        }
        let entries = self.slots().iter().flat_map(|slot| self.references.iter_slot(slot));
        slot_order.extend(entries.map(|entry| positions[entry as usize]));
        Ok(Layout { ids, id_indices, slot_order, allocated: size.allocated, capacity: size.capacity })
    }

    /// # Errors
    /// [`Error::Memory`].
    pub fn dump(&self) -> Result<Dump> {
        Ok(Dump { layout: self.layout()?, vectors: self.all_rows()? })
    }

    /// The active rows one after the other, by ascending index.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn all_rows(&self) -> Result<Vec<f32>> {
        let Some(vectors) = &self.vectors else { return Ok(Vec::new()) };
        let mut rows = room(vectors.active() * vectors.dimension())?;
        self.active().for_each(|index| rows.extend_from_slice(vectors.row(index)));
        Ok(rows)
    }

    /// The ids in the order in which they were added.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn ids(&self) -> Result<Vec<Id>> {
        let mut ids = room(self.references.len())?;
        for entry in self.references.iter() {
            ids.push(self.references.id(entry).key().to_id()?);
        }
        Ok(ids)
    }

    /// The ids at an active index, in the order in which they came to it.
    ///
    /// # Errors
    /// [`Error::Index`] or [`Error::Memory`].
    pub fn ids_at(&self, index: i64) -> Result<Vec<Id>> {
        let (_, slot) = self.at(index, 0)?;
        let mut ids = room(slot.refs as usize)?;
        for entry in self.references.iter_slot(slot) {
            ids.push(self.references.id(entry).key().to_id()?);
        }
        Ok(ids)
    }

    /// A store with the saved indices, orders, and capacity.
    ///
    /// # Errors
    /// [`Error::State`] for a state that contradicts itself, [`Error::Full`] or [`Error::Memory`].
    pub fn restore(dimension: Option<usize>, precision: Precision, saved: Saved<'_>) -> Result<Self> {
        let mut store = Self::new(dimension, precision, saved.capacity, MAX_SLOTS)?;
        let active = check(&saved, dimension.unwrap_or(0))?;
        let Some(vectors) = &mut store.vectors else { return Ok(store) };
        vectors.restore(saved.allocated, &active, saved.vectors)?;
        store.references.reserve(saved.ids.len())?;
        for &key in saved.ids {
            let hash = store.references.hash(key);
            if store.references.find(key, hash).is_some() {
                return Err(Error::State("an id occurs twice"));
            }
            store.references.append(key.to_id()?, hash);
        }
        for &position in saved.slot_order {
            // The first `append` of an empty arena has the number 0, the next 1: an entry's number is its position.
            let index = saved.id_indices[position as usize] as u32;
            store.references.attach(position as u32, index, &mut vectors.slots[index as usize]);
        }
        Ok(store)
    }
}

/// The active indices, ascending, of a state whose parts fit together.
fn check(saved: &Saved<'_>, dimension: usize) -> Result<Vec<u32>> {
    let count = saved.ids.len();
    require(saved.id_indices.len() == count && saved.slot_order.len() == count, "ids, id_indices and slot_order differ in length")?;
    require(saved.allocated < NIL as usize && saved.capacity >= saved.allocated as u64, "the capacity is below the allocated indices")?;
    let inside = |&index: &i64| usize::try_from(index).is_ok_and(|index| index < saved.allocated);
    require(saved.id_indices.iter().all(inside), "an id references an index that is not allocated")?;
    require(is_grouping(saved)?, "slot_order does not go through the ids slot by slot")?;
    let mut active: Vec<u32> = room(count)?;
    active.extend(saved.id_indices.iter().map(|&index| index as u32));
    active.sort_unstable();
    active.dedup();
    require(active.len().checked_mul(dimension) == Some(saved.vectors.len()), "the number of vectors is not that of active indices")?;
    require(dimension > 0 || saved.allocated == 0, "indices are allocated without a dimension")?;
    Ok(active)
}

/// Whether `slot_order` is a permutation under which the indices ascend.
fn is_grouping(saved: &Saved<'_>) -> Result<bool> {
    let mut seen = room(saved.ids.len())?;
    seen.resize(saved.ids.len(), false);
    let mut last = 0;
    for &position in saved.slot_order {
        let Some(mark) = usize::try_from(position).ok().and_then(|position| seen.get_mut(position)) else { return Ok(false) };
        let index = saved.id_indices[position as usize];
        if *mark || index < last {
            return Ok(false);
        }
        (*mark, last) = (true, index);
    }
    Ok(true)
}

fn require(holds: bool, otherwise: &'static str) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::State(otherwise)) }
}
