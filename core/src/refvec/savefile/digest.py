"""The checksum of a file, worked out beside what else is done with its bytes."""

from __future__ import annotations

from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import Any, TypeAlias
from weakref import ref

from .format import Checksum, checksum

BESIDE = 2**22  # bytes after which a thread is worth its start
AHEAD = 2  # parts that wait or are under way, so that the thread need not wait for the next

Part: TypeAlias = bytes | memoryview


class Digest:
    """The running checksum of the parts of a file.

    From `BESIDE` bytes on, parts are hashed by a thread, since that takes
    longer than to read, write or store them. A part may not change before
    `wait`, or `update` with the `AHEAD`-th part after it, has returned.
    """

    def __init__(self) -> None:
        self._hash = checksum()
        self._seen = 0
        self._free = Semaphore(AHEAD)
        self._parts: SimpleQueue[Any] | None = None

    def update(self, part: Part) -> None:
        """Take the next part, bytes or a memoryview of them."""
        self._seen += len(part)
        if self._parts is None and self._seen >= BESIDE:
            self._parts = self._start()
        if self._parts is None:
            self._hash.update(part)
        else:
            self._free.acquire()
            self._parts.put(part)

    def wait(self) -> None:
        """Return when all parts so far are hashed."""
        for _ in range(AHEAD):
            self._free.acquire()
        self._free.release(AHEAD)

    def digest(self) -> bytes:
        """Return the checksum of all parts."""
        self.wait()
        return self._hash.digest()

    def _start(self) -> SimpleQueue[Any] | None:
        parts: SimpleQueue[Any] = SimpleQueue()
        # Ends the thread, also that of a file which was given up. A `__del__` could swallow an interrupt.
        owner = ref(self, parts.put)
        try:
            Thread(target=_work, args=(self._hash, self._free, parts, owner), daemon=True).start()
        except (RuntimeError, MemoryError):
            self._seen = 0  # no thread to be had now
            return None
        return parts


def _work(running: Checksum, free: Semaphore, parts: SimpleQueue[Any], owner: object) -> None:
    while (part := parts.get()) is not owner:
        running.update(part)
        del part
        free.release()
