//! From a snapshot and logs to who references what.

use super::{Log, Stored};
use crate::error::{Error, Result, filled};
use crate::ids::Key;
use crate::references::References;
use crate::restore::require;
use crate::slots::{NIL, Slot};

const CLEARED: i64 = 0;
const DROPPED: i64 = 1;
/// The code of index 0.
const FIRST: i64 = 2;

pub const OUTSIDE: &str = "an index was never allocated";

pub struct Replay {
    pub references: References,
    pub slots: Vec<Slot>,
}

impl Replay {
    /// Nothing yet, with room for all ids that come to stay.
    ///
    /// # Errors
    /// [`Error::Full`] or [`Error::Memory`].
    pub fn begin(stored: &Stored<'_>) -> Result<Self> {
        let mut references = References::default();
        let there: usize = stored.ids.len() + stored.logs.iter().map(|log| log.ids.len()).sum::<usize>();
        references.reserve(stored.size.references.min(there))?;
        Ok(Self { references, slots: Vec::new() })
    }

    /// # Errors
    /// [`Error::State`], [`Error::Full`] or [`Error::Memory`].
    pub fn run(mut self, stored: &Stored<'_>) -> Result<Self> {
        self.slots = filled(stored.size.allocated, Slot::FREED)?;
        self.restore(stored)?;
        stored.logs.iter().try_for_each(|log| self.apply(log))?;
        Ok(self)
    }

    fn restore(&mut self, stored: &Stored<'_>) -> Result<()> {
        let Self { references, slots, .. } = self;
        let (count, keys) = (stored.ids.len(), stored.ids.keys());
        if stored.slot_order.is_empty() {
            let mut indices = stored.indices.iter();
            return references.restore(count, keys, |references, entry| attach(references, slots, entry, indices.next().unwrap_or(-1)));
        }
        references.restore(count, keys, |_, _| Ok(()))?;
        let mut last = 0;
        for &position in stored.slot_order {
            let index = usize::try_from(position).ok().and_then(|position| stored.indices.get(position));
            let index = index.ok_or(Error::State("slot_order names an id that is not there"))?;
            require(references.slot(position as u32) == NIL, "slot_order names an id twice")?;
            require(last <= index, "slot_order does not go through the ids slot by slot")?;
            attach(references, slots, position as u32, index)?;
            last = index;
        }
        Ok(())
    }

    /// Replays one flush.
    fn apply(&mut self, log: &Log<'_>) -> Result<()> {
        let most = log.codes.iter().filter(|&code| code >= FIRST).count();
        self.references.reserve(most)?;
        let Self { references, slots, .. } = self;
        let mut codes = log.codes.iter();
        references.in_turn(log.ids.keys(), |references, some| {
            some.iter().zip(codes.by_ref()).try_for_each(|(&hashed, code)| match code {
                CLEARED => {
                    clear(references, slots);
                    references.reserve(most)
                }
                DROPPED => drop(references, slots, hashed),
                code => put(references, slots, hashed, code - FIRST),
            })
        })
    }
}

/// Makes an entry the last one of a slot.
fn attach(references: &mut References, slots: &mut [Slot], entry: u32, index: i64) -> Result<()> {
    let slot = usize::try_from(index).ok().and_then(|index| slots.get_mut(index)).ok_or(Error::State(OUTSIDE))?;
    references.attach(entry, index as u32, slot);
    Ok(())
}

fn clear(references: &mut References, slots: &mut [Slot]) {
    for entry in references.iter() {
        slots[references.slot(entry) as usize] = Slot::FREED;
    }
    references.clear();
}

fn drop(references: &mut References, slots: &mut [Slot], (key, hash): (Key<'_>, u32)) -> Result<()> {
    let entry = references.find(key, hash).ok_or(Error::State("its log drops an id that is not there"))?;
    references.remove(entry, hash, &mut slots[references.slot(entry) as usize]);
    Ok(())
}

fn put(references: &mut References, slots: &mut [Slot], (key, hash): (Key<'_>, u32), index: i64) -> Result<()> {
    let entry = match references.find(key, hash) {
        Some(entry) => {
            references.detach(entry, &mut slots[references.slot(entry) as usize]);
            entry
        }
        None => references.append(key.to_id()?, hash),
    };
    attach(references, slots, entry, index)
}
