//! Events as a log of the files has them.

use crate::error::{Result, room};
use crate::ids::{Id, Key};
use crate::journal::Event;

const DROPPED: i64 = -1;
const CLEARED: i64 = -2;

/// The ids of events, one way or the other, and what became of them.
#[derive(Debug, PartialEq, Eq)]
pub struct Columns {
    /// Where all are UUIDs, and there are any; the one of a clear is of zeros.
    pub uuids: Option<Vec<[u8; 16]>>,
    /// Else how many bytes each has of the text; a clear has none.
    pub lengths: Vec<i64>,
    pub text: String,
    /// The index that an id came to, -1 for a drop, -2 for a clear.
    pub indices: Vec<i64>,
}

impl Columns {
    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn of(events: &[Event]) -> Result<Self> {
        let mut found = Self { uuids: uuids(events)?, lengths: Vec::new(), text: String::new(), indices: room(events.len())? };
        found.indices.extend(events.iter().map(|event| match event {
            Event::Put { index, .. } => (*index).into(),
            Event::Drop { .. } => DROPPED,
            Event::Clear => CLEARED,
        }));
        if found.uuids.is_none() {
            found.lengths.try_reserve_exact(events.len())?;
            events.iter().try_for_each(|event| found.push_text(id(event)))?;
        }
        Ok(found)
    }

    fn push_text(&mut self, id: Option<&Id>) -> Result<()> {
        let length = |text: &str| -> Result<i64> {
            self.text.try_reserve(text.len())?;
            self.text.push_str(text);
            Ok(text.len().cast_signed() as i64)
        };
        self.lengths.push(id.map_or(Ok(0), |id| id.with_text(length))?);
        Ok(())
    }
}

fn id(event: &Event) -> Option<&Id> {
    match event {
        Event::Put { id, .. } | Event::Drop { id } => Some(id),
        Event::Clear => None,
    }
}

fn uuids(events: &[Event]) -> Result<Option<Vec<[u8; 16]>>> {
    let mut found = room(events.len())?;
    for event in events {
        match id(event).map(Id::key) {
            Some(Key::Uuid(bits)) => found.push(bits.0),
            Some(Key::Text(_)) => return Ok(None),
            None => found.push([0; 16]),
        }
    }
    Ok(Some(found).filter(|found| !found.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(text: &str, index: u32) -> Event {
        Event::Put { id: Key::parse(text).to_id().unwrap(), index }
    }

    #[test]
    fn ids_are_uuids_where_all_are() {
        let uuid = "00000000-0000-0000-0000-0000000000ff";
        let drop = Event::Drop { id: Key::parse(uuid).to_id().unwrap() };
        let found = Columns::of(&[put(uuid, 7), Event::Clear, drop]).unwrap();
        let bytes = Key::uuid(255).to_id().unwrap();
        let Id::Uuid(bits) = bytes else { panic!("no UUID") };
        assert_eq!((found.uuids, found.indices), (Some(vec![bits.0, [0; 16], bits.0]), vec![7, CLEARED, DROPPED]));
        assert!(found.text.is_empty() && found.lengths.is_empty());
    }

    #[test]
    fn else_they_are_texts() {
        let uuid = "00000000-0000-0000-0000-0000000000ff";
        let found = Columns::of(&[put("\u{e9}", 0), Event::Clear, put(uuid, 1)]).unwrap();
        assert_eq!((found.uuids, found.lengths, found.indices), (None, vec![2, 0, 36], vec![0, CLEARED, 1]));
        assert_eq!(found.text, format!("\u{e9}{uuid}"));
        assert_eq!(Columns::of(&[]).unwrap().uuids, None);
    }
}
