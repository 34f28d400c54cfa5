//! A saved state as it comes back, not yet trusted: who references what first, then the rows, block by block.

use crate::contents::{Contents, check_count};
use crate::error::{Error, Result, room};
use crate::ids::Key;
use crate::settings::Settings;
use crate::slots::NIL;
use crate::store::Store;

/// A [`crate::Layout`] that was saved.
#[derive(Clone, Copy, Debug)]
pub struct Saved<'a> {
    pub ids: &'a [Key<'a>],
    pub id_indices: &'a [i64],
    pub slot_order: &'a [i64],
    pub allocated: usize,
    pub capacity: u64,
    pub dimension: Option<usize>,
}

/// A store whose rows are still to come.
#[derive(Debug)]
pub struct Restore {
    store: Store,
    /// `None` where there is no dimension, and so no row.
    contents: Option<Contents>,
    active: Vec<u32>,
    /// How many of `active` have their row.
    filled: usize,
}

impl Restore {
    /// A store with the saved indices, orders, and capacity.
    ///
    /// # Errors
    /// [`Error::State`] for a state that contradicts itself, [`Error::Full`] or [`Error::Memory`].
    pub fn begin(settings: Settings, saved: Saved<'_>) -> Result<Self> {
        let active = check(&saved)?;
        let store = Store::new(None, saved.capacity, settings)?;
        let contents = saved.dimension.map(|dimension| contents(dimension, settings, &saved, &active)).transpose()?;
        Ok(Self { store, contents, active, filled: 0 })
    }

    /// Takes whole rows, those of the next active indices.
    ///
    /// # Errors
    /// [`Error::State`] or [`Error::Memory`], after which this is of no more use.
    pub fn push_rows(&mut self, rows: &[f32]) -> Result<()> {
        let Some(Contents { vectors, .. }) = &mut self.contents else {
            return require(rows.is_empty(), "there are rows without a dimension");
        };
        let dimension = vectors.dimension();
        let next = &self.active[self.filled..];
        require(rows.len().is_multiple_of(dimension), "a row is incomplete")?;
        require(rows.len() / dimension <= next.len(), "there are more rows than active indices")?;
        vectors.reserve_restored(next.get(..rows.len() / dimension).and_then(<[u32]>::last).map_or(0, |&last| last as usize + 1))?;
        for (&index, row) in next.iter().zip(rows.chunks_exact(dimension)) {
            vectors.restore(index, row)?;
        }
        self.filled += rows.len() / dimension;
        Ok(())
    }

    /// # Errors
    /// [`Error::State`] if a row is missing.
    pub fn finish(self) -> Result<Store> {
        require(self.filled == self.active.len(), "the number of vectors is not that of active indices")?;
        Ok(match self.contents {
            Some(contents) => self.store.with_contents(contents),
            None => self.store,
        })
    }
}

fn contents(dimension: usize, settings: Settings, saved: &Saved<'_>, active: &[u32]) -> Result<Contents> {
    let mut contents = Contents::new(dimension, saved.capacity, settings)?;
    let Contents { references, vectors, .. } = &mut contents;
    vectors.allocate_all(saved.allocated, active)?;
    references.restore(saved.ids.len(), saved.ids.iter().map(|&key| Ok(key)), |_, _| Ok(()))?;
    for &position in saved.slot_order {
        let index = saved.id_indices[position as usize] as u32;
        references.attach(position as u32, index, &mut vectors.slots[index as usize]);
    }
    Ok(contents)
}

/// The active indices, ascending, of a state whose parts fit together.
fn check(saved: &Saved<'_>) -> Result<Vec<u32>> {
    let count = saved.ids.len();
    check_count(count)?;
    require(saved.id_indices.len() == count && saved.slot_order.len() == count, "ids, id_indices and slot_order differ in length")?;
    require(saved.allocated < NIL as usize && saved.capacity >= saved.allocated as u64, "the capacity is below the allocated indices")?;
    let inside = |&index: &i64| usize::try_from(index).is_ok_and(|index| index < saved.allocated);
    require(saved.id_indices.iter().all(inside), "an id references an index that is not allocated")?;
    require(is_grouping(saved)?, "slot_order does not go through the ids slot by slot")?;
    let mut active: Vec<u32> = room(count)?;
    active.extend(saved.id_indices.iter().map(|&index| index as u32));
    active.sort_unstable();
    active.dedup();
    require(saved.dimension != Some(0), "the dimension is 0")?;
    require(saved.dimension.is_some() || saved.allocated == 0, "indices are allocated without a dimension")?;
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

/// # Errors
/// [`Error::State`].
pub fn require(holds: bool, otherwise: &'static str) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::State(otherwise)) }
}
