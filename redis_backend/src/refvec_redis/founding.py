"""Opening: what a store is stands in one hash, which the first to open it writes (OPEN-1, OPEN-8, NET-1)."""

from __future__ import annotations

import errno
import secrets
from dataclasses import dataclass, replace
from typing import Any

from refvec import (
    BackendUnavailableError,
    CorruptStoreError,
    DimensionMismatchError,
    OpenSpec,
    StoreClosedError,
)

from .attempt import Attempt
from .fleet import Rounds
from .places import Places, meta_call, meta_key
from .refusals import dropped
from .settings import Settings, buckets_for
from .wire import command

FORMAT = "1"


@dataclass(frozen=True, slots=True)
class Meta:
    """What a store says of itself."""

    uid: str
    buckets: int
    precision: Any
    capacity: int
    secret: bytes
    dimension: int | None
    ready: bool = False
    going: bool = False  # dropped, and its buckets may be there still

    def fields(self) -> list[bytes]:
        """Return the fields and values of its hash."""
        found = [b"format", FORMAT.encode(), b"uid", self.uid.encode(), b"buckets", b"%d" % self.buckets]
        found += [b"precision", str(self.precision).encode(), b"capacity", b"%d" % self.capacity]
        found += [b"secret", self.secret]
        return found if self.dimension is None else [*found, b"dimension", b"%d" % self.dimension]


def read_meta(flat: list[bytes], name: str) -> Meta:
    """Return what a hash says, or raise for one that is not ours."""
    found = dict(zip(flat[::2], flat[1::2], strict=True))
    if found.get(b"format") != FORMAT.encode():
        said = found.get(b"format", b"none").decode(errors="replace")
        if said.isdecimal():
            raise CorruptStoreError(
                f"The store {name!r} has format {said}, this refvec reads {FORMAT}: upgrade refvec to open it"
            )
        raise CorruptStoreError(
            f"The key {meta_key(name).decode()!r} is no store of format {FORMAT} (it says {said!r}); "
            "it was left alone: choose another name"
        )
    try:
        precision, dimension = found[b"precision"].decode(), found.get(b"dimension")
        return Meta(
            found[b"going" if b"going" in found else b"uid"].decode(),
            int(found[b"buckets"]),
            precision if precision == "exact" else int(precision),
            int(found[b"capacity"]),
            found[b"secret"],
            None if dimension is None else int(dimension),
            b"ready" in found,
            b"going" in found,
        )
    except (KeyError, ValueError) as error:
        raise CorruptStoreError(
            f"The key {meta_key(name).decode()!r} lacks what a store says: {error}"
        ) from error


def open_meta(settings: Settings, spec: OpenSpec, rounds: Rounds, attempt: Attempt) -> Meta:
    """Find the store, or found it where the mode lets us; raise for what contradicts the arguments."""
    name = settings.name
    _require_replicas(settings, rounds, attempt)
    existing = _existing(name, rounds, attempt)
    if existing is not None and existing.going:
        if spec.mode != "r":
            _remove(name, existing, rounds, attempt)
        existing = None
    if existing is None and spec.mode in ("r", "r+"):
        raise FileNotFoundError(
            errno.ENOENT, f"There is no store, and mode={spec.mode!r} makes none", str(spec.location)
        )
    if existing is None:
        fresh = Meta(
            secrets.token_hex(4),
            settings.buckets or buckets_for(spec.initial_capacity),
            spec.precision,
            spec.initial_capacity,
            secrets.token_bytes(16),
            spec.dimension,
        )
        attempt.changed = True
        (flat,) = rounds.write([meta_call(name, "found", fresh.fields())], attempt)
        existing = read_meta(flat, name)
        if existing.uid == fresh.uid:
            return existing
        if existing.going:  # another client founded one and dropped it meanwhile
            return open_meta(settings, spec, rounds, attempt)
    if spec.mode == "x":
        raise FileExistsError(
            errno.EEXIST, 'There is a store already, and mode="x" makes a new one', str(spec.location)
        )
    _require_agreement(existing, settings, spec)
    if existing.dimension is None and spec.dimension is not None and spec.mode != "r":
        return replace(existing, dimension=fix_dimension(name, existing.uid, spec.dimension, rounds, attempt))
    return existing


def _existing(name: str, rounds: Rounds, attempt: Attempt) -> Meta | None:
    flat = _flat(name, rounds, attempt)
    return read_meta(flat, name) if flat else None


def _flat(name: str, rounds: Rounds, attempt: Attempt) -> list[bytes]:
    slot, _ = meta_call(name, "found")
    (flat,) = rounds.read([(slot, command(b"HGETALL", meta_key(name)))], attempt)
    found: list[bytes] = flat
    return found


def _same(flat: list[bytes], name: str, uid: str) -> Meta:
    """Return what the hash says, or raise if it is no longer that of this store."""
    found = read_meta(flat, name) if flat else None
    if found is None or found.uid != uid or found.going:
        raise dropped(name)
    return found


def _require_replicas(settings: Settings, rounds: Rounds, attempt: Attempt) -> None:
    slots = rounds.fleet.map
    if slots.cluster or not settings.strict or settings.replicas == 0:
        return
    for node in slots.masters():
        if node.replicas(attempt.patience) < settings.replicas:
            raise BackendUnavailableError(
                f"{node.address} is a single server without {settings.replicas} replicas, and "
                "durability='strict' has every write on as many: give replicas=0 to work with this server "
                "alone (its death then loses what it had not saved), or give it a replica"
            )


def _require_agreement(meta: Meta, settings: Settings, spec: OpenSpec) -> None:
    given = (
        ("dimension", meta.dimension, spec.dimension),
        ("precision", meta.precision, spec.precision if spec.precision_given else None),
        ("buckets", meta.buckets, settings.buckets),
    )
    for name, has, wanted in given:
        if None not in (has, wanted) and has != wanted:
            raise ValueError(
                f"The store at {spec.location} has {name} {has!r}, not {wanted!r}; leave {name} out"
            )


def fix_dimension(name: str, uid: str, dimension: int, rounds: Rounds, attempt: Attempt) -> int:
    """Give the store its dimension, and return the one that it has; another client may have been first."""
    attempt.changed = True
    (flat,) = rounds.write([meta_call(name, "fix", [uid.encode(), b"%d" % dimension])], attempt)
    found = _same(flat, name, uid)
    if found.dimension != dimension:
        raise DimensionMismatchError(f"Vector dimension mismatch: expected {found.dimension}, got {dimension}")
    return dimension


def dimension_now(name: str, uid: str, rounds: Rounds, attempt: Attempt) -> int | None:
    """Return the dimension of the store, None while it has none."""
    return _same(_flat(name, rounds, attempt), name, uid).dimension


def uid_call(name: str) -> tuple[int, bytes]:
    """Return the command that reads the uid of the store that has the name now."""
    slot, _ = meta_call(name, "found")
    return slot, command(b"HGET", meta_key(name), b"uid")


def complete(name: str, meta: Meta, places: Places, rounds: Rounds, attempt: Attempt) -> None:
    """Mark all buckets of a new store, so that nothing is written to them once they have gone."""
    if meta.ready:
        return
    attempt.changed = True
    rounds.write([places.call("mark", bucket) for bucket in range(places.buckets)], attempt)
    (flat,) = rounds.write([meta_call(name, "ready", [meta.uid.encode()])], attempt)
    try:
        _same(flat, name, meta.uid)
    except StoreClosedError:
        rounds.write([places.removal(bucket) for bucket in range(places.buckets)], attempt)
        raise


def drop(name: str, places: Places, uid: str, rounds: Rounds, attempt: Attempt) -> None:
    """Remove a store for all: first what makes it one, so that nobody opens what is going.

    Should this client die in between, the next to open a store of the name removes the rest.
    """
    attempt.changed = True
    rounds.write([meta_call(name, "drop", [uid.encode()])], attempt)
    rounds.write([places.removal(bucket) for bucket in range(places.buckets)], attempt)
    rounds.write([meta_call(name, "gone", [uid.encode()])], attempt)


def _remove(name: str, meta: Meta, rounds: Rounds, attempt: Attempt) -> None:
    """End what a client began that died while it dropped a store."""
    drop(name, Places(name, meta.uid, meta.buckets, meta.secret), meta.uid, rounds, attempt)
