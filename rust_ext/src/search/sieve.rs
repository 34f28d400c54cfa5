//! A scan that looks at codes first. What they do not exclude is scored by the same kernels as without, so the answer has the same bits.

use super::scan::Scan;
use super::screen::{Screen, Wanted};
use crate::error::{Result, room};
use crate::kernels::Level;

/// So many queries look at a group together.
const TOGETHER: usize = 8;

pub struct Sieve<'a> {
    screen: Screen,
    height: usize,
    wanted: Vec<Wanted<'a>>,
    /// Candidates of a block without codes.
    loose: Vec<u32>,
    /// The queries for which codes may exclude rows, and the others.
    awake: Vec<u32>,
    others: Vec<u32>,
    /// What was not excluded.
    passed: [Vec<u32>; TOGETHER],
}

impl<'a> Sieve<'a> {
    /// For blocks of at most `height` candidates.
    ///
    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn new(queries: &[&[f32]], level: Level, height: usize) -> Result<Self> {
        Self::with(Screen::new(queries, level)?, height)
    }

    /// One like this for another thread.
    ///
    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn another(&self) -> Result<Self> {
        Self::with(self.screen.another()?, self.height)
    }

    fn with(screen: Screen, height: usize) -> Result<Self> {
        let queries = screen.queries();
        let mut passed = [const { Vec::new() }; TOGETHER];
        for passed in &mut passed {
            *passed = room(height)?;
        }
        Ok(Self { screen, height, wanted: room(height)?, loose: room(height)?, awake: room(queries)?, others: room(queries)?, passed })
    }

    /// Compares a block of candidates with all queries.
    pub fn run(&mut self, scan: &mut Scan<'a>, candidates: &[u32]) {
        self.awake.clear();
        self.others.clear();
        for query in 0..self.screen.queries() as u32 {
            let awake = self.screen.is_awake(query as usize, scan.floor(query));
            (if awake { &mut self.awake } else { &mut self.others }).push(query);
        }
        if self.awake.is_empty() {
            return scan.compare_some(&self.others, candidates);
        }
        self.wanted.clear();
        self.loose.clear();
        self.screen.part(scan.rows(), scan.level(), candidates, &mut self.wanted, &mut self.loose);
        scan.compare_some(&self.others, candidates);
        scan.compare_some(&self.awake, &self.loose);
        if self.wanted.is_empty() {
            return;
        }
        let awake = std::mem::take(&mut self.awake);
        let (eights, rest) = awake.as_chunks::<TOGETHER>();
        for &eight in eights {
            self.sift(scan, eight);
        }
        let (twos, rest) = rest.as_chunks::<2>();
        for &two in twos {
            self.sift(scan, two);
        }
        for &one in rest {
            self.sift(scan, [one]);
        }
        self.awake = awake;
    }

    fn sift<const Q: usize>(&mut self, scan: &mut Scan<'a>, queries: [u32; Q]) {
        let bounds = queries.map(|query| self.screen.bound(query as usize, scan.metric(), scan.floor(query)));
        let words = queries.map(|query| self.screen.words(query as usize));
        let mut rows = 0;
        for wanted in &self.wanted {
            rows += wanted.mask.count_ones() as usize;
            let masks = scan.level().screen(&wanted.group, words, &bounds);
            for (mask, passed) in masks.into_iter().zip(&mut self.passed) {
                push(mask & wanted.mask, wanted.first, passed);
            }
        }
        for (query, passed) in queries.into_iter().zip(&mut self.passed) {
            scan.compare_some(&[query], passed);
            self.screen.note(query as usize, passed.len(), rows);
            passed.clear();
        }
    }
}

fn push(mut mask: u16, first: u32, passed: &mut Vec<u32>) {
    while mask != 0 {
        passed.push(first + mask.trailing_zeros());
        mask &= mask - 1;
    }
}
