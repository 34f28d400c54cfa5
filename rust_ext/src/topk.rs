//! The best hits of one query, as single numbers whose order is the order of the contract.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::error::Result;

const SIGN: u32 = 1 << 31;

/// A score (higher is better) and an index as one number: greater is better, an equal score with a lower index is better, NaN is worst.
#[must_use]
pub fn rank(score: f32, index: u32) -> u64 {
    if score.is_nan() {
        return u64::from(!index);
    }
    // Adding 0.0 turns -0.0 into 0.0, which must tie with it. Negative floats count downwards, so all their bits are turned over.
    let bits = (score + 0.0).to_bits();
    let ordered = bits ^ ((bits.cast_signed() >> 31).cast_unsigned() | SIGN);
    u64::from(ordered) << 32 | u64::from(!index)
}

/// The score and the index that [`rank`] was given.
#[must_use]
pub fn unrank(rank: u64) -> (f32, u32) {
    let ordered = (rank >> 32) as u32;
    let bits = match ordered {
        0 => f32::NAN.to_bits(),
        positive if positive & SIGN != 0 => positive & !SIGN,
        negative => !negative,
    };
    (f32::from_bits(bits), !(rank as u32))
}

/// The k best hits so far.
#[derive(Debug)]
pub struct TopK {
    k: usize,
    /// A lower score has no chance.
    floor: f32,
    heap: BinaryHeap<Reverse<u64>>,
}

impl TopK {
    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn new(k: usize) -> Result<Self> {
        let mut heap = BinaryHeap::new();
        heap.try_reserve_exact(k)?;
        Ok(Self { k, floor: f32::NEG_INFINITY, heap })
    }

    /// A lower score has no chance; negative infinity or NaN where any has one.
    #[must_use]
    pub fn floor(&self) -> f32 {
        self.floor
    }

    #[inline]
    pub fn offer(&mut self, score: f32, index: u32) {
        // Nearly every offer ends here. A NaN on either side goes on.
        if score < self.floor {
            return;
        }
        self.consider(rank(score, index));
    }

    fn consider(&mut self, rank: u64) {
        if self.heap.len() < self.k {
            self.heap.push(Reverse(rank));
        } else if let Some(mut least) = self.heap.peek_mut()
            && least.0 < rank
        {
            *least = Reverse(rank);
        }
        if let (true, Some(least)) = (self.heap.len() == self.k, self.heap.peek()) {
            self.floor = unrank(least.0).0;
        }
    }

    #[must_use]
    pub fn k(&self) -> usize {
        self.k
    }

    /// Takes over the hits of another. What is best of all does not depend on who found it.
    pub fn merge(&mut self, other: Self) {
        other.heap.into_iter().for_each(|Reverse(rank)| self.consider(rank));
    }

    /// Best first.
    #[must_use]
    pub fn into_sorted(self) -> Vec<Reverse<u64>> {
        self.heap.into_sorted_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ranks_order_as_the_contract_says(a in crate::tests::tricky_f32(), b in crate::tests::tricky_f32(), i: u32, j: u32) {
            let better = match (a.is_nan(), b.is_nan()) {
                (true, true) => i < j,
                (true, false) => false,
                (false, true) => true,
                (false, false) => a.partial_cmp(&b).unwrap().then(j.cmp(&i)).is_gt(),
            };
            prop_assert_eq!(rank(a, i) > rank(b, j), better);
            let (score, index) = unrank(rank(a, i));
            prop_assert_eq!(index, i);
            prop_assert!((score + 0.0).to_bits() == (a + 0.0).to_bits() || a.is_nan() && score.is_nan());
        }

        #[test]
        fn the_best_are_kept(scores in prop::collection::vec(crate::tests::tricky_f32(), 0..60), k in 1usize..70, parts in 1u32..5) {
            let mut tops: Vec<_> = (0..parts).map(|_| TopK::new(k).unwrap()).collect();
            (0u32..).zip(&scores).for_each(|(index, &score)| tops[(index % parts) as usize].offer(score, index));
            let mut top = tops.pop().unwrap();
            for other in tops {
                top.merge(other);
            }
            let mut expected: Vec<_> = (0u32..).zip(scores).map(|(index, score)| Reverse(rank(score, index))).collect();
            expected.sort();
            expected.truncate(k);
            prop_assert_eq!(top.into_sorted(), expected);
        }
    }
}
