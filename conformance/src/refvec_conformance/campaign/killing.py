"""One life of a writer: a child process with the mixed load, and the signal that ends it."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..judging.target import Target
from .load import BEGUN, WRONG, Life, Record

LONGEST = 0.15  # seconds


@dataclass(frozen=True)
class Trigger:
    """When a writer is killed.

    Attributes
    ----------
    flushes : int
        After so many flushes were begun; 0 does not wait for any.
    delay : float
        And so many seconds later.
    """

    flushes: int
    delay: float

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Trigger:
        """Return a moment: anywhere in a life, its opening included, or in the middle of a flush."""
        if rng.random() < 0.5:
            return cls(0, float(np.exp(rng.uniform(np.log(0.0005), np.log(LONGEST)))))
        return cls(int(rng.integers(1, 9)), float(rng.uniform(0, 0.001)))


def life(target: Target, path: Path, rng: np.random.Generator, trigger: Trigger) -> list[Record]:
    """Let a writer work in a child, kill it, and return what it told."""
    source, sink = os.pipe()
    child = os.fork()
    if not child:
        _work(target, path, rng, sink)
    os.close(sink)
    with os.fdopen(source, "rb", buffering=0) as file:
        told = list(_until(file.fileno(), trigger))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return [*told, *_records(file.fileno())]


def _work(target: Target, path: Path, rng: np.random.Generator, sink: int) -> None:
    def tell(record: Record) -> None:
        os.write(sink, record.word + len(record.content).to_bytes(2, "little") + record.content)

    try:
        Life(target, path, rng, tell).run()
    except BaseException as error:
        tell(Record(WRONG, f"the writer ended with {type(error).__name__}: {error}".encode()[:2000]))
    finally:
        os._exit(1)


def _until(source: int, trigger: Trigger) -> Iterator[Record]:
    """Yield what is told until the moment has come."""
    begun = 0
    while begun < trigger.flushes:
        record = _record(source)
        if record is None:
            return
        begun += record.word == BEGUN
        yield record
    select.select([], [], [], trigger.delay)


def _records(source: int) -> Iterator[Record]:
    while (record := _record(source)) is not None:
        yield record


def _record(source: int) -> Record | None:
    """Return the next one; a pipe hands over none in parts, since they are short."""
    start = os.read(source, 3)
    if len(start) < 3:
        return None
    return Record(start[:1], os.read(source, int.from_bytes(start[1:], "little")))
