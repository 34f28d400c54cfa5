//! A second, smaller representation of rows: a byte for each component, one scale for a row, and the norm of what that leaves out.
//!
//! From it follows in which interval a score lies, so a search reads only the rows that can be among the best. Rows are coded 16 at a
//! time, by the first search that has worth from it, and only groups whose rows can all be read. A group's state keeps that sound: only
//! who has made it `BUSY` writes its codes, only who sees it `READY` reads them, and it becomes `NONE` again when a row is overwritten,
//! which happens only in a segment that nobody else can read.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::{Error, Result};
use crate::kernels::{BLOCK, Level};
use crate::memory::Memory;
use crate::segment::Segment;

/// So many rows are coded together.
pub const GROUP: usize = 16;

/// Where rows are shorter, comparing them costs too little; longer ones lie in segments of less than a group.
pub const DIMENSIONS: std::ops::RangeInclusive<usize> = 64..=16_384;

/// Norms for which no intermediate value leaves the range of f32; other rows and queries have no code.
const NORMS: std::ops::RangeInclusive<f64> = 1e-15..=1e15;

const NONE: u32 = 0;
const BUSY: u32 = 1;
const READY: u32 = 2;

/// The codes of 16 rows.
#[derive(Clone, Copy, Debug)]
pub struct Group<'a> {
    pub scales: &'a [f32; GROUP],
    /// At least the norms of what the codes leave out; infinite for a row without a code.
    pub residuals: &'a [f32; GROUP],
    pub norms: &'a [f32; GROUP],
    /// Four components of all rows, then the next four: each a byte, 128 for zero.
    pub codes: &'a [[u8; 4 * GROUP]],
}

/// The numbers that belong to one code.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scaled {
    pub scale: f32,
    pub residual: f32,
    pub norm: f64,
}

/// The codes of a segment, group by group: the states first, then for each group scales, residuals, norms and codes.
pub struct Codes {
    memory: Memory,
    dimension: usize,
    groups: usize,
}

impl Codes {
    /// # Errors
    /// [`Error::Memory`].
    pub fn new(rows: usize, dimension: usize) -> Result<Self> {
        let groups = rows / GROUP;
        let items = groups.checked_mul(Self::stride(dimension)).and_then(|items| items.checked_add(Self::states_len(groups)));
        Ok(Self { memory: Memory::zeros(items.ok_or(Error::Memory)?)?, dimension, groups })
    }

    fn states_len(groups: usize) -> usize {
        groups.next_multiple_of(GROUP)
    }

    fn stride(dimension: usize) -> usize {
        (3 + dimension.div_ceil(4)) * GROUP
    }

    fn states(&self) -> &[AtomicU32] {
        // SAFETY: so many zeroed numbers are at the start, and nobody reaches them but through these atomics.
        unsafe { std::slice::from_raw_parts(self.memory.items().cast().as_ptr(), self.groups) }
    }

    fn block(&self, group: usize) -> *mut f32 {
        assert!(group < self.groups);
        // SAFETY: inside the memory, which has a stride for every group behind the states.
        unsafe { self.memory.items().as_ptr().add(Self::states_len(self.groups) + group * Self::stride(self.dimension)) }
    }

    /// A group whose rows are coded.
    #[inline]
    #[must_use]
    pub fn group(&self, group: usize) -> Option<Group<'_>> {
        // Acquire: whoever made it ready has written before.
        if self.states().get(group)?.load(Ordering::Acquire) != READY {
            return None;
        }
        let block = self.block(group);
        // SAFETY: three times 16 numbers and the codes, at a cache line; nobody writes to them while the segment can be read.
        unsafe {
            let numbers = block.cast::<[f32; GROUP]>();
            let codes = std::slice::from_raw_parts(numbers.add(3).cast(), self.dimension.div_ceil(4));
            Some(Group { scales: &*numbers, residuals: &*numbers.add(1), norms: &*numbers.add(2), codes })
        }
    }

    /// Codes the rows of a group that has no codes, unless somebody else is at it.
    pub fn encode<'r>(&self, group: usize, level: Level, row: impl Fn(usize) -> &'r [f32]) {
        let Some(state) = self.states().get(group) else { return };
        if state.compare_exchange(NONE, BUSY, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return;
        }
        let numbers = self.block(group).cast::<[f32; GROUP]>();
        // SAFETY: as in `group`; nobody else reads or writes the block while it is busy.
        let (numbers, codes) = unsafe {
            let codes = std::slice::from_raw_parts_mut(numbers.add(3).cast::<[[u8; 4]; GROUP]>(), self.dimension.div_ceil(4));
            (&mut *numbers.cast::<[[f32; GROUP]; 3]>(), codes)
        };
        for at in 0..GROUP {
            let scaled =
                encode(row(group * GROUP + at), level, |word, code| codes[word][at] = code.map(|code| code.cast_unsigned() ^ 0x80));
            let scaled = scaled.unwrap_or(Scaled { residual: f32::INFINITY, ..Scaled::default() });
            for (numbers, number) in numbers.iter_mut().zip([scaled.scale, scaled.residual, scaled.norm as f32]) {
                numbers[at] = number;
            }
        }
        state.store(READY, Ordering::Release);
    }

    /// A row is overwritten, in a segment that nobody else can read.
    pub fn forget(&self, row: usize) {
        if let Some(state) = self.states().get(row / GROUP) {
            state.store(NONE, Ordering::Relaxed);
        }
    }
}

impl Segment {
    /// Its codes, made if there is memory for them.
    pub fn codes_made(&self, dimension: usize) -> Option<&Codes> {
        if self.codes().get().is_none() {
            // Whoever comes second gives his back.
            let _ = self.codes().set(Codes::new(self.rows(), dimension).ok()?);
        }
        self.codes().get()
    }
}

/// Hands on a row's code, four components at a time, or finds that its norm forbids one.
pub fn encode(row: &[f32], level: Level, mut put: impl FnMut(usize, [i8; 4])) -> Option<Scaled> {
    let [square] = level.squares([row]);
    let norm = square.sqrt();
    if square == 0.0 {
        // Not a row whose squares are too small for f32.
        (0..row.len().div_ceil(4)).for_each(|word| put(word, [0; 4]));
        return row.iter().all(|&x| x == 0.0).then(Scaled::default);
    }
    if !NORMS.contains(&norm) {
        return None;
    }
    let largest = largest(row);
    let (scale, steps) = (largest / 127.0, 127.0 / largest);
    let (mut left, mut bytes, mut left_square) = ([0.0f32; BLOCK], [0u8; BLOCK], 0.0);
    for (number, part) in row.chunks(BLOCK).enumerate() {
        let (left, padding) = (&mut left[..part.len()], part.len().next_multiple_of(4));
        level.round(part, (steps, scale), &mut bytes, left);
        bytes[part.len()..padding].fill(0);
        for (word, code) in bytes[..padding].as_chunks::<4>().0.iter().enumerate() {
            put(number * (BLOCK / 4) + word, code.map(u8::cast_signed));
        }
        left_square += level.squares([&*left])[0];
    }
    // Rounding a product of at most 127 scales, and then a difference, is off by less than 2^-16 of a scale in each component.
    let slack = f64::from(scale) * (row.len() as f64).sqrt() / 65_536.0;
    Some(Scaled { scale, residual: (left_square.sqrt() * 1.000_1 + slack) as f32, norm })
}

/// The largest magnitude, by the bits of magnitudes, which order as they do.
fn largest(row: &[f32]) -> f32 {
    let bits = row.iter().fold(0, |largest: i32, x| largest.max(x.abs().to_bits().cast_signed()));
    f32::from_bits(bits.cast_unsigned())
}
