//! What the store knows of each index besides its vector.

/// No entry, no slot: the end of a list.
pub const NIL: u32 = u32::MAX;

/// The most ids that a store can have: entries are numbered, and so many may be of one slot, where they have stamps of 31 bits.
pub const MAX_IDS: u32 = (1 << 31) - 1;

/// The most slots that a store can number, each for an id at least.
pub const MAX_SLOTS: u32 = MAX_IDS;

/// In the place of a first entry that has still to come.
const AWAITED: u32 = 0;

/// One allocated index; freed while nothing references it.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// The fingerprint of the vector, so that a row is hashed only once.
    pub hash: u32,
    pub refs: u32,
    /// First and last entry that reference this slot, in the order in which they came.
    pub head: u32,
    pub tail: u32,
}

impl Slot {
    pub const FREED: Self = Self { hash: 0, refs: 0, head: NIL, tail: NIL };

    /// Notes the fingerprint of a vector that is stored, and perhaps has no reference yet.
    pub fn enter(&mut self, hash: u32) {
        self.hash = hash;
        if self.head == NIL {
            self.head = AWAITED;
        }
    }

    /// Whether a vector is stored here.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        self.head != NIL
    }

    #[must_use]
    pub fn active(&self) -> bool {
        self.refs > 0
    }
}
