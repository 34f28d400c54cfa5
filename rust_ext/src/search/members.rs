//! The ids of hits.

use super::Members;
use super::chosen::ascending;
use crate::contents::Contents;
use crate::error::{Result, room};
use crate::ids::Id;

impl Contents {
    /// The ids of each hit, all of them or only those of some slots and entries.
    ///
    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn members(&self, hits: &[i64], among: Option<&[(u32, u32)]>) -> Result<Members> {
        let mut slots = room(hits.len())?;
        slots.extend(hits.iter().map(|&index| index as u32));
        let slots = ascending(slots, self.vectors.slots.len())?;
        let mut of = room(hits.len())?;
        of.extend(hits.iter().map(|&index| slots.partition_point(|&slot| i64::from(slot) < index) as u32));
        let lists = match among {
            None => self.sharers(&slots)?,
            Some(references) => self.sharers_among(&slots, references)?,
        };
        Ok(Members { lists, of })
    }

    fn sharers(&self, slots: &[u32]) -> Result<Vec<Vec<Id>>> {
        let mut lists = room(slots.len())?;
        for &slot in slots {
            let slot = &self.vectors.slots[slot as usize];
            lists.push(self.ids_of(slot.refs as usize, self.references.iter_slot(slot))?);
        }
        Ok(lists)
    }

    /// Walks the references and not the slots, which may have many more.
    fn sharers_among(&self, slots: &[u32], references: &[(u32, u32)]) -> Result<Vec<Vec<Id>>> {
        let is_hit = |&&(slot, _): &&(u32, u32)| slots.binary_search(&slot).is_ok();
        let mut found: Vec<(u32, u32, u32)> = room(references.iter().filter(is_hit).count())?;
        let placed = |&(slot, entry): &(u32, u32)| (slot, self.references.stamp(entry), entry);
        found.extend(references.iter().filter(is_hit).map(placed));
        found.sort_unstable();
        found.dedup();
        // Every candidate is there for one of the entries, so every hit has its chunk.
        let mut lists = room(slots.len())?;
        for list in found.chunk_by(|a, b| a.0 == b.0) {
            lists.push(self.ids_of(list.len(), list.iter().map(|&(.., entry)| entry))?);
        }
        Ok(lists)
    }

    fn ids_of(&self, count: usize, entries: impl Iterator<Item = u32>) -> Result<Vec<Id>> {
        let mut ids = room(count)?;
        for entry in entries {
            ids.push(self.references.key(entry).to_id()?);
        }
        Ok(ids)
    }
}
