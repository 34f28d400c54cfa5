"""Disks that fail on demand, for the tests of programs that keep a store in a directory.

>>> import errno
>>> from refvec_conformance.faults import Faults
>>> from refvec_conformance.faulty_disk import faulty_disk
>>> full = Faults(seed=1, error_rate=0.1, error=lambda text: OSError(errno.ENOSPC, text))
>>> with faulty_disk(full):  # doctest: +SKIP
...     store.flush()  # raises OSError now and then; a later flush succeeds

The same seed and the same calls give the same faults, whatever the backend.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from unittest import mock

from refvec.durable import disk

from .faults import Faults
from .probes.seam import Operation, operations

OPERATIONS = frozenset(
    {"write", "sync", "allocate", "truncate", "sync_directory", "rename", "delete", "commit"}
)


@contextmanager
def faulty_disk(faults: Faults, asked: Collection[str] = OPERATIONS) -> Iterator[None]:
    """Let the disk of durable stores fail while the context lasts.

    Parameters
    ----------
    faults : Faults
        What goes wrong, how often, and with which seed: ``error_rate`` is the share of
        operations that fail before anything happens, ``lost_reply_rate`` of those that happen and
        then fail, ``partial_rate`` of writes that take only a part of the data, which is no error.
    asked : collection of str
        The operations that are subject to it, all by default.

    Notes
    -----
    What sqlite does for a store is subject to it where `sqlite3` stands on a shared library, and
    the store was opened within such a context, be it one without faults.
    """
    write = disk.pwrite

    def before(operation: Operation) -> None:
        if operation.name in asked:
            faults.delay()
            if faults.strikes(faults.error_rate):
                raise faults.error(f"injected before {operation.name}; nothing happened")

    def after(operation: Operation) -> None:
        if operation.name in asked and faults.strikes(faults.lost_reply_rate):
            raise faults.error(f"injected after {operation.name}; it happened")

    def shortened(handle: int, data: memoryview, offset: int) -> int:
        if "write" in asked and faults.strikes(faults.partial_rate):
            data = data[: 1 + faults.part(len(data))]
        return write(handle, data, offset)

    with mock.patch.object(disk, "pwrite", shortened), operations(before, after):
        yield
