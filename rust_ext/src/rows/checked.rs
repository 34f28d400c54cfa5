//! Rows of a file are compared with their checksums before they are read for the first time.

use std::sync::atomic::Ordering;

use super::View;
use crate::error::{Error, Result};
use crate::segment::Segment;

impl View {
    /// If not, every row may be read.
    #[inline]
    #[must_use]
    pub fn may_be_unchecked(&self) -> bool {
        // Acquire: whoever found that none is unchecked has seen them compared.
        self.unchecked.load(Ordering::Acquire)
    }

    /// Has later readers look at no segment, if all rows were compared.
    pub fn look_whether_all_are_checked(&self) {
        let waits = |segment: &Segment| segment.checks().is_some_and(|checks| !checks.is_done());
        if self.may_be_unchecked() && !self.segments.iter().any(waits) {
            self.unchecked.store(false, Ordering::Release);
        }
    }

    /// Has to come before a row is read.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    #[inline]
    pub fn check(&self, index: u32) -> Result<()> {
        if !self.may_be_unchecked() {
            return Ok(());
        }
        let (number, row) = self.number(index as usize);
        self.check_in(&self.segments[number], row, index)
    }

    /// [`Self::check`] of many.
    ///
    /// # Errors
    /// [`Error::Damaged`] for the first of them.
    pub fn check_all(&self, indices: &[u32]) -> Result<()> {
        if self.may_be_unchecked() { indices.iter().try_for_each(|&index| self.check(index)) } else { Ok(()) }
    }

    /// [`Self::check_all`] of ascending ones, which looks at nothing but their segments where these are done with.
    ///
    /// # Errors
    /// [`Error::Damaged`] for the first of them.
    pub fn check_ascending(&self, mut indices: &[u32]) -> Result<()> {
        while let (true, Some(&first)) = (self.may_be_unchecked(), indices.first()) {
            let (number, _) = self.number(first as usize);
            let (segment, start, end) = (&self.segments[number], self.start(number), self.start(number + 1));
            let (these, others) = indices.split_at(indices.partition_point(|&index| (index as usize) < end));
            if segment.checks().is_some_and(|checks| !checks.is_done()) {
                these.iter().try_for_each(|&index| self.check_in(segment, index as usize - start, index))?;
            }
            indices = others;
        }
        Ok(())
    }

    #[inline]
    fn check_in(&self, segment: &Segment, row: usize, index: u32) -> Result<()> {
        let Some(checks) = segment.checks().filter(|checks| !checks.is_done()) else { return Ok(()) };
        if checks.allow(row, self.get(index)) { Ok(()) } else { Err(Error::Damaged { index, number: checks.source().number }) }
    }
}
