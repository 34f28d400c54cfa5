//! The threads that share the work of one long call with the thread that makes it.
//!
//! A process has one pool, made when it is first needed, and one call at a time has it ([`lease`]). A call that finds it taken works
//! alone: whoever runs many calls on threads of his own has cores at work already. Threads do not survive a fork, so a child forgets
//! its parent's pool, which has nothing that may be dropped, and makes its own.

use std::num::NonZero;
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::thread::available_parallelism;

use rayon_core::{ThreadPool, ThreadPoolBuilder};

use crate::forks;

/// More threads than this are never asked for.
pub const MAX_THREADS: usize = 1024;

/// What was set, 0 for the default.
static THREADS: AtomicUsize = AtomicUsize::new(0);
/// One more than the [`forks::count`] of the process in which a call has the pool; 0 or that of another process: it is free.
static HOLDER: AtomicU64 = AtomicU64::new(0);
/// Touched by the holder only.
static POOL: AtomicPtr<Pool> = AtomicPtr::new(null_mut());

/// How many threads a call may use, its own included.
#[must_use]
pub fn num_threads() -> usize {
    match THREADS.load(Ordering::Relaxed) {
        0 => default_threads(),
        set => set,
    }
}

/// Has calls use up to `threads` from now on, of which there is at least one.
pub fn set_num_threads(threads: usize) {
    THREADS.store(threads.clamp(1, MAX_THREADS), Ordering::Relaxed);
}

/// `RAYON_NUM_THREADS` as it was when first asked for, else what the machine runs at once.
pub fn default_threads() -> usize {
    static DEFAULT: OnceLock<usize> = OnceLock::new();
    *DEFAULT.get_or_init(|| {
        let wanted = std::env::var("RAYON_NUM_THREADS").ok().and_then(|text| text.trim().parse().ok());
        let found = wanted.filter(|&threads: &usize| threads > 0).or_else(|| available_parallelism().ok().map(NonZero::get));
        found.map_or(1, |threads| threads.min(MAX_THREADS))
    })
}

/// Threads that wait for work.
#[derive(Debug)]
pub struct Pool {
    /// `None` where they could not be had.
    threads: Option<ThreadPool>,
    /// How many may work, the caller included.
    size: usize,
    /// Of the process that they are in.
    forks: u64,
}

impl Pool {
    /// A pool for `size` threads, of which the caller is one.
    #[must_use]
    pub fn new(size: usize) -> Self {
        forks::watch();
        let builder = ThreadPoolBuilder::new().num_threads(size.max(2) - 1).thread_name(|number| format!("refvec-{number}"));
        Self { threads: builder.build().ok(), size, forks: forks::count() }
    }

    /// How many can work at once, the caller included.
    #[must_use]
    pub fn workers(&self) -> usize {
        if self.threads.is_some() { self.size } else { 1 }
    }

    /// The threads, if they are in this process: what the caller does between two calls may have forked it.
    fn present(&self) -> Option<&ThreadPool> {
        self.threads.as_ref().filter(|_| self.forks == forks::count())
    }
}

/// Calls `work` for each piece in `0..pieces`, in any order: each worker takes the next one until none is left. The first worker is at it
/// on this thread, the others on those of the pool; without a pool it does everything. A panic comes out here, when all have ended.
pub fn share_out<W: Send>(pool: Option<&Pool>, workers: &mut [W], pieces: usize, work: impl Fn(&mut W, usize) + Sync) {
    let Some((own, helpers)) = workers.split_first_mut() else { return };
    let next = AtomicUsize::new(0);
    let run = |worker: &mut W| {
        loop {
            match next.fetch_add(1, Ordering::Relaxed) {
                piece if piece < pieces => work(worker, piece),
                _ => return,
            }
        }
    };
    match pool.and_then(Pool::present) {
        Some(threads) => threads.in_place_scope(|scope| {
            for helper in helpers.iter_mut().take(pieces.saturating_sub(1)) {
                scope.spawn(|_| run(helper));
            }
            run(own);
        }),
        None => run(own),
    }
}

/// Calls `work` on this thread, with what hands jobs to those of the pool, which do them meanwhile; without a pool nobody does them. All
/// that were handed over are done when this returns.
pub fn beside<J: Send, T>(pool: Option<&Pool>, job: impl Fn(J) + Sync, work: impl FnOnce(&dyn Fn(J)) -> T) -> T {
    let job = &job;
    match pool.and_then(Pool::present) {
        Some(threads) => threads.in_place_scope(|scope| work(&|one| scope.spawn(move |_| job(one)))),
        None => work(&|_| {}),
    }
}

/// The process's pool for the time of one call.
#[derive(Debug)]
pub struct Lease {
    pool: &'static Pool,
    holder: u64,
}

impl Lease {
    #[must_use]
    pub fn pool(&self) -> &Pool {
        self.pool
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // In a child that was forked meanwhile the pool may be another's by now.
        let _ = HOLDER.compare_exchange(self.holder, 0, Ordering::Release, Ordering::Relaxed);
    }
}

/// The pool, unless another call has it or one thread is all that is allowed.
#[must_use]
pub fn lease() -> Option<Lease> {
    let size = num_threads();
    let holder = forks::count() + 1;
    let before = HOLDER.load(Ordering::Relaxed);
    if size < 2 || before == holder || HOLDER.compare_exchange(before, holder, Ordering::Acquire, Ordering::Relaxed).is_err() {
        return None;
    }
    let pool = POOL.load(Ordering::Relaxed);
    // SAFETY: a pool is freed only below, by the holder, and this call is that.
    match unsafe { pool.as_ref() } {
        Some(pool) if pool.size == size && pool.forks == forks::count() => Some(Lease { pool, holder }),
        _ => Some(Lease { pool: replace(pool, size), holder }),
    }
}

#[cold]
fn replace(old: *mut Pool, size: usize) -> &'static Pool {
    let new = Box::into_raw(Box::new(Pool::new(size)));
    POOL.store(new, Ordering::Relaxed);
    // SAFETY: made by `Box::into_raw`, and nobody else has it. One of a parent is left alone, for its threads are in the middle of nowhere.
    unsafe {
        if !old.is_null() && (*old).forks == forks::count() {
            drop(Box::from_raw(old));
        }
        &*new
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn every_piece_is_done_once() {
        for size in [1, 2, 3, 7] {
            let pool = Pool::new(size);
            for pieces in [0, 1, 2, 100] {
                let mut workers = vec![Vec::new(); size];
                share_out(Some(&pool), &mut workers, pieces, Vec::push);
                let mut done = workers.concat();
                done.sort_unstable();
                assert_eq!(done, (0..pieces).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn workers_are_at_it_at_the_same_time_and_the_first_one_here() {
        let (pool, barrier) = (Pool::new(3), Barrier::new(3));
        let mut workers = vec![Vec::new(); 3];
        share_out(Some(&pool), &mut workers, 3, |seen, _| {
            barrier.wait();
            seen.push(std::thread::current().id());
        });
        assert_eq!(workers[0], [std::thread::current().id()]);
        assert_eq!(workers.concat().iter().map(|id| format!("{id:?}")).collect::<BTreeSet<_>>().len(), 3);
    }

    #[test]
    fn jobs_are_done_beside_the_work_and_before_it_returns() {
        for size in [2, 3] {
            let (pool, barrier, done) = (Pool::new(size), Barrier::new(2), AtomicUsize::new(0));
            let job = |waits: bool| {
                if waits {
                    barrier.wait();
                }
                done.fetch_add(1, Ordering::Relaxed);
            };
            let answer = beside(Some(&pool), job, |hand_over| {
                hand_over(true);
                barrier.wait();
                (0..50).for_each(|_| hand_over(false));
                7
            });
            assert_eq!((answer, done.into_inner()), (7, 51));
        }
        beside(None, |()| panic!("there is nobody to do it"), |hand_over| hand_over(()));
    }

    #[test]
    fn a_panic_comes_out_at_the_caller_and_the_pool_is_good_afterwards() {
        let (pool, barrier) = (Pool::new(2), Barrier::new(2));
        let here = std::thread::current().id();
        for at_caller in [true, false] {
            let panics = AssertUnwindSafe(|| {
                share_out(Some(&pool), &mut [(); 2], 2, |(), _| {
                    barrier.wait();
                    assert!((std::thread::current().id() == here) != at_caller, "on purpose");
                });
            });
            assert!(catch_unwind(panics).is_err());
            let mut workers = [0; 2];
            share_out(Some(&pool), &mut workers, 50, |count, _| *count += 1);
            assert_eq!(workers.iter().sum::<usize>(), 50);
        }
    }

    #[test]
    fn one_call_at_a_time_has_the_pool_of_the_size_that_is_set() {
        set_num_threads(3);
        let lease = loop {
            // Another test may have it.
            if let Some(lease) = super::lease() {
                break lease;
            }
        };
        assert_eq!(lease.pool().workers(), 3);
        assert!(super::lease().is_none());
        set_num_threads(1);
        drop(lease);
        assert!(super::lease().is_none());
        set_num_threads(0);
        assert_eq!(num_threads(), 1);
        set_num_threads(usize::MAX);
        assert_eq!(num_threads(), MAX_THREADS);
        set_num_threads(2);
    }
}
