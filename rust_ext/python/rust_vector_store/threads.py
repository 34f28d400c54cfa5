"""How many threads the calls of all stores of this process may use."""

from __future__ import annotations

from typing import SupportsIndex

from refvec.integers import canonical_int

from . import _native


def num_threads() -> int:
    """Return how many threads a call may use, the one that makes it included.

    Returns
    -------
    int
        What `set_num_threads` was given; before that the environment variable
        ``RAYON_NUM_THREADS`` as it was when the backend was loaded, if it is a
        positive number; else the number of cores.
    """
    return _native.num_threads()


def set_num_threads(n: SupportsIndex) -> None:
    """Set how many threads a call may use, the one that makes it included.

    Concerns every store of this process, from the next call on, and no
    result: it is the same to the bit for any number. A forked child keeps it.

    Parameters
    ----------
    n : SupportsIndex
        1 to 1,024; 1 has every call use the thread that makes it, alone.

    Raises
    ------
    TypeError, ValueError
        If `n` is no integer, or not in that range.

    Notes
    -----
    Searches of 2 million multiplications and more use other threads, batches of
    4 MiB and more that are put use one, and so does opening a large store. Only one
    call at a time does: one that is made meanwhile, on another thread of the
    caller's, uses its own thread alone.
    """
    threads = canonical_int(n, "n")
    if not 1 <= threads <= _native.MAX_THREADS:
        raise ValueError(f"n must be 1 to {_native.MAX_THREADS:,} threads, got {threads:,}")
    _native.set_num_threads(threads)
