//! The inner loops: portable ones, those for AVX2 with FMA, and the tiles also for AVX-512; which run is found out when a store is made.
//!
//! All levels give the same keys and the same NH sums. Scores may differ between levels in the last bits, but on one level the order in
//! which a pair is summed never depends on the tile, so a batch of queries scores exactly as single ones do.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod narrow;
mod portable;
#[cfg(target_arch = "x86_64")]
mod tile;
#[cfg(target_arch = "x86_64")]
mod vnni;

pub use self::narrow::{LANES, Lanes, Limit, NARROW};
use crate::codes::Group;
use crate::fingerprint::Secrets;
use crate::identity::Identity;

/// Products and squared differences are summed in f32 within a block of this many components and in f64 over the blocks, so that the
/// error stays far below 1e-5 up to the largest dimension.
pub const BLOCK: usize = 512;

/// 1.5 * 2^23: between 2^23 and 2^24 the floats are the integers, so adding this to a number of magnitude up to 2^22 rounds it to the nearest
/// integer, ties to even, and the low bits of the sum are that integer. In a fused multiply-add a product is rounded only so.
const MAGIC: f32 = 12_582_912.0;

/// Sums for every pair of a tile, `[row][query]`.
pub type Tile<const R: usize, const Q: usize> = [[f64; Q]; R];

/// Which rows cannot reach some score: those for which
/// `per_product * scale * product + per_residual * residual + (linear + quadratic * norm) * norm + constant < 0`, where `product` is that
/// of the codes. A NaN excludes nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bound {
    /// What the kernels' product has too much, since the codes of rows are shifted to be unsigned.
    pub shift: i32,
    pub per_product: f32,
    pub per_residual: f32,
    pub linear: f32,
    pub quadratic: f32,
    pub constant: f32,
}

/// What a CPU can do. A level other than portable exists only where it was detected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// And AVX2.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// And products of bytes.
    #[cfg(target_arch = "x86_64")]
    Vnni,
}

impl Level {
    #[must_use]
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            let wide = is_x86_feature_detected!("avx512f");
            return Self(match wide && is_x86_feature_detected!("avx512vnni") {
                true => Kind::Vnni,
                false if wide => Kind::Avx512,
                false => Kind::Avx2,
            });
        }
        Self(Kind::Portable)
    }

    /// Every level that this CPU has.
    #[cfg(test)]
    pub fn all() -> Vec<Self> {
        let kinds = [
            Kind::Portable,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512,
            #[cfg(target_arch = "x86_64")]
            Kind::Vnni,
        ];
        kinds.into_iter().map(Self).filter(|&level| level <= Self::detect()).collect()
    }

    /// The NH sum of the row's keys.
    #[must_use]
    pub fn nh(self, row: &[f32], identity: Identity, secrets: &Secrets) -> u64 {
        match self.0 {
            Kind::Portable => portable::nh(row, identity, secrets),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: these levels exist only where AVX2 and FMA were detected.
            Kind::Avx2 | Kind::Avx512 | Kind::Vnni => unsafe { avx2::nh(row, identity, secrets) },
        }
    }

    /// Whether all keys of two rows of equal length are equal.
    #[must_use]
    pub fn same_keys(self, a: &[f32], b: &[f32], identity: Identity) -> bool {
        match self.0 {
            Kind::Portable => portable::same_keys(a, b, identity),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: these levels exist only where AVX2 and FMA were detected.
            Kind::Avx2 | Kind::Avx512 | Kind::Vnni => unsafe { avx2::same_keys(a, b, identity) },
        }
    }

    /// For every pair the sum of products, or with `SQUARED` of squared differences. All slices have the same length, at least [`NARROW`].
    #[must_use]
    pub fn tile<const R: usize, const Q: usize, const SQUARED: bool>(self, rows: [&[f32]; R], queries: [&[f32]; Q]) -> Tile<R, Q> {
        match self.0 {
            Kind::Portable => portable::tile::<R, Q, SQUARED>(rows, queries),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this level exists only where AVX2 and FMA were detected.
            Kind::Avx2 => unsafe { avx2::tile::<R, Q, SQUARED>(rows, queries) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: these levels exist only where AVX-512 was detected.
            Kind::Avx512 | Kind::Vnni => unsafe { avx512::tile::<R, Q, SQUARED>(rows, queries) },
        }
    }

    /// The nearest whole numbers of `row * steps`, which are at most 127, as bytes, and what these times `scale` leave of the row.
    pub fn round(self, row: &[f32], (steps, scale): (f32, f32), bytes: &mut [u8], left: &mut [f32]) {
        match self.0 {
            Kind::Portable => portable::round(row, (steps, scale), bytes, left),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: these levels exist only where AVX2 and FMA were detected.
            Kind::Avx2 | Kind::Avx512 | Kind::Vnni => unsafe { avx2::round(row, (steps, scale), bytes, left) },
        }
    }

    /// Whether [`Self::screen`] excludes anything.
    #[must_use]
    pub fn screens(self) -> bool {
        self.0 != Kind::Portable
    }

    /// For each query the rows of the group that [`Bound`] does not exclude, one bit for each.
    #[must_use]
    pub fn screen<const Q: usize>(self, group: &Group<'_>, queries: [&[[i8; 4]]; Q], bounds: &[Bound; Q]) -> [u16; Q] {
        match self.0 {
            // Plain loops over bytes take longer than those over rows.
            Kind::Portable => [u16::MAX; Q],
            #[cfg(target_arch = "x86_64")]
            // SAFETY: these levels exist only where AVX2 and FMA were detected.
            Kind::Avx2 | Kind::Avx512 => unsafe { avx2::screen(group, queries, bounds) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this level exists only where AVX-512 with VNNI was detected.
            Kind::Vnni => unsafe { vnni::screen(group, queries, bounds) },
        }
    }

    /// Puts [`LANES`] rows of fewer than [`NARROW`] components beside each other.
    pub fn transpose(self, rows: &[f32], columns: &mut [Lanes]) {
        match self.0 {
            Kind::Portable => narrow::transpose(rows, columns),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: these levels exist only where AVX2 and FMA were detected.
            Kind::Avx2 | Kind::Avx512 | Kind::Vnni => unsafe { avx2::transpose(rows, columns) },
        }
    }

    /// The sums of groups of rows beside each other with a query of fewer than [`NARROW`] components, and of each group whether any row is
    /// within the limit. `inverses` are those of the rows, for the cosine.
    pub fn compare(self, columns: &[Lanes], query: &[f32], limit: Limit, inverses: &[Lanes], sums: &mut [Lanes], within: &mut [bool]) {
        match self.0 {
            Kind::Portable => narrow::compare(columns, query, limit, inverses, sums, within),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: these levels exist only where AVX2 and FMA were detected.
            Kind::Avx2 | Kind::Avx512 | Kind::Vnni => unsafe { avx2::compare(columns, query, limit, inverses, sums, within) },
        }
    }

    /// The squared norms of some rows, summed in the order of [`Self::tile`], or of [`Self::compare`] where there are few components.
    #[must_use]
    pub fn squares<const R: usize>(self, rows: [&[f32]; R]) -> [f64; R] {
        if rows.first().is_some_and(|row| row.len() < NARROW) {
            return narrow::squares(rows);
        }
        match self.0 {
            Kind::Portable => portable::squares(rows),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this level exists only where AVX2 and FMA were detected.
            Kind::Avx2 => unsafe { avx2::squares(rows) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: these levels exist only where AVX-512 was detected.
            Kind::Avx512 | Kind::Vnni => unsafe { avx512::squares(rows) },
        }
    }
}

/// The last components of a row, filled up with 0.0 to a whole group.
fn padded<const N: usize>(rest: &[f32]) -> [f32; N] {
    let mut group = [0.0; N];
    group[..rest.len()].copy_from_slice(rest);
    group
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn oracle(a: &[f32], b: &[f32], squared: bool) -> f64 {
        let term = |(&x, &y): (&f32, &f32)| {
            let (x, y) = (f64::from(x), f64::from(y));
            if squared { (x - y) * (x - y) } else { x * y }
        };
        a.iter().zip(b).map(term).sum()
    }

    fn rows(seed: u64, count: usize, d: usize) -> Vec<Vec<f32>> {
        let mut state = seed;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 40) as f32 / 8_388_608.0 - 1.0
        };
        (0..count).map(|_| (0..d).map(|_| next()).collect()).collect()
    }

    fn check<const SQUARED: bool>(level: Level, v: &[Vec<f32>], d: usize) {
        let row = |i: usize| v[i].as_slice();
        let tile = level.tile::<4, 3, SQUARED>([row(0), row(1), row(2), row(3)], [row(4), row(5), row(6)]);
        for (i, sums) in tile.iter().enumerate() {
            for (j, &sum) in sums.iter().enumerate() {
                let exact = oracle(row(i), row(4 + j), SQUARED);
                assert!((sum - exact).abs() <= 1e-6 * d as f64, "{sum} for {exact}");
                let [[single]] = level.tile::<1, 1, SQUARED>([row(i)], [row(4 + j)]);
                assert_eq!(single.to_bits(), sum.to_bits());
            }
        }
    }

    proptest! {
        #[test]
        fn sums_are_near_and_independent_of_the_tile(seed: u64, d in prop_oneof![NARROW..40, 500usize..530, Just(1537usize)]) {
            let v = rows(seed, 7, d);
            for level in Level::all() {
                check::<false>(level, &v, d);
                check::<true>(level, &v, d);
                let [[own]] = level.tile::<1, 1, false>([&v[0]], [&v[0]]);
                prop_assert_eq!(level.squares([&v[0]])[0].to_bits(), own.to_bits());
            }
        }
    }
}
