"""Broken constructors (OPEN)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import refvec
from refvec import (
    OpenSpec,
    UnsupportedError,
    VectorStore,
    contract,
    location,
    opening,
    options,
    selecting,
)

from .catalogue import breaks, mutant, patched, refuse, translated
from .specimen import Specimen

Broken = AbstractContextManager[Any]


mutant("OPEN-1", "PrecisionFive", "The precision is 5 where 6 was meant.").does(
    _begin=lambda call, spec: call(spec=replace(spec, precision=5 if spec.precision == 6 else spec.precision))
)


@breaks("OPEN-1")
def initialised_twice() -> Broken:
    """The front door initialises the object itself, and Python does it again."""

    def make(cls: Any, *args: Any, **kwargs: Any) -> Any:
        store = made(cls, *args, **kwargs)
        if cls is VectorStore:
            store.__init__(*args, **{**kwargs, "backend": "auto"})
        return store

    made = VectorStore.__new__
    return mock.patch.object(VectorStore, "__new__", make)


mutant("OPEN-1", "any_mode", "A mode that needs a path is taken without one.").patches(
    lambda: mock.patch.object(opening, "_mode", lambda mode, _location: mode)
)
mutant("OPEN-1", "unknown_ignored", "A keyword that nobody knows is ignored.").patches(
    lambda: mock.patch.object(contract, "check_options", lambda _store, spec: replace(spec, options={}))
)
mutant("OPEN-1", "nearest_unnamed", "An unknown keyword is refused without the name that is near.").patches(
    lambda: mock.patch.object(options, "did_you_mean", return_value="")
)


@breaks("OPEN-1")
def defaults_left_out() -> Broken:
    """A backend gets the options that were given, and no defaults."""

    def given_only(store: Any, spec: OpenSpec) -> OpenSpec:
        found = checked(store, spec)
        return replace(found, options={name: found.options[name] for name in spec.options})

    checked = options.check_options
    return mock.patch.object(contract, "check_options", given_only)


mutant("OPEN-2", "small_is_one", "A dimension or capacity below 1 is taken for 1.").patches(
    lambda: _limited(lambda value: max(value, 1))
)
mutant(
    "OPEN-2", "large_is_largest", "A dimension or capacity beyond the limit is taken for the limit."
).patches(lambda: _limited(lambda value: min(value, 65_536)))


def _limited(change: Callable[[int], int]) -> Broken:
    def changed(value: Any, name: str) -> int:
        found = integer(value, name)
        return change(found) if name in ("dimension", "initial_capacity") else found

    integer = opening._integer
    return mock.patch.object(opening, "_integer", changed)


@breaks("INT-1")
def index_twice() -> Broken:
    """The arguments are read twice, and so is what ``__index__`` answers."""

    def twice(value: Any, name: str) -> int:
        integer(value, name)
        return integer(value, name)

    integer = opening._integer
    return mock.patch.object(opening, "_integer", twice)


mutant("OPEN-2", "any_precision", "Any precision is taken.").patches(
    lambda: mock.patch.object(opening, "MAX_PRECISION", 1000)
)
mutant("OPEN-5", "path_ignored", "A path is ignored: the store is in memory, and nobody is told.").patches(
    lambda: patched(
        contract,
        "parse_spec",
        lambda parse, *args, **given: parse(*args, **(given if args[2] else {**given, "path": None})),
    )
)
mutant("OPEN-5", "both_paths", "Of path and mmap_path given together, one is silently preferred.").patches(
    lambda: patched(
        opening, "_location", lambda chosen, path, use, mapped: chosen(path, use and path is None, mapped)
    )
)
mutant("OPEN-5", "mapped_nowhere", "``use_mmap=True`` without a path opens a store in memory.").patches(
    lambda: patched(
        opening, "_location", lambda chosen, path, use, mapped: chosen(path, use and mapped is not None, mapped)
    )
)
mutant("OPEN-8", "address_is_directory", "An address is taken for the name of a directory.").patches(
    lambda: mock.patch.object(opening, "parse_location", lambda value, _name: Path(value))
)
mutant("OPEN-8", "scheme_of_path_objects", "A `Path` whose text looks like an address is one.").patches(
    lambda: patched(
        opening,
        "parse_location",
        lambda parse, value, name: parse(re.sub(":/(?=[^/])", "://", os.fspath(value)), name),
    )
)
mutant(
    "OPEN-8", "anybody_takes_addresses", "A backend that declares nothing of the kind is handed an address."
).patches(lambda: mock.patch.object(selecting, "_inability", return_value=None))


@breaks("OPEN-8")
def any_scheme() -> Broken:
    """A networked backend is handed addresses with schemes of others."""

    def unable(store: Any, spec: OpenSpec) -> str | None:
        reason = judged(store, spec)
        return None if reason and "takes no" in reason else reason

    judged = selecting._inability
    return mock.patch.object(selecting, "_inability", unable)


mutant("OPEN-8", "scheme_unasked", '``"auto"`` does not look who declares the scheme.').patches(
    lambda: mock.patch.object(selecting, "_taker", lambda _url, spec: selecting._first_able(spec))
)


@breaks("OPEN-8")
def schemes_by_import() -> Broken:
    """To find who takes an address, every backend is imported."""

    def asked(scheme: str) -> list[str]:
        rows = [row for row in refvec.backends() if row.capabilities]
        return [row.name for row in rows if row.capabilities and scheme in row.capabilities.schemes]

    return mock.patch.object(selecting, "_takers", asked)


mutant("OPEN-8", "first_taker", "Of two backends that take an address, the first by name is guessed.").patches(
    lambda: patched(selecting, "_takers", lambda takers, scheme: takers(scheme)[:1])
)
mutant("OPEN-8", "takers_unnamed", "The refusal of an address does not say who takes it.").patches(
    lambda: mock.patch.object(selecting, "_way_out", return_value="See refvec.backends()")
)
mutant("OPEN-8", "password_shown", "User and password are shown.").patches(
    lambda: mock.patch.object(location.Url, "__str__", lambda url: url.text.partition("?")[0])
)
mutant("OPEN-8", "query_shown", "Secret values of the query are shown.").patches(
    lambda: mock.patch.object(location.Url, "_shown_part", lambda _url, part: part)
)
mutant("OPEN-8", "misplaced_shown", "An address in the wrong argument is quoted whole.").patches(
    lambda: mock.patch.object(opening, "discreet", repr)
)
mutant(
    "OPEN-8", "refusal_shows_value", "What an address says wrongly is quoted in the error, secret or not."
).patches(
    lambda: patched(
        options,
        "_queried",
        lambda asked, store, url, *more: translated(
            lambda: asked(store, url, *more), ValueError, lambda error: ValueError(f"{error} in {url.query()}")
        ),
    )
)
mutant("OPEN-8", "query_ignored", "What the query of an address says is left to the backend.").patches(
    lambda: mock.patch.object(options, "_queried", return_value={})
)


@breaks("OPEN-7")
class FixedByFailure(Specimen):
    """A call that fails fixes the dimension all the same."""

    def _batch(self, chunk_ids: Any, vectors: Any) -> Any:
        ids, rows = super()._batch(chunk_ids, vectors)
        self._dimension = rows.shape[1] or None
        return ids, rows


@breaks("OPEN-7")
class DimensionZero(Specimen):
    """A dimension that nothing has fixed is called 0."""

    @property
    def dimension(self) -> int | None:
        return self._dimension or 0


@breaks("OPEN-7")
class ClearForgets(Specimen):
    """``clear()`` forgets the dimension."""

    def clear(self) -> None:
        super().clear()
        self._dimension = None


mutant("OPEN-7", "DimensionRequired", "A dimension has to be given.").does(
    _begin=lambda call, spec: (
        refuse(UnsupportedError("dimension is required")) if spec.dimension is None else call()
    )
)
