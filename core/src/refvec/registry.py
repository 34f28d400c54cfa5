"""Which backends are installed, and which one to use (OPEN-3, OPEN-4, OPEN-8, PLUGIN).

Names and schemes come from the metadata of the installed distributions;
nothing is imported until a backend is asked for, and a broken one hurts
nobody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .capabilities import Capabilities
from .claims import OWNERS, Claim, claims, contested, holder, missing, refusal, rescan
from .errors import BackendLoadError, UnknownBackendError
from .hookspecs import BackendPlugin
from .loading import check_plugin, load_plugin
from .location import discreet
from .spelling import did_you_mean

if TYPE_CHECKING:
    from .contract import VectorStore

_provided: dict[str, BackendPlugin] = {}


@dataclass(frozen=True)
class Backend:
    """One installed backend.

    Attributes
    ----------
    name : str
        The name of its entry point, which is the backend's name.
    distribution, version : str
        Where it comes from.
    capabilities : Capabilities or None
        None if it does not load.
    contract : str or None
        The version of the contract that it was written for.
    error : str or None
        Why it cannot be used.
    """

    name: str
    distribution: str
    version: str
    capabilities: Capabilities | None = None
    contract: str | None = None
    error: str | None = None


def backends() -> list[Backend]:
    """Return every installed backend, loadable or not, ordered by name.

    Loads them all. Each claim of a name is a row of its own; one that does not
    count has the reason in ``error``.
    """
    rescan()
    return [_row(claim) for several in claims().values() for claim in several]


def load_backend(name: str) -> type[VectorStore]:
    """Return the class of the backend called `name`.

    Raises
    ------
    UnknownBackendError
        If none of that name is installed; the message lists those that are.
    BackendLoadError
        If it cannot be imported, is not a backend, or several distributions
        claim the name; the cause is chained.
    """
    if name in _provided:
        return _provided[name].store
    claim = find_claim(name)
    return load_plugin(claim.entry_point, claim.distribution).store


def find_claim(name: str) -> Claim:
    """Return the claim that has the name; raises as `load_backend` does."""
    if holder(name) is None:
        rescan()  # it may have been installed meanwhile
    found = holder(name)
    if found is not None:
        return found
    if name in claims():
        raise BackendLoadError(f"No backend is opened as {name!r}: {contested(name)}")
    listed = ", ".join(claims()) or "none; install refvec to have rust, numpy and python"
    if name in OWNERS:
        raise UnknownBackendError(f"The backend {name!r} is not installed.{missing(name)} Installed: {listed}")
    hint = did_you_mean(name, claims())
    raise UnknownBackendError(f"No backend is called {discreet(name)}.{hint} Installed: {listed}")


@contextmanager
def provided(name: str, plugin: BackendPlugin) -> Iterator[None]:
    """Have a backend under `name` without an entry point, for tests of a backend's own."""
    check_plugin(plugin, name)
    before = dict(_provided)
    _provided[name] = plugin
    try:
        yield
    finally:
        _provided.clear()
        _provided.update(before)


def provided_backends() -> Mapping[str, BackendPlugin]:
    """Return what is provided at the moment, by name."""
    return _provided


def _row(claim: Claim) -> Backend:
    row = (claim.name, claim.distribution, claim.version)
    refused = refusal(claim)
    if refused is not None:
        return Backend(*row, error=refused)
    try:
        plugin = load_plugin(claim.entry_point, claim.distribution)
    except BackendLoadError as error:
        return Backend(*row, error=str(error))
    return Backend(*row, plugin.store.capabilities, plugin.contract)
