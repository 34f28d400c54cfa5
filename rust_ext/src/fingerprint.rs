//! The hash of a vector's identity, and the comparison that decides on a hit.
//!
//! The hash is NH (UMAC; Black, Halevi, Krawczyk, Krovetz, Rogaway 1999) over the component keys, with one 32-bit secret per position that
//! the seed of the store gives, and then a bijection that spreads the sum for the table. For any two different rows, chosen without knowing
//! the secrets, the sums are equal with probability at most 2^-32: that is how the seeding which DEDUP-3 asks for is honoured. Identity
//! itself is always decided on the keys. Durable stores keep the folded hashes in their files (docs/format.md), so it is part of a format.

use std::hash::{BuildHasher, RandomState};

use crate::error::{Result, room};
use crate::identity::Identity;
use crate::kernels::Level;

/// Keys are hashed eight at a time; a last incomplete group is filled up with components 0.0, whose key is 0 at every precision.
pub type Secrets = [[u32; 8]];

/// The step of `SplitMix64`, whose outputs' low halves are the secrets, position by position.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Hashes and compares rows of one dimension at one precision.
#[derive(Debug)]
pub struct Fingerprint {
    identity: Identity,
    secrets: Vec<[u32; 8]>,
    level: Level,
}

impl Fingerprint {
    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn new(identity: Identity, dimension: usize, level: Level, seed: Option<u64>) -> Result<Self> {
        let mut state = seed.unwrap_or_else(|| RandomState::new().hash_one(()));
        let mut secrets = room(dimension.div_ceil(8))?;
        secrets.extend((0..dimension.div_ceil(8)).map(|_| {
            std::array::from_fn(|_| {
                state = state.wrapping_add(GOLDEN);
                finalise(state) as u32
            })
        }));
        Ok(Self { identity, secrets, level })
    }

    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    #[must_use]
    pub fn hash(&self, row: &[f32]) -> u64 {
        finalise(self.level.nh(row, self.identity, &self.secrets))
    }

    /// Equal bits are equal keys at every precision and by far the most frequent hit.
    #[must_use]
    pub fn identical(&self, a: &[f32], b: &[f32]) -> bool {
        same_bits(a, b) || (!self.identity.exact && self.level.same_keys(a, b, self.identity))
    }
}

fn same_bits(a: &[f32], b: &[f32]) -> bool {
    bits(a) == bits(b)
}

fn bits(row: &[f32]) -> &[u32] {
    // SAFETY: f32 and u32 have equal size and alignment, and every bit pattern is a u32.
    unsafe { std::slice::from_raw_parts(row.as_ptr().cast(), row.len()) }
}

/// Bijective, so it adds no collisions (the mixer of `SplitMix64`; Steele, Lea, Flood 2014).
fn finalise(mut sum: u64) -> u64 {
    sum = (sum ^ (sum >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    sum = (sum ^ (sum >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    sum ^ (sum >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Precision;
    use crate::table::folded;
    use crate::tests::tricky_f32;
    use proptest::prelude::*;

    fn precision() -> impl Strategy<Value = Precision> {
        prop_oneof![Just(Precision::Exact), (0u8..=7).prop_map(Precision::Decimals)]
    }

    fn at_all_levels(precision: Precision, dimension: usize) -> Vec<Fingerprint> {
        let first = Fingerprint::new(Identity::new(precision), dimension, Level::detect(), None).unwrap();
        Level::all().into_iter().map(|level| Fingerprint { secrets: first.secrets.clone(), level, ..first }).collect()
    }

    /// The same answers stand in core's tests of `refvec.durable.fingerprints`.
    #[test]
    fn known_answers() {
        let cases =
            [(1, Precision::Decimals(6), 0xca80_c4b8), (9, Precision::Decimals(3), 0x92df_e5a3), (384, Precision::Exact, 0xdc9c_8797)];
        for (dimension, precision, expected) in cases {
            let row: Vec<f32> = (0u16..).map(f32::from).take(dimension).map(|at| (at - 3.0) / 7.0).collect();
            let fingerprint = Fingerprint::new(Identity::new(precision), dimension, Level::detect(), Some(0x0123_4567_89ab_cdef)).unwrap();
            assert_eq!(folded(fingerprint.hash(&row)), expected, "{dimension}");
        }
    }

    proptest! {
        #[test]
        fn levels_agree(row in prop::collection::vec(tricky_f32(), 1..70), other in tricky_f32(), at: prop::sample::Index, p in precision()) {
            let mut changed = row.clone();
            changed[at.index(row.len())] = other;
            let fingerprints = at_all_levels(p, row.len());
            let key = |x: &f32| Identity::new(p).key(*x);
            let same = row.iter().map(key).eq(changed.iter().map(key));
            for f in &fingerprints {
                prop_assert_eq!(f.identical(&row, &changed), same);
                prop_assert_eq!(f.hash(&row) == f.hash(&changed), same);
                prop_assert_eq!(f.hash(&row), fingerprints[0].hash(&row));
            }
        }
    }
}
