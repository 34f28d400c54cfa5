//! When two components count as equal (clauses DEDUP-1 and DEDUP-2): the key of a component, 32 bits.
//!
//! With precision `p` the key of `x` is the integer nearest to `x * 10^p`, ties to even, while that product is at most 2^22; beyond, `x`
//! itself, and one common key for every NaN. As 32 bits the three kinds cannot collide.

const NAN_KEY: u32 = 0x7fc0_0000;
const LARGEST: f64 = 4_194_304.0; // 2^22

/// How closely components must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Equal bit patterns.
    Exact,
    /// Equal after rounding to this many decimals, 0 to 7.
    Decimals(u8),
}

/// A [`Precision`] as the numbers that the kernels need.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    pub exact: bool,
    /// 10^p, exact in f32 for every allowed p.
    pub scale: f32,
    /// The largest f32 whose exact product with `scale` is at most 2^22.
    pub limit: f32,
}

impl Identity {
    #[must_use]
    pub fn new(precision: Precision) -> Self {
        let Precision::Decimals(decimals) = precision else {
            return Self { exact: true, scale: 1.0, limit: 0.0 };
        };
        let scale = 10f32.powi(i32::from(decimals.min(7)));
        Self { exact: false, scale, limit: limit(scale) }
    }

    /// The portable definition of the key; the product of two f32 is exact in f64.
    #[must_use]
    pub fn key(self, x: f32) -> u32 {
        if self.exact {
            x.to_bits()
        } else if x.abs() <= self.limit {
            let rounded = (f64::from(x) * f64::from(self.scale)).round_ties_even();
            (rounded as i32).cast_unsigned()
        } else if x.is_nan() {
            NAN_KEY
        } else {
            x.to_bits()
        }
    }
}

/// Going by f32 steps from a first guess keeps the rounding of the division out of the definition.
fn limit(scale: f32) -> f32 {
    let inside = |x: f32| f64::from(x) * f64::from(scale) <= LARGEST;
    let mut limit = (LARGEST / f64::from(scale)) as f32;
    while !inside(limit) {
        limit = limit.next_down();
    }
    while inside(limit.next_up()) {
        limit = limit.next_up();
    }
    limit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::tricky_f32;
    use proptest::prelude::*;

    /// The contract's words, on exact integers: x = m * 2^e, so x * 10^p is compared and rounded without any float.
    fn oracle(x: f32, p: u32) -> u32 {
        if x.is_nan() {
            return NAN_KEY;
        }
        let (bits, sign) = (x.to_bits(), if x.is_sign_negative() { -1 } else { 1 });
        let (exponent, fraction) = ((bits >> 23 & 0xff).cast_signed(), u128::from(bits & 0x7f_ffff));
        let (m, e) = if exponent == 0 { (fraction, -149) } else { (fraction | 1 << 23, exponent - 150) };
        let product = m * 10u128.pow(p);
        let large = if e >= 0 { e > 30 || product << e > 1 << 22 } else { -e < 100 && product > (1 << 22) << -e };
        if exponent == 255 || (product > 0 && large) {
            return bits;
        }
        let nearest = if e >= 0 { product << e } else { ties_even(product, (-e).cast_unsigned()) };
        (sign * i32::try_from(nearest).unwrap()).cast_unsigned()
    }

    fn ties_even(product: u128, shift: u32) -> u128 {
        if shift > 100 {
            return 0;
        }
        let (whole, rest, half) = (product >> shift, product & ((1 << shift) - 1), 1 << (shift - 1));
        whole + u128::from(rest > half || (rest == half && whole & 1 == 1))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn keys_follow_the_contract(x in tricky_f32(), p in 0u8..=7) {
            prop_assert_eq!(Identity::new(Precision::Decimals(p)).key(x), oracle(x, p.into()), "{} at {}", x, p);
            prop_assert_eq!(Identity::new(Precision::Exact).key(x), x.to_bits());
        }
    }

    #[test]
    fn limits_are_tight_on_both_sides() {
        for p in 0..=7u8 {
            let limit = Identity::new(Precision::Decimals(p)).limit;
            for x in [limit, limit.next_up(), limit.next_down(), -limit, -limit.next_up()] {
                assert_eq!(Identity::new(Precision::Decimals(p)).key(x), oracle(x, p.into()), "{x} at {p}");
            }
        }
    }
}
