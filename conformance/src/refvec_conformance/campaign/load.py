"""The mixed load of a writer that will be killed, and what it tells of itself before it acts, and after."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import numpy as np
from refvec import VectorStore
from refvec.durable import writer

from ..judging.target import Target
from ..probes.durability import held
from ..probes.journals import annotate

DIMENSION = 6
IDS = [str(uuid.UUID(int=n << 64)) if n % 2 else f"id {n}" for n in range(60)]
VALUES = np.array([0, 1, 2, -0.0, np.nan, 1e-42, 3e38], np.float32)
FEW_EVENTS = 150  # in place of thousands: logs are folded into snapshots all the time
DIGEST_BYTES = 16

OPENED, BEGUN, DONE, WRONG = b"O", b"B", b"D", b"W"


class Record(NamedTuple):
    """What the writer told: a word, and the digest of the whole content (or a text, of what was wrong)."""

    word: bytes
    content: bytes


Tell = Callable[[Record], object]


def digest(store: VectorStore) -> bytes:
    """Return what stands for everything that a store holds."""
    return hashlib.blake2b(repr(held(store)).encode(), digest_size=DIGEST_BYTES).digest()


def opened(target: Target, path: Path, mode: str = "a") -> VectorStore:
    """Open the store of a campaign."""
    return target.open(DIMENSION, 2, path=path, mode=mode, precision="exact")


class Life:
    """A writer at work, until it is killed.

    Parameters
    ----------
    target : Target
        The backend.
    path : Path
        The store.
    rng : numpy.random.Generator
        Decides what it does.
    tell : callable
        Takes what it tells of itself.
    """

    def __init__(self, target: Target, path: Path, rng: np.random.Generator, tell: Tell) -> None:
        self._target = target
        self._path = path
        self._rng = rng
        self._tell = tell
        self._reader: VectorStore | None = None

    def run(self) -> None:
        """Work for ever."""
        with mock.patch.object(writer, "FEW_EVENTS", FEW_EVENTS):
            store = self._open()
            while True:
                for _ in range(int(self._rng.integers(1, 8))):
                    change(self._rng, store)
                store = self._settle(store)

    def _open(self) -> VectorStore:
        store = opened(self._target, self._path)
        self._flushed = digest(store)
        self._tell(Record(OPENED, self._flushed))
        return store

    def _settle(self, store: VectorStore) -> VectorStore:
        """Flush, close and open again, drop what was not flushed, read beside it, or compact."""
        pick = int(self._rng.integers(13))
        if pick == 0:
            self._acknowledged(store, store.close)
            return self._open()
        if pick == 1:
            store.close(flush=False)
            return self._open()
        if pick < 4:
            self._read()
        elif pick == 12:
            self._acknowledged(store, store.compact)
        else:
            self._acknowledged(store, store.flush)
        return store

    def _acknowledged(self, store: VectorStore, call: Callable[[], object]) -> None:
        now = digest(store)
        self._tell(Record(BEGUN, now))
        call()
        self._flushed = now
        self._tell(Record(DONE, now))

    def _read(self) -> None:
        """See the last flush through a reader, new or refreshed."""
        if self._reader is None or self._rng.random() < 0.3:
            self._reader = opened(self._target, self._path, "r")
        else:
            self._reader.refresh()
        if digest(self._reader) != self._flushed:
            self._tell(Record(WRONG, b"a reader sees something else than the last flush"))
        if self._rng.random() < 0.5:
            self._reader.close()
            self._reader = None


def change(rng: np.random.Generator, store: VectorStore) -> None:
    """Make one random change: ids of all kinds, vectors that are equal, odd, or anything."""
    count = int(rng.integers(1, 12))
    ids = [IDS[one] for one in rng.choice(len(IDS), count, replace=False)]
    rows = rng.choice(VALUES, (count, DIMENSION)) if rng.random() < 0.5 else _few(rng, count)
    pick = int(rng.integers(40))
    if pick == 0:
        store.clear()
    elif pick < 12:
        absent = [position for position, one in enumerate(ids) if one not in store]
        store.add_vectors([ids[one] for one in absent], rows[absent])
    elif pick < 22:
        store.upsert_vectors(ids, rows)
    elif pick < 27:
        store.upsert_vector(ids[0], rows[0])
    elif pick < 30:
        many = rng.integers(0, 2**32, (300, DIMENSION), np.uint32).view(np.float32)
        store.upsert_vectors([f"many {n}" for n in range(300)], many)
    elif pick < 32:
        store.remove_vectors([f"many {n}" for n in range(300)])
    else:
        store.remove_vectors(ids)
    annotate(rng, store, ids)


def _few(rng: np.random.Generator, count: int) -> np.ndarray:
    """Return vectors of which many are equal."""
    return np.repeat(rng.integers(0, 4, (count, 1)), DIMENSION, axis=1).astype(np.float32)
