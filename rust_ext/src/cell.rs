//! A store behind its lock, for many threads and for processes that fork.
//!
//! Every call is a step under the lock. One that ends in `_now` is made only if the lock is free, and else handed back: its caller may
//! have something to let go of before it waits.

use std::cell::UnsafeCell;
use std::mem::{ManuallyDrop, forget};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::{PoisonError, RwLock, TryLockError, TryLockResult};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::forks;
use crate::search::{Hits, Query};
use crate::store::Store;

// What the last changing step left behind.
const WHOLE: u8 = 0;
/// Under the lock: a step is at work. Seen by whoever gets the lock next: it panicked.
const CHANGING: u8 = 1;
/// A fork cut a step in half, at any instruction: the memory may not even be dropped.
const TORN: u8 = 2;
/// The store belongs to the process that this one was forked from.
const PARENTS: u8 = 3;
/// As `WHOLE`, and nobody may change it.
const SHOWN: u8 = 4;

/// How long a search goes on before it asks whether to.
const ATTENTION: Duration = Duration::from_millis(50);

/// Where a store is kept.
#[derive(Clone, Copy)]
pub enum Kept {
    InMemory,
    Written,
    Read,
}

/// The outcome of a step, or the step.
pub type Tried<T, F> = std::result::Result<Result<T>, F>;

/// An open store, or none.
pub struct Cell {
    lock: UnsafeCell<RwLock<()>>,
    /// Read and written under `lock` only.
    store: UnsafeCell<ManuallyDrop<Option<Store>>>,
    condition: AtomicU8,
    /// Whether the store is kept in files, and so is its process's alone.
    durable: AtomicBool,
    /// Twice the [`forks::count`] for which `lock` is good; one more while it is made anew.
    made: AtomicU64,
    /// 0 until it is fixed; changes only under the lock, and outlives the store.
    dimension: AtomicUsize,
}

// SAFETY: `store` is reached only with `lock` held in the manner of a RwLock, and `lock` is replaced only by one thread at a time, in a
// new process where no other thread has seen it yet.
unsafe impl Send for Cell {}
// SAFETY: as above.
unsafe impl Sync for Cell {}

impl Default for Cell {
    /// A cell that is good for this process, still without a store.
    fn default() -> Self {
        Self {
            lock: UnsafeCell::default(),
            store: UnsafeCell::new(ManuallyDrop::new(None)),
            condition: AtomicU8::new(WHOLE),
            durable: AtomicBool::new(false),
            made: AtomicU64::new(2 * forks::count()),
            dimension: AtomicUsize::new(0),
        }
    }
}

impl Cell {
    #[must_use]
    pub fn dimension(&self) -> Option<usize> {
        Some(self.dimension.load(Ordering::Acquire)).filter(|&dimension| dimension > 0)
    }

    /// # Errors
    /// Those of any reading step.
    pub fn require_open(&self) -> Result<()> {
        self.read(|_| Ok(()))
    }

    /// A reading step, or the step itself.
    ///
    /// # Errors
    /// The step, where the lock is not free.
    #[inline]
    pub fn read_now<T, F: FnOnce(&Store) -> Result<T>>(&self, step: F) -> Tried<T, F> {
        match free(self.lock().try_read()) {
            Some(_held) => Ok(self.look(step)),
            None => Err(step),
        }
    }

    /// A reading step.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Panicked`] or [`Error::Torn`], or those of the step.
    pub fn read<T>(&self, step: impl FnOnce(&Store) -> Result<T>) -> Result<T> {
        let _held = self.lock().read().unwrap_or_else(PoisonError::into_inner);
        self.look(step)
    }

    /// A changing step, or the step itself.
    ///
    /// # Errors
    /// The step, where the lock is not free.
    #[inline]
    pub fn write_now<T, F: FnOnce(&mut Store) -> Result<T>>(&self, step: F) -> Tried<T, F> {
        match free(self.lock().try_write()) {
            Some(_held) => Ok(self.change(step)),
            None => Err(step),
        }
    }

    /// A changing step.
    ///
    /// # Errors
    /// [`Error::ReadOnly`], or those of [`Self::read`].
    pub fn write<T>(&self, step: impl FnOnce(&mut Store) -> Result<T>) -> Result<T> {
        let _held = self.lock().write().unwrap_or_else(PoisonError::into_inner);
        self.change(step)
    }

    /// [`Store::search`] of one moment, for the most part on rows of its own, without the lock. `pause` is called now and then in a
    /// search that takes long, and says whether to go on.
    ///
    /// # Errors
    /// Those of [`Store::search`] and of [`Self::read`].
    pub fn search(&self, query: &Query<'_>, pause: &mut dyn FnMut() -> ControlFlow<()>) -> Result<Hits> {
        let found = self.read(|store| store.plan(query))?.run(&mut paced(pause))?;
        match self.read(|store| found.resolve(store))? {
            Some(hits) => Ok(hits),
            // The ids of the hits have changed meanwhile.
            None => self.read(|store| store.search(query, &mut || ControlFlow::Continue(()))),
        }
    }

    /// Replaces the store, whatever became of it; it is dropped outside the lock.
    pub fn replace(&self, store: Option<Store>, kept: Kept) {
        let (old, condition) = self.exchange(store, kept);
        discard(old, condition);
    }

    /// Replaces the store of a reader by another cell's, which has none from then on.
    ///
    /// # Panics
    /// If the other one is no reader's.
    pub fn adopt(&self, other: &Self) {
        let (store, condition) = other.exchange(None, Kept::InMemory);
        if condition != SHOWN {
            discard(store, condition);
            panic!("a store was to be adopted that is no reader's");
        }
        self.replace(store, Kept::Read);
    }

    /// Puts another store in place, and returns the old one in its condition.
    fn exchange(&self, store: Option<Store>, kept: Kept) -> (Option<Store>, u8) {
        let _held = self.lock().write().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = &store {
            self.dimension.store(store.dimension().unwrap_or(0), Ordering::Release);
        }
        let condition = self.condition.swap(CHANGING, Ordering::Relaxed);
        fence(Ordering::Release);
        // SAFETY: the lock is held for writing.
        let old = std::mem::replace(unsafe { &mut *self.store.get() }, ManuallyDrop::new(store));
        self.durable.store(!matches!(kept, Kept::InMemory), Ordering::Relaxed);
        self.condition.store(if matches!(kept, Kept::Read) { SHOWN } else { WHOLE }, Ordering::Release);
        (ManuallyDrop::into_inner(old), condition)
    }

    /// With the lock held for reading.
    #[inline]
    fn look<T>(&self, step: impl FnOnce(&Store) -> Result<T>) -> Result<T> {
        match self.check() {
            Ok(()) | Err(Error::ReadOnly) => {}
            Err(refusal) => return Err(refusal),
        }
        // SAFETY: the lock is held.
        let store = unsafe { &*self.store.get() };
        step(store.as_ref().ok_or(Error::Closed)?)
    }

    /// With the lock held for writing.
    #[inline]
    fn change<T>(&self, step: impl FnOnce(&mut Store) -> Result<T>) -> Result<T> {
        self.check()?;
        // SAFETY: the lock is held for writing.
        let store = unsafe { &mut *self.store.get() }.as_mut().ok_or(Error::Closed)?;
        self.condition.store(CHANGING, Ordering::Relaxed);
        // A fork must not see what the step writes without the mark before it, nor the mark after it without all of that.
        fence(Ordering::Release);
        let done = step(store);
        self.dimension.store(store.dimension().unwrap_or(0), Ordering::Release);
        self.condition.store(WHOLE, Ordering::Release);
        done
    }

    #[inline]
    fn check(&self) -> Result<()> {
        match self.condition.load(Ordering::Relaxed) {
            WHOLE => Ok(()),
            TORN => Err(Error::Torn),
            PARENTS => Err(Error::Closed),
            SHOWN => Err(Error::ReadOnly),
            _ => Err(Error::Panicked),
        }
    }

    #[inline]
    fn lock(&self) -> &RwLock<()> {
        let wanted = 2 * forks::count();
        if self.made.load(Ordering::Acquire) != wanted {
            self.renew(wanted);
        }
        // SAFETY: only `renew` replaces it, which in this process is over.
        unsafe { &*self.lock.get() }
    }

    /// Replaces a lock that threads of another process hold: nobody will ever release it.
    #[cold]
    fn renew(&self, wanted: u64) {
        loop {
            let made = self.made.load(Ordering::Acquire);
            if made == wanted {
                return;
            }
            // Another thread of this process is at it; one of a parent's that was at it is gone.
            let busy = made == wanted + 1;
            if !busy && self.made.compare_exchange(made, wanted + 1, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                break;
            }
            std::thread::yield_now();
        }
        if self.durable.load(Ordering::Relaxed) {
            self.condition.store(PARENTS, Ordering::Relaxed);
        } else if self.condition.load(Ordering::Relaxed) == CHANGING {
            self.condition.store(TORN, Ordering::Relaxed);
        }
        // SAFETY: all threads that might have looked at it are in `renew`, or in another process. The old one needs no drop.
        unsafe { self.lock.get().write(RwLock::new(())) };
        self.made.store(wanted, Ordering::Release);
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        self.lock();
        // SAFETY: nothing uses the store after this.
        let store = unsafe { ManuallyDrop::take(self.store.get_mut()) };
        discard(store, *self.condition.get_mut());
    }
}

/// Calls `pause` less often.
fn paced(pause: &mut dyn FnMut() -> ControlFlow<()>) -> impl FnMut() -> ControlFlow<()> {
    let mut last = Instant::now();
    move || {
        if last.elapsed() < ATTENTION {
            return ControlFlow::Continue(());
        }
        last = Instant::now();
        pause()
    }
}

fn discard(store: Option<Store>, condition: u8) {
    if matches!(condition, TORN | PARENTS) { forget(store) } else { drop(store) }
}

/// The lock unless it would have to be waited for. Its own poison says nothing that the condition does not say better.
fn free<G>(locked: TryLockResult<G>) -> Option<G> {
    match locked {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}
