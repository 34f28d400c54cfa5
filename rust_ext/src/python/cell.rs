//! The store behind its lock.
//!
//! No thread waits for the lock while it is attached to the interpreter: a call tries, and where that fails it detaches before it waits.
//! So whoever holds the lock can always attach again, and the two can never wait for each other.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LockResult, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError, TryLockResult};

use pyo3::prelude::*;

use super::core::{Refusal, Subject};
use crate::Store;

pub type Refused<T> = Result<T, Refusal>;

/// An open store, or none.
#[derive(Default)]
pub struct Cell {
    lock: RwLock<Option<Store>>,
    /// 0 until it is fixed; changes only under the lock, and outlives the store.
    dimension: AtomicUsize,
}

impl Cell {
    pub fn dimension(&self) -> Option<usize> {
        Some(self.dimension.load(Ordering::Acquire)).filter(|&dimension| dimension > 0)
    }

    pub fn is_open(&self, py: Python<'_>) -> bool {
        self.read(py, |_| ()).is_ok()
    }

    /// For what comes before all other errors; the step itself looks again.
    pub fn require_open(&self, py: Python<'_>) -> PyResult<()> {
        self.read(py, |_| ()).map_err(|refusal| refusal.raise(py, Subject::Nothing))
    }

    /// Replaces the store; what was there is dropped outside the lock.
    pub fn replace(&self, py: Python<'_>, store: Option<Store>) -> Refused<()> {
        py.detach(|| {
            let mut guard = usable(self.lock.write())?;
            if let Some(store) = &store {
                self.dimension.store(store.dimension().unwrap_or(0), Ordering::Release);
            }
            let old = std::mem::replace(&mut *guard, store);
            drop(guard);
            drop(old);
            Ok(())
        })
    }

    /// A short reading step, which may run attached to the interpreter.
    pub fn read<T: Send>(&self, py: Python<'_>, step: impl FnOnce(&Store) -> T + Send) -> Refused<T> {
        match free(self.lock.try_read())? {
            Some(guard) => open(guard.as_ref()).map(step),
            None => self.read_long(py, step),
        }
    }

    /// A long reading step, detached.
    pub fn read_long<T: Send>(&self, py: Python<'_>, step: impl FnOnce(&Store) -> T + Send) -> Refused<T> {
        py.detach(|| open(usable(self.lock.read())?.as_ref()).map(step))
    }

    /// The lock for a short reading step that makes a Python object of a kind without a finaliser; `None` where it would have to wait.
    pub fn try_read(&self) -> Refused<Option<RwLockReadGuard<'_, Option<Store>>>> {
        free(self.lock.try_read())
    }

    /// The lock for a short changing step; `None` where it would have to wait. [`Self::changed`] must follow.
    pub fn try_write(&self) -> Refused<Option<RwLockWriteGuard<'_, Option<Store>>>> {
        free(self.lock.try_write())
    }

    /// Notes what a step may have changed for calls that look without the lock.
    pub fn changed(&self, store: &Store) {
        self.dimension.store(store.dimension().unwrap_or(0), Ordering::Release);
    }

    /// A changing step, detached.
    pub fn write_long<T: Send>(&self, py: Python<'_>, step: impl FnOnce(&mut Store) -> T + Send) -> Refused<T> {
        py.detach(|| {
            let mut guard = usable(self.lock.write())?;
            let store = guard.as_mut().ok_or(Refusal::Closed)?;
            let done = step(store);
            self.changed(store);
            Ok(done)
        })
    }
}

pub fn open<S>(store: Option<S>) -> Refused<S> {
    store.ok_or(Refusal::Closed)
}

fn usable<G>(locked: LockResult<G>) -> Refused<G> {
    locked.map_err(|_| Refusal::Poisoned)
}

fn free<G>(locked: TryLockResult<G>) -> Refused<Option<G>> {
    match locked {
        Ok(guard) => Ok(Some(guard)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Poisoned(_)) => Err(Refusal::Poisoned),
    }
}
