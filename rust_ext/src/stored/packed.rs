//! Ids as they lie in a file.

use crate::error::{Error, Result};
use crate::ids::{Bits, Key};

#[derive(Clone, Copy, Debug)]
pub enum Packed<'a> {
    Uuids(&'a [[u8; 16]]),
    /// One after the other, each of so many bytes.
    Texts {
        lengths: &'a [i64],
        text: &'a str,
    },
}

impl<'a> Packed<'a> {
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Uuids(uuids) => uuids.len(),
            Self::Texts { lengths, .. } => lengths.len(),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All ids in order; an error for one that is not in its place.
    pub fn keys(&self) -> impl Iterator<Item = Result<Key<'a>>> + use<'a> {
        let (uuids, lengths, text): (&[_], &[_], _) = match *self {
            Self::Uuids(uuids) => (uuids, &[], ""),
            Self::Texts { lengths, text } => (&[], lengths, text),
        };
        let mut rest = text;
        let texts = lengths.iter().map(move |&length| {
            let parts = usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length));
            let (id, others) = parts.ok_or(Error::State("the ids do not fill their place"))?;
            rest = others;
            Ok(Key::parse(id))
        });
        uuids.iter().map(|&bytes| Ok(Key::Uuid(Bits(bytes)))).chain(texts)
    }
}
