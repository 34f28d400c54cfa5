//! How often the process was forked: what threads of a parent held or did is lost to a child.

use std::sync::atomic::{AtomicU64, Ordering};

static FORKS: AtomicU64 = AtomicU64::new(0);

/// Has every fork counted in the child from here on, before any other code of its.
#[cfg(unix)]
pub fn watch() {
    type Handler = Option<extern "C" fn()>;
    unsafe extern "C" {
        fn pthread_atfork(prepare: Handler, parent: Handler, child: Handler) -> std::ffi::c_int;
    }
    extern "C" fn forked() {
        FORKS.fetch_add(1, Ordering::Release);
    }
    static WATCHED: std::sync::Once = std::sync::Once::new();
    // SAFETY: the module is never unloaded, and `forked` may be called at any time.
    WATCHED.call_once(|| assert_eq!(unsafe { pthread_atfork(None, None, Some(forked)) }, 0, "no memory to watch forks"));
}

#[cfg(not(unix))]
pub fn watch() {}

/// How many forks lie between this process and the one that began to [`watch`].
#[inline]
pub fn count() -> u64 {
    FORKS.load(Ordering::Acquire)
}
