//! What codes tell about scores: which rows cannot be among the best.
//!
//! A query is coded as rows are. With `q = a*Q + r` and `x = b*X + s` (codes `Q` and `X`, scales `a` and `b`), the inequality of Cauchy
//! and Schwarz gives `<q, x> <= a*b*<Q, X> + (|q| + |r|)*|s| + |r|*|x|`, where the product of codes is a whole number and exact. A row is
//! excluded where not even that reaches the floor, the worst of the best scores so far. What rounding can add is in [`SLACK`].

use std::sync::OnceLock;

use super::Metric;
use crate::codes::{self, GROUP, Group, Scaled};
use crate::error::{Result, room};
use crate::kernels::{Bound, Level};
use crate::rows::View;

/// Bounds the relative error of a score, of the kept norms and of the bound itself, against the product of the norms (their squares for
/// distances): sums in f32 of at most 64 terms in a lane are off by 4e-6 at most, and a norm by half of that, all else by less.
const SLACK: f64 = 1.0 / 32_768.0;

/// Of fewer rows in a group not enough are wanted for looking at its codes, which are a quarter of all its rows.
const WANTED: u32 = 6;

/// Coding a group costs about as much as comparing it with so many queries.
const CODING: usize = 8;

/// The fewest candidates that are worth codes.
const CANDIDATES: usize = 10_000;

/// Where more than one in so many rows is wanted or passes, codes save nothing.
const PASSING: usize = 8;

/// For so many blocks at most a query goes without codes that have not helped it, before it tries again.
const REST: u32 = 64;

/// Whether a search looks at codes, and makes them: not with `REFVEC_CODES=0` in the environment, as it was when first asked for.
pub fn is_worth_it(level: Level, candidates: usize, dimension: usize, width: usize) -> bool {
    static REFUSED: OnceLock<bool> = OnceLock::new();
    let refused = || *REFUSED.get_or_init(|| std::env::var_os("REFVEC_CODES").is_some_and(|wanted| wanted == "0"));
    let large = candidates >= CANDIDATES && codes::DIMENSIONS.contains(&dimension) && width <= candidates / (4 * PASSING);
    large && level.screens() && !refused()
}

/// The codes of a scan's queries, and how they have fared.
pub struct Screen {
    words: Vec<[i8; 4]>,
    states: Vec<State>,
    /// Grows with each group that is looked at, and pays for coding one, so that no search takes much longer for making codes.
    credit: usize,
}

#[derive(Clone, Copy)]
struct State {
    /// `None` where the norm forbids it.
    scaled: Option<Scaled>,
    shift: i32,
    rest: u32,
    resting: u32,
}

/// Candidates that are in one group with codes.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    pub group: Group<'a>,
    /// The index of the group's first row.
    pub first: u32,
    pub mask: u16,
}

impl Screen {
    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn new(queries: &[&[f32]], level: Level) -> Result<Self> {
        let length = queries.first().map_or(1, |query| query.len().div_ceil(4));
        let mut words = room(queries.len() * length)?;
        words.resize(queries.len() * length, [0; 4]);
        let mut states = room(queries.len())?;
        for (query, words) in queries.iter().zip(words.chunks_exact_mut(length)) {
            let scaled = codes::encode(query, level, |at, word| words[at] = word).filter(|scaled| scaled.norm > 0.0);
            let sum: i32 = words.as_flattened().iter().map(|&code| i32::from(code)).sum();
            states.push(State { scaled, shift: 128 * sum, rest: 0, resting: 0 });
        }
        Ok(Self { words, states, credit: 0 })
    }

    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn another(&self) -> Result<Self> {
        let (mut words, mut states) = (room(self.words.len())?, room(self.states.len())?);
        words.extend_from_slice(&self.words);
        states.extend_from_slice(&self.states);
        Ok(Self { words, states, credit: 0 })
    }

    pub fn queries(&self) -> usize {
        self.states.len()
    }

    /// The code of a query.
    pub fn words(&self, query: usize) -> &[[i8; 4]] {
        let length = self.words.len() / self.states.len();
        &self.words[query * length..(query + 1) * length]
    }

    /// Whether codes can exclude rows for this query in the next block.
    pub fn is_awake(&mut self, query: usize, floor: f32) -> bool {
        let state = &mut self.states[query];
        let tired = state.resting > 0;
        state.resting = state.resting.saturating_sub(1);
        !tired && state.scaled.is_some() && floor > f32::NEG_INFINITY
    }

    /// Takes notice of how many rows of a block passed.
    pub fn note(&mut self, query: usize, passed: usize, rows: usize) {
        let state = &mut self.states[query];
        state.rest = if passed * PASSING > rows { (2 * state.rest).clamp(1, REST) } else { 0 };
        state.resting = state.rest;
    }

    /// Which rows reach the floor of a query that is awake.
    pub fn bound(&self, query: usize, metric: Metric, floor: f32) -> Bound {
        let State { scaled, shift, .. } = self.states[query];
        let Scaled { scale, residual, norm } = scaled.unwrap_or_default();
        let (residual, floor) = (f64::from(residual), f64::from(floor));
        let linear = residual + SLACK * norm;
        let (linear, quadratic, constant) = match metric {
            Metric::Dot => (linear, 0.0, SLACK * floor.abs() - floor),
            Metric::Cosine => (linear - floor * norm, 0.0, 0.0),
            Metric::Euclidean => (linear, SLACK / 2.0 - 0.5, (floor * floor * (1.0 + SLACK) - norm * norm * (1.0 - SLACK)) / 2.0),
        };
        let [per_residual, linear, quadratic, constant] = [norm + residual, linear, quadratic, constant].map(|number| number as f32);
        Bound { shift, per_product: scale, per_residual, linear, quadratic, constant }
    }

    /// Parts candidates, which ascend, into those in groups with codes and all others.
    pub fn part<'a>(&mut self, rows: &'a View, level: Level, candidates: &[u32], wanted: &mut Vec<Wanted<'a>>, loose: &mut Vec<u32>) {
        let mut rest = candidates;
        while let Some(&index) = rest.first() {
            let (segment, row, readable) = rows.segment(index);
            let first = index - (row % GROUP) as u32;
            let count = rest.iter().take(GROUP).take_while(|&&index| index - first < GROUP as u32).count();
            let (these, others) = rest.split_at(count);
            rest = others;
            let number = row / GROUP;
            let worth = count as u32 >= WANTED && (number + 1) * GROUP <= readable;
            let group = if worth { self.group(segment, number, level, rows, first) } else { None };
            match group {
                None => loose.extend_from_slice(these),
                Some(group) => {
                    let mask = these.iter().fold(0, |mask, index| mask | 1 << (index - first));
                    wanted.push(Wanted { group, first, mask });
                }
            }
        }
    }

    fn group<'a>(
        &mut self,
        segment: &'a crate::segment::Segment,
        number: usize,
        level: Level,
        rows: &'a View,
        first: u32,
    ) -> Option<Group<'a>> {
        let codes = segment.codes_made(rows.dimension())?;
        self.credit = (self.credit + self.states.len()).min(CODING);
        codes.group(number).or_else(|| {
            self.credit = self.credit.checked_sub(CODING)?;
            codes.encode(number, level, |row| rows.get(first + (row % GROUP) as u32));
            codes.group(number)
        })
    }
}
