//! Exact search, as one step or in three phases: [`Store::plan`] and [`Found::resolve`] look at the store, [`Search::run`], which takes
//! its time, needs neither the store nor its lock.

mod chosen;
#[cfg(test)]
mod coded_tests;
mod members;
mod narrow;
mod rounds;
mod scan;
mod screen;
mod sieve;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

use self::chosen::Chosen;
use self::scan::{Manner, Scan};
use crate::contents::Contents;
use crate::error::{Error, Result, room};
use crate::ids::{Id, Key};
use crate::kernels::Level;
use crate::pool::{self, Pool};
use crate::rows::View;
use crate::store::{Store, Version};
use crate::topk::{TopK, unrank};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    Cosine,
    Dot,
    Euclidean,
}

impl Metric {
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [("cosine", Self::Cosine), ("dot", Self::Dot), ("euclidean", Self::Euclidean)]
            .into_iter()
            .find(|(own, _)| *own == name)
            .map(|found| found.1)
    }

    /// Returns whether a lower score is the better one; inside, all are turned so that a higher one is.
    #[must_use]
    pub fn is_distance(self) -> bool {
        match self {
            Self::Cosine | Self::Dot => false,
            Self::Euclidean => true,
        }
    }
}

/// What is asked for: the `k` best vectors for each query.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// One query of `dimension` after the other.
    pub rows: &'a [f32],
    pub dimension: usize,
    pub k: usize,
    pub metric: Metric,
    /// Only vectors that one of these ids references compete, and only these ids are listed.
    pub within: Option<&'a [Key<'a>]>,
    pub with_ids: bool,
}

/// The hits of all queries, `width` for each, best first.
#[derive(Debug)]
pub struct Hits {
    pub width: usize,
    pub indices: Vec<i64>,
    pub scores: Vec<f32>,
    /// Where they were asked for.
    pub members: Option<Members>,
}

/// The ids that share each hit. A vector that is hit by many queries has its list only once.
#[derive(Debug, PartialEq, Eq)]
pub struct Members {
    pub lists: Vec<Vec<Id>>,
    /// For each hit the number of its list.
    pub of: Vec<u32>,
}

/// A search of a store as it is now; the store may go on.
#[derive(Debug)]
pub struct Search<'q> {
    rows: View,
    level: Level,
    query: Query<'q>,
    chosen: Chosen,
    version: Version,
}

/// What a search has found, without the ids.
#[derive(Debug)]
pub struct Found {
    hits: Hits,
    with_ids: bool,
    chosen: Chosen,
    version: Version,
}

impl Store {
    /// Searches in one step.
    ///
    /// `pause` is called after every few milliseconds of work, or tens of them, and says whether to go on.
    ///
    /// # Errors
    /// [`crate::Error::Dimension`], [`crate::Error::Interrupted`], [`crate::Error::Damaged`] or [`crate::Error::Memory`].
    pub fn search(&self, query: &Query<'_>, pause: &mut dyn FnMut() -> ControlFlow<()>) -> Result<Hits> {
        let Some(contents) = self.contents() else { return Ok(Hits::none(query.with_ids)) };
        contents.check_dimension(query.dimension)?;
        let chosen = contents.choose(query)?;
        let hits = best(contents.vectors.rows(), contents.vectors.level(), query, &chosen, pause)?;
        contents.name(hits, query.with_ids, chosen.references.as_deref())
    }

    /// The first phase of a search.
    ///
    /// # Errors
    /// [`crate::Error::Dimension`] or [`crate::Error::Memory`].
    pub fn plan<'q>(&self, query: &Query<'q>) -> Result<Search<'q>> {
        let (query, version) = (*query, self.version());
        let Some(contents) = self.contents() else {
            let query = Query { rows: &[], ..query };
            return Ok(Search {
                rows: View::new(query.dimension.max(1)),
                level: Level::detect(),
                query,
                chosen: Chosen::default(),
                version,
            });
        };
        contents.check_dimension(query.dimension)?;
        let chosen = contents.choose(&query)?;
        Ok(Search { rows: contents.vectors.share_rows()?, level: contents.vectors.level(), query, chosen, version })
    }
}

impl Search<'_> {
    /// The second phase: all comparisons, without the store. `pause` as in [`Store::search`].
    ///
    /// # Errors
    /// [`crate::Error::Interrupted`], [`crate::Error::Damaged`] or [`crate::Error::Memory`].
    pub fn run(self, pause: &mut dyn FnMut() -> ControlFlow<()>) -> Result<Found> {
        let hits = best(&self.rows, self.level, &self.query, &self.chosen, pause)?;
        Ok(Found { hits, with_ids: self.query.with_ids, chosen: self.chosen, version: self.version })
    }
}

impl Found {
    /// The third phase: the ids. `None` where they are wanted and the store has changed since the first phase, or is another, so that the
    /// two would not be of one moment.
    ///
    /// # Errors
    /// [`crate::Error::Memory`].
    pub fn resolve(self, store: &Store) -> Result<Option<Hits>> {
        match store.contents() {
            Some(_) if self.with_ids && store.version() != self.version => Ok(None),
            Some(contents) => contents.name(self.hits, self.with_ids, self.chosen.references.as_deref()).map(Some),
            None => Ok(Some(Hits::none(self.with_ids))),
        }
    }
}

impl Hits {
    fn none(with_ids: bool) -> Self {
        let members = with_ids.then(|| Members { lists: Vec::new(), of: Vec::new() });
        Self { width: 0, indices: Vec::new(), scores: Vec::new(), members }
    }

    fn new(best: Vec<TopK>, width: usize, metric: Metric) -> Result<Self> {
        let count = best.len().saturating_mul(width);
        let (mut indices, mut scores) = (room(count)?, room(count)?);
        for found in best.into_iter().flat_map(TopK::into_sorted) {
            let (score, index) = unrank(found.0);
            indices.push(i64::from(index));
            scores.push(if metric.is_distance() { 0.0 - score } else { score });
        }
        Ok(Self { width, indices, scores, members: None })
    }
}

/// So many queries are compared at once, a multiple of the tiles' widths: more would keep a round from ending soon.
const AT_ONCE: usize = 960;

/// About how many bytes of rows may still be in a cache from one search to the next.
const NEAR_BYTES: usize = 16 << 20;

type Pause<'p> = &'p mut dyn FnMut() -> ControlFlow<()>;

fn best(rows: &View, level: Level, query: &Query<'_>, chosen: &Chosen, pause: Pause<'_>) -> Result<Hits> {
    let lease = rounds::is_long(query.rows.len(), chosen.candidates.len()).then(pool::lease).flatten();
    let count = chosen.candidates.len();
    let far = count.saturating_mul(query.dimension * size_of::<f32>()) > NEAR_BYTES;
    let manner = Manner { coded: rows.coded() && screen::is_worth_it(level, count, query.dimension, query.k), far };
    best_with(lease.as_ref().map(pool::Lease::pool), (rows, level, manner), query, chosen, pause)
}

fn best_with(
    pool: Option<&Pool>,
    (rows, level, manner): (&View, Level, Manner),
    query: &Query<'_>,
    chosen: &Chosen,
    pause: Pause<'_>,
) -> Result<Hits> {
    let width = query.k.min(chosen.candidates.len());
    let mut best = room(query.rows.len().checked_div(query.dimension).unwrap_or(0))?;
    for (number, rows_of_some) in query.rows.chunks(AT_ONCE * query.dimension.max(1)).enumerate() {
        if number > 0 && pause().is_break() {
            return Err(Error::Interrupted);
        }
        let scan = Scan::new(rows, level, rows_of_some, query.metric, width, manner)?;
        best.append(&mut rounds::run(scan, &chosen.candidates, pool, pause)?);
    }
    Hits::new(best, width, query.metric)
}

impl Contents {
    fn name(&self, hits: Hits, with_ids: bool, references: Option<&[(u32, u32)]>) -> Result<Hits> {
        let members = with_ids.then(|| self.members(&hits.indices, references)).transpose()?;
        Ok(Hits { members, ..hits })
    }
}
