//! Ids as keys: 16 bytes for anything that is the canonical text of a UUID, the text itself for everything else.
//!
//! A UUID and its canonical text (36 lower-case characters) are one id by contract, so both become the same 16 bytes; every other
//! spelling is another id and stays text.

use std::hash::{BuildHasher, Hasher};

use crate::error::Result;

const HEX: &[u8; 16] = b"0123456789abcdef";
/// Where the two hex digits of byte `i` start in the canonical text.
const DIGITS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const HYPHENS: [usize; 4] = [8, 13, 18, 23];
const NOT_HEX: u8 = 0xff;
/// Where the runs of hex digits start in the canonical text, where among all digits, and how long they are.
const RUNS: [(usize, usize, usize); 5] = [(0, 0, 8), (9, 8, 4), (14, 12, 4), (19, 16, 4), (24, 20, 12)];

/// The 16 bytes of a UUID, aligned as what they share an enum with, so that they are copied as two words: bytes at odd places are copied
/// in pieces, and the processor waits for the last copy before it can make the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(8))]
pub struct Bits(pub [u8; 16]);

/// An id as a caller hands it over: nothing is copied to look it up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    Uuid(Bits),
    Text(&'a str),
}

/// An id as the store keeps it.
#[derive(Debug, PartialEq, Eq)]
pub enum Id {
    Uuid(Bits),
    Text(Box<str>),
}

impl<'a> Key<'a> {
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        match <&[u8; 36]>::try_from(text.as_bytes()).ok().and_then(uuid_of) {
            Some(bytes) => Self::Uuid(Bits(bytes)),
            None => Self::Text(text),
        }
    }

    #[must_use]
    pub fn uuid(value: u128) -> Self {
        Self::Uuid(Bits(value.to_be_bytes()))
    }

    /// A copy to keep.
    ///
    /// # Errors
    /// [`crate::Error::Memory`].
    #[inline]
    pub fn to_id(self) -> Result<Id> {
        match self {
            Self::Uuid(bytes) => Ok(Id::Uuid(bytes)),
            Self::Text(text) => copied(text).map(Id::Text),
        }
    }

    pub fn hash(self, state: &impl BuildHasher) -> u64 {
        let mut hasher = state.build_hasher();
        match self {
            Self::Uuid(bits) => hasher.write_u128(u128::from_ne_bytes(bits.0)),
            Self::Text(text) => hasher.write(text.as_bytes()),
        }
        hasher.finish()
    }
}

impl Id {
    #[must_use]
    pub fn key(&self) -> Key<'_> {
        match self {
            Self::Uuid(bytes) => Key::Uuid(*bytes),
            Self::Text(text) => Key::Text(text),
        }
    }

    /// Hands the id's text to `read`, without an allocation for a UUID.
    pub fn with_text<T>(&self, read: impl FnOnce(&str) -> T) -> T {
        match self {
            Self::Text(text) => read(text),
            Self::Uuid(Bits(bytes)) => {
                let text = text_of(bytes);
                read(std::str::from_utf8(&text).unwrap_or_default())
            }
        }
    }
}

fn copied(text: &str) -> Result<Box<str>> {
    let mut copy = String::new();
    copy.try_reserve_exact(text.len())?;
    copy.push_str(text);
    Ok(copy.into_boxed_str())
}

fn uuid_of(text: &[u8; 36]) -> Option<[u8; 16]> {
    // All digits in one row, and then no branch: the compiler turns this into a few vector instructions.
    let mut digits = [0; 32];
    for (from, to, length) in RUNS {
        digits[to..to + length].copy_from_slice(&text[from..from + length]);
    }
    let values = digits.map(|digit| {
        let (number, letter) = (digit.wrapping_sub(b'0'), digit.wrapping_sub(b'a'));
        if number < 10 {
            number
        } else if letter < 6 {
            letter + 10
        } else {
            NOT_HEX
        }
    });
    let mut bytes = [0; 16];
    let mut wrong = 0;
    for (byte, pair) in bytes.iter_mut().zip(values.as_chunks::<2>().0) {
        wrong |= pair[0] | pair[1];
        *byte = pair[0] << 4 | pair[1] & 0xf;
    }
    let hyphens = HYPHENS.iter().all(|&at| text[at] == b'-');
    (hyphens && wrong & 0xf0 == 0).then_some(bytes)
}

fn text_of(bytes: &[u8; 16]) -> [u8; 36] {
    let mut text = [b'-'; 36];
    for (byte, at) in bytes.iter().zip(DIGITS) {
        text[at] = HEX[usize::from(byte >> 4)];
        text[at + 1] = HEX[usize::from(byte & 0xf)];
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn uuid_text_makes_a_round_trip(value: u128) {
            let id = Key::uuid(value).to_id().unwrap();
            let text = id.with_text(str::to_owned);
            prop_assert_eq!(text.len(), 36);
            prop_assert_eq!(Key::parse(&text), Key::uuid(value));
        }

        #[test]
        fn every_id_reads_back_as_it_was_given(text in "\\PC{0,40}|[0-9a-f-]{36}|[0-9a-fA-F]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}") {
            prop_assert_eq!(Key::parse(&text).to_id().unwrap().with_text(str::to_owned), text);
        }
    }

    #[test]
    fn other_spellings_stay_text() {
        let canonical = "0123abcd-0123-4567-89ab-0123456789ab";
        assert!(matches!(Key::parse(canonical), Key::Uuid(_)));
        for other in [
            canonical.to_uppercase(),
            canonical.replace('-', ""),
            format!("{{{canonical}}}"),
            canonical.replace('-', "0"),
            canonical.replace('a', "g"),
            canonical.replace("ab", "é"),
        ] {
            assert!(matches!(Key::parse(&other), Key::Text(_)), "{other}");
        }
    }
}
