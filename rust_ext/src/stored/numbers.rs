//! Numbers as a catalog has them: listed, or each one more than the one before.

use std::ops::Range;

#[derive(Clone, Debug)]
pub enum Numbers<'a> {
    Listed(&'a [i64]),
    Run(Range<i64>),
}

impl<'a> Numbers<'a> {
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Listed(listed) => listed.len(),
            Self::Run(run) => usize::try_from(run.end.saturating_sub(run.start)).unwrap_or(0),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[must_use]
    pub fn get(&self, position: usize) -> Option<i64> {
        match self {
            Self::Listed(listed) => listed.get(position).copied(),
            Self::Run(run) => (position < self.len()).then(|| run.start + position.cast_signed() as i64),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = i64> + use<'a> {
        let (listed, run): (&[i64], _) = match self {
            Self::Listed(listed) => (listed, 0..0),
            Self::Run(run) => (&[], run.clone()),
        };
        listed.iter().copied().chain(run)
    }
}

impl<'a> From<&'a [i64]> for Numbers<'a> {
    fn from(listed: &'a [i64]) -> Self {
        Self::Listed(listed)
    }
}

impl<'a, const N: usize> From<&'a [i64; N]> for Numbers<'a> {
    fn from(listed: &'a [i64; N]) -> Self {
        Self::Listed(listed)
    }
}
