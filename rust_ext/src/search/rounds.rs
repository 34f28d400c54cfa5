//! One search's comparisons, shared by the threads of the pool.
//!
//! The candidates are passed over in rounds that take some milliseconds. Within a round each thread takes piece after piece; between
//! two rounds no other thread is at work, so that whoever is asked there whether to go on may do what he likes, even fork. Which
//! thread has compared which candidates does not show: a pair's score does not depend on it, and neither do the best of all scores.

use super::Pause;
use super::scan::Scan;
use crate::error::{Error, Result, room};
use crate::pool::{Pool, share_out};
use crate::topk::TopK;

/// So many multiplications for a thread take some milliseconds, some tens where rows come from memory.
const ROUND: usize = 256 << 20;

/// So many blocks for a thread are the least for a round, that none waits long for the others.
const BLOCKS: usize = 4;

/// For fewer multiplications it is not worth it to wake a thread.
const SHARE: usize = 1 << 20;

/// More hits than this are not held beyond those of the first thread, unless it is those of one more.
const EXTRA_HITS: usize = 8 << 20;

/// Into so many pieces a thread's part of a round is cut, that none waits long for the last one.
const PIECES: usize = 16;

/// Whether other threads could help at all.
pub fn is_long(components: usize, candidates: usize) -> bool {
    components.saturating_mul(candidates) >= 2 * SHARE
}

/// The best candidates of every query. `pause` is called after each round but the last.
///
/// # Errors
/// [`Error::Memory`], [`Error::Interrupted`] or [`Error::Damaged`].
pub fn run(scan: Scan<'_>, candidates: &[u32], pool: Option<&Pool>, pause: Pause<'_>) -> Result<Vec<TopK>> {
    let workers = pool.map_or(1, |pool| worthwhile(pool.workers(), candidates.len().saturating_mul(scan.row_cost()), scan.hits()));
    let height = scan.height();
    let round = (ROUND / scan.row_cost()).next_multiple_of(BLOCKS * height) * workers;
    let mut scans = room(workers)?;
    scans.push(scan);
    for _ in 1..workers {
        scans.push(scans[0].another()?);
    }
    for (number, candidates) in candidates.chunks(round).enumerate() {
        if number > 0 && pause().is_break() {
            return Err(Error::Interrupted);
        }
        let piece = (candidates.len() / (PIECES * workers)).next_multiple_of(height).max(height);
        share_out(pool, &mut scans, candidates.len().div_ceil(piece), |scan, number| {
            scan.run(&candidates[number * piece..candidates.len().min((number + 1) * piece)]);
        });
        scans.iter().try_for_each(Scan::checked)?;
    }
    Ok(merged(scans))
}

/// How many threads are worth their waking and their memory.
fn worthwhile(allowed: usize, multiplications: usize, hits: usize) -> usize {
    let helpers = (EXTRA_HITS / hits.max(1)).max(1);
    allowed.min(multiplications / SHARE).min(1 + helpers).max(1)
}

fn merged(scans: Vec<Scan<'_>>) -> Vec<TopK> {
    let all = scans.into_iter().reduce(|mut first, other| {
        first.merge(other);
        first
    });
    all.map_or_else(Vec::new, Scan::into_best)
}
