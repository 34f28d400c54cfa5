//! The store behind its lock.
//!
//! Two rules keep calls from waiting for each other in a circle. No thread waits for the lock while it is attached to the interpreter: a
//! call tries, and where that fails it detaches before it waits. And no Python code runs while the lock is held: a step makes no Python
//! object, so that no finaliser and no signal handler can come upon a lock that its own thread holds.

use std::cell::UnsafeCell;
use std::mem::{ManuallyDrop, forget};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::{PoisonError, RwLock, TryLockError, TryLockResult};

use pyo3::prelude::*;

use super::refusals::{Refusal, Refused, done, impossible};
use crate::{Store, forks};

/// Copying as many components, or following as many ids, takes a few microseconds.
const FEW: usize = 1 << 14;

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

/// Where a store is kept.
#[derive(Clone, Copy)]
pub enum Kept {
    InMemory,
    Written,
    Read,
}

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
    /// Counts the changing steps; changes only under the lock.
    version: AtomicU64,
}

// SAFETY: `store` is reached only with `lock` held in the manner of a RwLock, and `lock` is replaced only by one thread at a time, in a
// new process where no other thread has seen it yet.
unsafe impl Send for Cell {}
// SAFETY: as above.
unsafe impl Sync for Cell {}

impl Cell {
    /// A cell that is good for this process, still without a store.
    pub fn new() -> Self {
        Self {
            lock: UnsafeCell::default(),
            store: UnsafeCell::new(ManuallyDrop::new(None)),
            condition: AtomicU8::new(WHOLE),
            durable: AtomicBool::new(false),
            made: AtomicU64::new(2 * forks::count()),
            dimension: AtomicUsize::new(0),
            version: AtomicU64::new(0),
        }
    }

    pub fn dimension(&self) -> Option<usize> {
        Some(self.dimension.load(Ordering::Acquire)).filter(|&dimension| dimension > 0)
    }

    /// The same in two reading steps: nothing has changed between them.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }

    /// For what comes before all other errors; the step itself looks again.
    pub fn require_open(&self, py: Python<'_>) -> PyResult<()> {
        done(py, self.read(py, |_| Ok(())))
    }

    /// A short reading step, which may run attached to the interpreter.
    #[inline]
    pub fn read<T: Send>(&self, py: Python<'_>, step: impl FnOnce(&Store) -> T + Send) -> Refused<T> {
        match free(self.lock().try_read()) {
            Some(_held) => self.look(step),
            None => self.read_long(py, step),
        }
    }

    /// A reading step over so many items, detached if that is worth it.
    #[inline]
    pub fn read_many<T: Send>(&self, py: Python<'_>, items: usize, step: impl FnOnce(&Store) -> T + Send) -> Refused<T> {
        if items <= FEW { self.read(py, step) } else { self.read_long(py, step) }
    }

    /// A long reading step, detached.
    pub fn read_long<T: Send>(&self, py: Python<'_>, step: impl FnOnce(&Store) -> T + Send) -> Refused<T> {
        py.detach(|| self.read_detached(step))
    }

    /// [`Self::read_long`] for who is detached already.
    pub fn read_detached<T>(&self, step: impl FnOnce(&Store) -> T) -> Refused<T> {
        let _held = self.lock().read().unwrap_or_else(PoisonError::into_inner);
        self.look(step)
    }

    /// A short changing step, which may run attached to the interpreter.
    #[inline]
    pub fn write<T: Send>(&self, py: Python<'_>, step: impl FnOnce(&mut Store) -> T + Send) -> Refused<T> {
        match free(self.lock().try_write()) {
            Some(_held) => self.change(step),
            None => py.detach(|| self.write_detached(step)),
        }
    }

    /// A short changing step if the lock is free; it runs without letting other Python threads run before it.
    pub fn write_now<T>(&self, step: impl FnOnce(&mut Store) -> T) -> Option<Refused<T>> {
        free(self.lock().try_write()).map(|_held| self.change(step))
    }

    /// A changing step of who is detached already.
    pub fn write_detached<T>(&self, step: impl FnOnce(&mut Store) -> T) -> Refused<T> {
        let _held = self.lock().write().unwrap_or_else(PoisonError::into_inner);
        self.change(step)
    }

    /// Replaces the store, whatever became of it; it is dropped outside the lock.
    pub fn replace(&self, py: Python<'_>, store: Option<Store>, kept: Kept) {
        py.detach(|| {
            let (old, condition) = self.exchange(store, kept);
            discard(old, condition);
        });
    }

    /// Replaces the store of a reader by another cell's, which has none from then on.
    pub fn adopt(&self, py: Python<'_>, other: &Self) -> PyResult<()> {
        let (store, condition) = py.detach(|| other.exchange(None, Kept::InMemory));
        if condition != SHOWN {
            discard(store, condition);
            return Err(impossible("a store was to be adopted that is no reader's"));
        }
        self.replace(py, store, Kept::Read);
        Ok(())
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
        self.version.store(self.version() + 1, Ordering::Relaxed);
        self.condition.store(if matches!(kept, Kept::Read) { SHOWN } else { WHOLE }, Ordering::Release);
        (ManuallyDrop::into_inner(old), condition)
    }

    /// With the lock held for reading.
    #[inline]
    fn look<T>(&self, step: impl FnOnce(&Store) -> T) -> Refused<T> {
        match self.check() {
            Ok(()) | Err(Refusal::ReadOnly) => {}
            Err(refusal) => return Err(refusal),
        }
        // SAFETY: the lock is held.
        let store = unsafe { &*self.store.get() };
        store.as_ref().map(step).ok_or(Refusal::Closed)
    }

    /// With the lock held for writing.
    #[inline]
    fn change<T>(&self, step: impl FnOnce(&mut Store) -> T) -> Refused<T> {
        self.check()?;
        // SAFETY: the lock is held for writing.
        let store = unsafe { &mut *self.store.get() }.as_mut().ok_or(Refusal::Closed)?;
        self.condition.store(CHANGING, Ordering::Relaxed);
        // A fork must not see what the step writes without the mark before it, nor the mark after it without all of that.
        fence(Ordering::Release);
        let done = step(store);
        self.dimension.store(store.dimension().unwrap_or(0), Ordering::Release);
        // Only who holds the lock counts, so that no atomic addition is needed.
        self.version.store(self.version() + 1, Ordering::Relaxed);
        self.condition.store(WHOLE, Ordering::Release);
        Ok(done)
    }

    #[inline]
    fn check(&self) -> Refused<()> {
        match self.condition.load(Ordering::Relaxed) {
            WHOLE => Ok(()),
            TORN => Err(Refusal::Torn),
            PARENTS => Err(Refusal::Closed),
            SHOWN => Err(Refusal::ReadOnly),
            _ => Err(Refusal::Panicked),
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
