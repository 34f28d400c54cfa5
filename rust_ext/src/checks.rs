//! Which rows of a file have still to be compared with their checksums, CRC-32, before anybody reads them.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use crate::error::Result;
use crate::mapped::Source;
use crate::memory::Memory;

/// The rows of one segment.
pub struct Checks {
    /// The checksums of all rows, then a bit for each row that waits.
    memory: Memory,
    rows: usize,
    waiting: AtomicUsize,
    source: Source,
}

/// The bytes of a row, as they are in a file.
pub fn bytes(row: &[f32]) -> &[u8] {
    // SAFETY: floats are plain bytes, four each.
    unsafe { std::slice::from_raw_parts(row.as_ptr().cast(), size_of_val(row)) }
}

impl Checks {
    /// Some of `rows` rows with their checksums, each once; the others are not waiting.
    ///
    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn new(rows: usize, source: &Source, sums: impl Iterator<Item = (usize, u32)>) -> Result<Self> {
        let memory = Memory::zeros(rows + rows.div_ceil(32))?;
        // SAFETY: so many zeroed numbers, which nobody else has yet.
        let words: &mut [u32] = unsafe { std::slice::from_raw_parts_mut(memory.items().cast().as_ptr(), rows + rows.div_ceil(32)) };
        let (kept, bits) = words.split_at_mut(rows);
        let mut waiting = 0;
        for (row, sum) in sums {
            kept[row] = sum;
            bits[row / 32] |= 1 << (row % 32);
            waiting += 1;
        }
        Ok(Self { memory, rows, waiting: AtomicUsize::new(waiting), source: source.clone() })
    }

    /// The same rows that wait, for a copy of their memory; an error names the file of `source`.
    ///
    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn copy(&self, source: &Source) -> Result<Self> {
        let waiting = (0..self.rows).filter(|&row| self.is_waiting(row));
        Self::new(self.rows, source, waiting.map(|row| (row, self.words()[row].load(Ordering::Relaxed))))
    }

    /// Whether no row waits.
    #[inline]
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.waiting.load(Ordering::Acquire) == 0
    }

    /// Whose file an error names.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Whether a row may be read: it waits no longer, or its content agrees with its checksum.
    #[inline]
    #[must_use]
    pub fn allow(&self, row: usize, content: &[f32]) -> bool {
        !self.is_waiting(row) || self.compare(row, content)
    }

    /// A row is overwritten, in a segment that nobody else can read.
    pub fn forget(&self, row: usize) {
        let before = self.bits()[row / 32].fetch_and(!(1 << (row % 32)), Ordering::Relaxed);
        // Release: whoever sees that none waits reads rows after they were compared.
        self.waiting.fetch_sub(usize::from(before & 1 << (row % 32) != 0), Ordering::Release);
    }

    fn is_waiting(&self, row: usize) -> bool {
        self.bits()[row / 32].load(Ordering::Relaxed) & 1 << (row % 32) != 0
    }

    #[cold]
    fn compare(&self, row: usize, content: &[f32]) -> bool {
        let right = crc32fast::hash(bytes(content)) == self.words()[row].load(Ordering::Relaxed);
        if right {
            self.forget(row);
        }
        right
    }

    fn words(&self) -> &[AtomicU32] {
        // SAFETY: so many zeroed numbers, which nobody reaches but through these atomics.
        unsafe { std::slice::from_raw_parts(self.memory.items().cast().as_ptr(), self.rows + self.rows.div_ceil(32)) }
    }

    fn bits(&self) -> &[AtomicU32] {
        &self.words()[self.rows..]
    }
}
