"""A client at work: ids of its own and some that all share, one by one and in batches."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from refvec import BackendUnavailableError, DuplicateIdError, OutcomeUnknownError

from .records import DUPLICATE, OK, REFUSED, UNKNOWN, WRONG, Log
from .rows import HOT, number_of, rows_of

SHARED = "shared "  # begin the ids that all clients have in common
_SHARED_VECTORS = 4
_BATCHES = (1, 1, 5, 10)


class Client:
    """A client at work.

    Parameters
    ----------
    store : VectorStore
        Where.
    number, seed : int
        Which client, and of what it does.
    log : Log
        Where it writes down what it does.
    """

    def __init__(self, store: Any, number: int, seed: int, log: Log) -> None:
        self._store, self._number, self._log = store, number, log
        self._random = Random(f"{seed} {number}")
        self._count = 0
        self._live: list[str] = []  # ids of its own that are there for sure
        self._stopped = False

    def run(self) -> None:
        """Work until SIGTERM."""
        signal.signal(signal.SIGTERM, self._stop)
        steps = (self._remove, self._upsert, self._look, self._share, self._add)
        while not self._stopped:
            (step,) = self._random.choices(steps, (35, 10, 5, 10, 40))
            step()

    def _stop(self, *_: object) -> None:
        self._stopped = True

    def _add(self) -> None:
        ids = [f"{self._number}-{self._count + one}" for one in range(self._random.choice(_BATCHES))]
        self._count += len(ids)
        numbers = [self._vector() for _ in ids]
        if self._call("add_vectors", ids, numbers, lambda: self._put("add", ids, numbers)) == OK:
            self._live += ids

    def _upsert(self) -> None:
        ids = self._taken(self._random.choice(_BATCHES))
        numbers = [self._vector() for _ in ids]
        if self._call("upsert_vectors", ids, numbers, lambda: self._put("upsert", ids, numbers)) != UNKNOWN:
            self._live += ids

    def _remove(self) -> None:
        ids = self._taken(self._random.choice(_BATCHES))
        if self._call("remove_vectors", ids, (), lambda: int(self._store.remove_vectors(ids))) == REFUSED:
            self._live += ids

    def _look(self) -> None:
        ids = self._taken(1)
        self._live += ids
        self._call("get_vector", ids, (), lambda: self._found(ids[0]))

    def _share(self) -> None:
        one = f"{SHARED}{int(2 * time.monotonic())} {self._random.randrange(3)}"
        number = self._random.randrange(_SHARED_VECTORS)
        if self._random.random() < 0.6:
            self._call("add_vector", [one], [number], lambda: self._put("add", [one], [number]))
        else:
            self._call("remove_vector", [one], (), lambda: int(self._store.remove_vector(one)))

    def _vector(self) -> int:
        own = HOT + (self._number + 1) * 1_000_000 + self._count
        return self._random.choice((self._random.randrange(HOT), own + self._random.randrange(10)))

    def _taken(self, count: int) -> list[str]:
        """Return ids that are there, which nobody uses until they are given back."""
        picked = self._random.sample(self._live, min(count, len(self._live)))
        self._live = [one for one in self._live if one not in picked]
        return picked

    def _put(self, how: str, ids: Sequence[str], numbers: Sequence[int]) -> None:
        rows = rows_of(numbers)
        if len(ids) == 1:
            getattr(self._store, f"{how}_vector")(ids[0], rows[0])
        else:
            getattr(self._store, f"{how}_vectors")(ids, rows)

    def _found(self, one: str) -> int | None:
        row = self._store.get_vector(one)
        return None if row is None else number_of(row)

    def _call(
        self, name: str, ids: Sequence[str], numbers: Sequence[int], call: Callable[[], int | None]
    ) -> str:
        if not ids:
            return OK
        self._log.begin(name, ids, numbers)
        value, text = None, ""
        try:
            value, outcome = call(), OK
        except OutcomeUnknownError:
            outcome = UNKNOWN
        except BackendUnavailableError:
            outcome = REFUSED
        except DuplicateIdError as error:
            outcome, text = DUPLICATE, str(error)
        except Exception as error:
            outcome, text = WRONG, f"{type(error).__name__}: {error}"
        self._log.end(outcome, value, text)
        return outcome
