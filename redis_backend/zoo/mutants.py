"""Broken variants of the backend, each with one thing wrong, that the suite must find: who tests the tests.

Opening a store of such a class breaks the whole process that does so; each is
judged in processes of its own (`kill_matrix`). By hand:
``PYTHONPATH=redis_backend/zoo pytest --pyargs refvec_conformance --refvec-backend=mutants:WaitOmitted``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest import mock

from refvec import BackendUnavailableError, OutcomeUnknownError
from refvec_redis import adding, fleet, items, library, nodes, reading, scanning, store, sweeping
from refvec_redis.attempt import Attempt
from refvec_redis.entries import Entry, entry_of, find_entries
from refvec_redis.places import meta_call
from refvec_redis.releasing import release, unlink
from refvec_redis.store import RedisVectorStore

Change = Callable[[], None]


@dataclass(frozen=True)
class Mutant:
    """One of them: its name, the clause that it breaks, and what is wrong."""

    name: str
    clause: str
    summary: str


MUTANTS: list[Mutant] = []
REPLACED: list[str] = []  # in the functions of the servers


def broken(name: str, clause: str, summary: str, change: Change) -> None:
    """Make a class of that name, which breaks its process when a store is opened."""
    done = itertools.count()

    def _open(self: Any, *arguments: Any) -> None:
        if next(done) == 0:
            change()
        RedisVectorStore._open(self, *arguments)

    globals()[name] = type(name, (RedisVectorStore,), {"_open": _open, "__module__": __name__})
    MUTANTS.append(Mutant(name, clause, summary))


def put(owner: Any, name: str, value: Any) -> Change:
    """Return what replaces an attribute for good."""
    return lambda: setattr(owner, name, value)


def both(one: Change, other: Change) -> Change:
    """Return two changes as one."""

    def change() -> None:
        one()
        other()

    return change


def lua(old: str, new: str) -> Change:
    """Return what changes the functions in the servers, in a library of another name."""
    REPLACED.append(old)

    def change() -> None:
        text = library._body()
        for cached in (library._body, library.name, library.source):
            cached.cache_clear()
        mock.patch.object(library, "_body", return_value=text.replace(old, new)).start()

    return change


# NET-1: one store for all


def _drop_name_only(name: str, _places: Any, uid: str, rounds: Any, attempt: Any) -> None:
    for step in ("drop", "gone"):
        rounds.write([meta_call(name, step, [uid.encode()])], attempt)


def _closing_drops(self: RedisVectorStore) -> None:
    if not self._gone:
        self.drop()


def _ending_drops(self: RedisVectorStore) -> None:
    if self._settings.temporary and not self._gone:
        self.drop()
    self._gone = True


def _own_dimension(_name: str, _uid: str, dimension: int, _rounds: Any, _attempt: Any) -> int:
    return dimension


broken("DropLeavesKeys", "NET-1", "drop() removes only the name.", put(store, "drop", _drop_name_only))
broken("CloseDrops", "NET-1", "close() removes the store.", put(RedisVectorStore, "_close", _closing_drops))
broken(
    "ChildDrops",
    "NET-1",
    "A forked child that closes its copy of a temporary store removes it.",
    put(RedisVectorStore, "_close", _ending_drops),
)
broken(
    "DropNotNoticed",
    "NET-1",
    "Whoever still has a dropped store open writes on.",
    lua("if redis.call('HEXISTS', keys[m], 'founded') == 0 then", "if false then"),
)
broken(
    "FoundedTwice",
    "NET-1",
    "Of two that open a new store at once, the second founds another.",
    lua(
        "if redis.call('EXISTS', keys[1]) == 0 then redis.call('HSET', keys[1]",
        "if true then redis.call('HSET', keys[1]",
    ),
)
broken(
    "OwnDimension",
    "NET-1",
    "Every client fixes the dimension for itself.",
    put(store, "fix_dimension", _own_dimension),
)


# NET-2: linearizable for every id, exactly once


def _resent(self: Any, calls: Any, attempt: Any) -> Any:
    return self.write(calls, attempt)


def _all(answer: int) -> Any:
    return lambda _self, items: [answer] * len(items)


def _same_tokens(count: int) -> list[bytes]:
    return [b"\0" * 16] * count


def _partial_scan(reading_: Any, capacity: int, dimension: Any, use: Any) -> Any:
    kept = reading_.directory

    def directory() -> Any:
        found = list(kept())
        return iter(found[: len(found) - len(found) // 8])

    reading_.directory = directory
    return scanning.scan(reading_, capacity, dimension, use)


broken(
    "LinkResent", "NET-2", "A step that may run once is sent again.", put(fleet.Rounds, "write_once", _resent)
)
broken("LostIsLinked", "NET-2", "A lost reply counts as success.", put(adding.Adding, "_fence", _all(1)))
broken("LostIsAbsent", "NET-2", "A lost reply counts as failure.", put(adding.Adding, "_fence", _all(0)))
broken(
    "LastOneWins",
    "NET-2",
    "An id that another client has added meanwhile is overwritten.",
    lua("elseif has == expected then", "elseif true then"),
)
broken(
    "TokenReused",
    "NET-2",
    "All references have the same token.",
    both(put(adding, "tokens", _same_tokens), put(items, "tokens", _same_tokens)),
)
broken(
    "ScanGivesUp", "NET-2", "A snapshot lacks what the last buckets hold.", put(store, "scan", _partial_scan)
)
broken(
    "BatchWithoutPosition",
    "NET-2",
    "A batch that breaks off says nothing of its items.",
    put(adding, "_tell", lambda *_: None),
)


# NET-3: time, and what is said when it is over


def _renewed(_self: Attempt) -> float:
    return 1e6


def _certain(_self: Attempt, node: str, reason: str) -> BackendUnavailableError:
    return BackendUnavailableError(f"{node}: {reason}. Nothing was changed")


def _doubtful(_self: Attempt, node: str, reason: str) -> BackendUnavailableError:
    return OutcomeUnknownError(f"{node}: {reason}")


broken("TimeoutIgnored", "NET-3", "A call tries without end.", put(Attempt, "left", property(_renewed)))
broken(
    "CertainThoughNot",
    "NET-3",
    "Nothing is said to have changed, whatever happened.",
    put(Attempt, "failure", _certain),
)
broken(
    "NeverCertain",
    "NET-3",
    "The outcome is unknown even if nothing was sent.",
    put(Attempt, "failure", _doubtful),
)
broken(
    "HashNotCompared",
    "NET-3",
    "A reader takes whatever stands at the index that the id had.",
    put(reading, "stale", lambda rows, _entries: [at for at, row in enumerate(rows) if row is None]),
)


# NET-4: what replicas have


def _not_durable(init: Any) -> Any:
    return lambda self, *arguments, **given: init(self, *arguments, **{**given, "durable": False})


def _as_available(self: Any, node: Any, attempt: Any) -> int:
    return int(min(self._need, node.replicas(attempt.patience)))


broken(
    "WaitOmitted",
    "NET-4",
    "No replica is waited for.",
    put(fleet._Round, "__init__", _not_durable(fleet._Round.__init__)),
)
broken(
    "WaitNotCounted",
    "NET-4",
    "The number of replicas is not looked at.",
    put(fleet._Round, "_acknowledged", lambda *_: None),
)
broken(
    "StrictGivesIn",
    "NET-4",
    "strict is satisfied with the replicas that are there.",
    put(fleet.Rounds, "needed", _as_available),
)
broken(
    "AvailableRefuses",
    "NET-4",
    "available needs all replicas.",
    put(fleet.Rounds, "needed", lambda self, *_: self._need),
)
broken("AvailableSilent", "NET-4", "available does not warn.", put(fleet.Rounds, "_warn", lambda *_: None))


# NET-5: what the dead leave


def _released_first(self: RedisVectorStore, pending: list[bytes], attempt: Attempt) -> int:
    held = [
        (entry_of(one), key) for one, key in zip(self._entries(pending, attempt), pending, strict=True) if one
    ]
    release(held, self._places, self._rounds, attempt)
    return sum(unlink(held, self._places, self._rounds, attempt))


def _replaced_first(add: Any) -> Any:
    def changed(self: Any, items: Any, batch: Any) -> None:
        gone = [(item.old, item.id) for item in items if item.old is not None]
        release(gone, self._places, self._rounds, self._attempt)
        add(self, items, batch)

    return changed


def _unfenced(bucket: int, members: list[bytes], places: Any, rounds: Any, attempt: Attempt) -> int:
    ids, held = [one[24:] for one in members], [one[8:24] for one in members]
    entries = find_entries(ids, places, rounds, attempt)
    loose = [at for at, entry in enumerate(entries) if entry is None or entry[:16] != held[at]]
    garbage = [(Entry(held[at], places.index(bucket, members[at][:8]), b"", b""), ids[at]) for at in loose]
    release(garbage, places, rounds, attempt)
    return len(loose)


def _everything(bucket: int, members: list[bytes], places: Any, rounds: Any, attempt: Attempt) -> int:
    held = [(Entry(one[8:24], places.index(bucket, one[:8]), b"", b""), one[24:]) for one in members]
    release(held, places, rounds, attempt)
    return len(held)


broken(
    "ReleasedFirst",
    "NET-5",
    "A reference is released before its id goes.",
    put(RedisVectorStore, "_drop_some", _released_first),
)
broken(
    "ReplacedFirst",
    "NET-5",
    "What an id had is released before it has the new.",
    put(adding.Adding, "add", _replaced_first(adding.Adding.add)),
)
broken(
    "SweptWithoutFence",
    "NET-5",
    "The sweeper takes what a live client is about to use.",
    put(sweeping, "_sweep_page", _unfenced),
)
broken(
    "FencesForgotten",
    "NET-5",
    "A fence is forgotten by the sweep that made it.",
    put(sweeping, "_FENCES_KEPT", -1),
)
broken("SweptAlive", "NET-5", "The sweeper takes what ids have.", put(sweeping, "_sweep_page", _everything))
broken("NothingSwept", "NET-5", "vacuum() collects nothing.", put(store, "sweep", lambda *_: 0))
broken(
    "DeadOnesFound",
    "NET-5",
    "References that no id has show their ids.",
    put(
        reading.Reading,
        "_linked",
        lambda _self, found: {index: (seq, [ref[16:] for ref in refs]) for index, (seq, refs) in found.items()},
    ),
)


# OPEN-8: secrets


def _telling(connected: Any) -> Any:
    def told(self: Any, patience: float) -> Any:
        try:
            return connected(self, patience)
        except BackendUnavailableError as error:
            login = f"{self._arguments['username']}:{self._arguments['password']}"
            raise BackendUnavailableError(f"{error} ({login})") from None

    return told


def _chained(connected: Any) -> Any:
    def told(self: Any, patience: float) -> Any:
        try:
            return connected(self, patience)
        except BackendUnavailableError as error:
            raise error from ValueError(f"no user {self._arguments['username']}")

    return told


broken(
    "PasswordInError",
    "OPEN-8",
    "The error shows who logged in.",
    put(nodes.Node, "_connected", _telling(nodes.Node._connected)),
)
broken(
    "UserInCause",
    "OPEN-8",
    "The cause of the error shows who logged in.",
    put(nodes.Node, "_connected", _chained(nodes.Node._connected)),
)
