//! Rows that are read from a file.

use std::sync::atomic::AtomicBool;

use super::{Rows, View};
use crate::available::available;
use crate::checks::Checks;
use crate::error::{Error, Result, room};
use crate::mapped::RowFile;
use crate::memory::Memory;
use crate::segment::Segment;

/// Pages of a file that were written to are given back where they would take more than such a part of their segment.
const CHANGED: usize = 64;
const PAGE_BYTES: usize = 4096;
/// Codes of rows in a file may take such a part of the memory that is available when the first of them is mapped.
const CODES: u64 = 4;

impl Rows {
    /// Takes the first `len` rows of a file as those from 0, while there are none. `sums` gives the checksum of a row that will be read.
    ///
    /// # Errors
    /// [`Error::State`] if the file is too short, [`Error::Memory`] or [`Error::System`].
    pub fn map(&mut self, file: &RowFile<'_>, len: usize, sums: impl Fn(usize) -> Option<u32>) -> Result<()> {
        debug_assert!(self.view.len == 0);
        if len > file.rows() {
            return Err(Error::State("the file of the rows is too short"));
        }
        let view = &mut self.view;
        let count = view.segments_for(len);
        let mut segments = room(count)?;
        for number in 0..count {
            let (start, rows) = (view.start(number), view.rows_in(number));
            let held = rows.min(len - start);
            let mut segment = Segment::map(file, (start, held), rows, view.dimension)?;
            segment.expect(Checks::new(rows, file.source(), (0..held).filter_map(|row| Some((row, sums(start + row)?))))?);
            segments.push(segment);
        }
        (view.segments, view.len, view.unchecked) = (segments, len, AtomicBool::new(true));
        self.readable = len;
        self.begin_to_map()?;
        *self.shared.get_mut() = true;
        Ok(())
    }

    /// Has nobody wait for a row that will not be read, in a store that nobody else has yet.
    pub fn forget_check(&mut self, index: u32) {
        if (index as usize) < self.view.len {
            let (number, row) = self.view.number(index as usize);
            if let Some(checks) = self.view.segments[number].checks() {
                checks.forget(row);
            }
        }
    }

    /// Whether somebody may see rows of a file, so that none of them may be written there.
    #[must_use]
    pub fn is_observed(&self) -> bool {
        self.view.observed.as_ref().is_some_and(|observed| !observed.is_unique())
    }

    /// Reads those rows from a file that are in it: all but `unwritten`, which ascend. Where that cannot be done, rows stay as they are.
    pub fn settle(&mut self, file: &RowFile<'_>, unwritten: &[u32]) {
        if self.view.observed.is_none() && self.begin_to_map().is_err() {
            return;
        }
        for number in 0..self.view.segments.len() {
            if self.view.is_worth_settling(number, file, unwritten)
                && let Ok(segment) = self.view.settled(number, file)
            {
                self.view.segments[number] = segment;
                self.readable = self.view.len;
                *self.shared.get_mut() = true;
            }
        }
        self.view.decide_on_codes();
        self.view.unchecked = AtomicBool::new(true);
        self.view.look_whether_all_are_checked();
    }

    #[cfg(test)]
    pub fn allow_codes(&mut self, most: usize) {
        self.view.most_coded = most;
    }

    fn begin_to_map(&mut self) -> Result<()> {
        self.view.observed = Some(Memory::zeros(0)?);
        self.view.most_coded = usize::try_from(available() / CODES).unwrap_or(usize::MAX) / self.view.dimension.max(1);
        self.view.decide_on_codes();
        Ok(())
    }
}

/// Whether an error about rows that were copied would keep and name another file.
fn names_other(segment: &Segment, file: &RowFile<'_>) -> bool {
    segment.checks().is_some_and(|checks| !checks.is_done() && !checks.source().is_same(file.source()))
}

impl View {
    /// How many rows of a segment there are.
    fn held(&self, number: usize) -> usize {
        self.rows_in(number).min(self.len.saturating_sub(self.start(number)))
    }

    /// How many rows are read from a file.
    pub fn mapped(&self) -> usize {
        (0..self.segments.len()).filter(|&number| self.segments[number].is_mapped()).map(|number| self.held(number)).sum()
    }

    /// Codes are for rows that are in memory anyhow: for others, they would take memory that there may not be.
    fn decide_on_codes(&mut self) {
        self.coded = self.mapped() <= self.most_coded;
    }

    fn is_worth_settling(&self, number: usize, file: &RowFile<'_>, unwritten: &[u32]) -> bool {
        let (segment, start, held) = (&self.segments[number], self.start(number), self.held(number));
        let there = start + held <= file.rows();
        let worth = match segment.is_mapped() {
            true if segment.is_of(file) => there && self.has_many_changes(segment),
            // Nothing is left in the file that this one takes the place of.
            true => true,
            // In a segment that is not full, the next row would be the end of it.
            false => there && held == self.rows_in(number) || names_other(segment, file),
        };
        let first = unwritten.partition_point(|&index| (index as usize) < start);
        worth && held > 0 && unwritten.get(first).is_none_or(|&index| index as usize >= start + held)
    }

    fn has_many_changes(&self, segment: &Segment) -> bool {
        let row = self.dimension * size_of::<f32>();
        segment.changed() * (row.div_ceil(PAGE_BYTES) + 1) * PAGE_BYTES > segment.rows() * row / CHANGED
    }

    fn settled(&self, number: usize, file: &RowFile<'_>) -> Result<Segment> {
        let (old, start, held, rows) = (&self.segments[number], self.start(number), self.held(number), self.rows_in(number));
        let there = file.rows().saturating_sub(start).min(held);
        if there < held || (!old.is_mapped() && held < rows) {
            // Others are freed, and take no memory.
            let copy = Segment::zeros(rows, self.dimension)?;
            // SAFETY: so many rows are there, and no more than the segment holds.
            return unsafe { copy.take(old, there * self.dimension, Some(file.source())) };
        }
        let mut segment = Segment::map(file, (start, held), rows, self.dimension)?;
        segment.expect_as(old, Some(file.source()))?;
        Ok(segment)
    }
}
