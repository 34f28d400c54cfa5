"""A front door that is broken (OPEN-3, OPEN-4, OPEN-6, PLUGIN)."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any
from unittest import mock

import refvec
from refvec import BackendLoadError, UnknownBackendError, claims, contract, loading, registry, selecting

from .catalogue import breaks, mutant, or_python, patched, translated

Broken = AbstractContextManager[Any]


@contextmanager
def _everywhere(name: str, value: Any) -> Iterator[None]:
    with mock.patch.object(registry, name, value), mock.patch.object(refvec, name, value):
        yield


@contextmanager
def _claimed(name: str, value: Any) -> Iterator[None]:
    """Break something about claims, and what is remembered of them with it."""
    claims.rescan()
    with mock.patch.object(claims, name, value), mock.patch.object(registry, name, value, create=True):
        yield
    claims.rescan()


mutant("OPEN-3", "variable_ignored", "REFVEC_BACKEND is ignored.").patches(
    lambda: mock.patch.object(selecting, "_from_variable", lambda _name, spec: selecting._first_able(spec))
)
mutant("OPEN-3", "other_order", '``"auto"`` tries python first.').patches(
    lambda: mock.patch.object(selecting, "AUTO_ORDER", ("python", "numpy", "rust"))
)
mutant("OPEN-3", "needs_ignored", '``"auto"`` does not ask what a backend can do.').patches(
    lambda: mock.patch.object(selecting, "_inability", return_value=None)
)
mutant("OPEN-3", "passes_silently", '``"auto"`` passes over a broken backend without a warning.').patches(
    lambda: mock.patch("refvec.selecting.warnings.warn")
)


mutant("OPEN-3", "named_is_replaced", "A backend that was named is replaced when it does not load.").patches(
    lambda: patched(registry, "load_backend", partial(or_python, BackendLoadError))
)
mutant("OPEN-3", "variable_unnamed", "An error about REFVEC_BACKEND does not name it.").patches(
    lambda: mock.patch.object(selecting, "_from_variable", lambda name, _spec: registry.load_backend(name))
)


@breaks("OPEN-3")
def empty_variable_counts() -> Broken:
    """An empty REFVEC_BACKEND is the name of a backend."""
    select = selecting.select_backend

    def strict(name: str, spec: Any, environ: Any) -> Any:
        if name == "auto" and environ.get(selecting.VARIABLE) == "":
            return selecting._from_variable("", spec)
        return select(name, spec, environ)

    return mock.patch.object(contract, "select_backend", strict)


@breaks("OPEN-3")
def strangers_chosen() -> Broken:
    """``"auto"`` prefers any third-party backend."""

    def anybody(spec: Any) -> Any:
        for name in claims.claims():
            if name not in claims.OWNERS:
                return registry.load_backend(name)
        return first_able(spec)

    first_able = selecting._first_able
    return mock.patch.object(selecting, "_first_able", anybody)


mutant("OPEN-4", "unknown_is_default", "An unknown name opens the python backend.").patches(
    lambda: patched(registry, "find_claim", partial(or_python, UnknownBackendError))
)


@breaks("OPEN-4")
def unknown_unlisted() -> Broken:
    """The error for an unknown name does not say what is installed."""

    def find(name: str) -> Any:
        found = claims.holder(name)
        if found is None:
            raise UnknownBackendError(f"No backend is called {name!r}")
        return found

    return mock.patch.object(registry, "find_claim", find)


mutant("OPEN-4", "no_nearest_match", "The error for an unknown name does not say which name is near.").patches(
    lambda: mock.patch.object(registry, "did_you_mean", return_value="")
)


def _unloadable(error_of: Callable[[Any, Any], BaseException]) -> Broken:
    def load(original: Any, entry_point: Any, distribution: str) -> Any:
        call = partial(original, entry_point, distribution)
        return translated(call, BackendLoadError, partial(error_of, entry_point))

    return patched(registry, "load_plugin", load)


mutant("OPEN-4", "cause_lost", "The error for a plugin that cannot be imported hides why.").patches(
    lambda: _unloadable(lambda entry_point, _error: BackendLoadError(f"{entry_point.name!r} does not load"))
)
mutant("OPEN-4", "plain_import_error", "A plugin that cannot be imported raises its own error.").patches(
    lambda: _unloadable(lambda _entry_point, error: error.__cause__ or error)
)


@breaks("OPEN-6")
def loads_all() -> Broken:
    """Opening one backend loads them all."""
    select = selecting.select_backend

    def eager(name: str, spec: Any, environ: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            registry.backends()
        return select(name, spec, environ)

    return mock.patch.object(contract, "select_backend", eager)


@breaks("OPEN-6")
@contextmanager
def imports_first_party() -> Iterator[None]:
    """``import refvec`` imports the numpy backend."""
    importlib.import_module("refvec_backends.numpy")
    yield


mutant("PLUGIN-1", "other_group", "Backends are looked for in another group of entry points.").patches(
    lambda: _claimed("GROUP", "refvec.plugins")
)
mutant(
    "PLUGIN-1",
    "name_of_class",
    "A backend is known by the name that its class declares, whatever its entry point says.",
).patches(lambda: mock.patch.object(loading, "check_plugin"))


@breaks("PLUGIN-2")
def one_stops_all() -> Broken:
    """A plugin that raises on import stops ``backends()``."""

    def fragile(claim: Any) -> Any:
        if claims.refusal(claim) is None:
            loading.load_plugin(claim.entry_point, claim.distribution)
        return row(claim)

    row = registry._row
    return mock.patch.object(registry, "_row", fragile)


@breaks("PLUGIN-2")
def broken_hidden() -> Broken:
    """``backends()`` leaves out what does not load."""

    def only_good() -> Any:
        return [one for one in listed() if one.error is None]

    listed = registry.backends
    return _everywhere("backends", only_good)


@breaks("PLUGIN-2")
def strangers_displace() -> Broken:
    """Of a name of ours that a stranger claims too, the stranger's wins."""

    def refusal(claim: Any) -> str | None:
        strangers = [one for one in claims.claims()[claim.name] if not one.ours]
        return "taken" if claim.ours and strangers else None

    return _claimed("refusal", refusal)


@breaks("PLUGIN-2")
def first_of_two() -> Broken:
    """Of a name that two strangers claim, the first in the alphabet has it."""

    def refusal(claim: Any) -> str | None:
        first = claims.claims()[claim.name][0]
        return None if claim.ours or claim == first else refused(claim)

    refused = claims.refusal
    return _claimed("refusal", refusal)


mutant("PLUGIN-2", "way_out_untold", "The refusal of a name that two claim does not say what to do.").patches(
    lambda: mock.patch.object(registry, "contested", lambda name: f"the name {name!r} is contested")
)


@breaks("PLUGIN-2")
def one_file_stops_all() -> Broken:
    """A list of entry points that cannot be read stops the search for backends."""

    def careless(dist: Any) -> Any:
        dist.entry_points.select(group=claims.GROUP)
        return found(dist)

    found = claims._claims_of
    return _claimed("_claims_of", careless)


mutant("PLUGIN-2", "declarations_unchecked", "What a backend declares as its options is taken unseen.").patches(
    lambda: mock.patch.object(loading, "_check_options")
)


@breaks("PLUGIN-2")
def claims_unreported() -> Broken:
    """A second claim of a name is not reported."""

    def first_only() -> Any:
        found: dict[str, Any] = {}
        for one in listed():
            found.setdefault(one.name, one)
        return list(found.values())

    listed = registry.backends
    return _everywhere("backends", first_only)


mutant("PLUGIN-2", "any_version", "A plugin for another contract is taken.").patches(
    lambda: mock.patch.object(loading, "_check_version")
)


@breaks("PLUGIN-2")
def unnamed() -> Broken:
    """What is reported as broken does not say whose it is."""

    def anonymous() -> Any:
        return [refvec.Backend(one.name, "", "", one.capabilities, one.contract, one.error) for one in listed()]

    listed = registry.backends
    return _everywhere("backends", anonymous)
