"""Which backends are installed, and which one to use (OPEN-3, OPEN-4, PLUGIN).

Names come from the metadata of the installed distributions; nothing is
imported until a backend is asked for, and a broken one hurts nobody else.
"""

from __future__ import annotations

import difflib
import math
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from .capabilities import Capabilities
from .errors import BackendLoadError, BackendLoadWarning, UnknownBackendError, UnsupportedError
from .hookspecs import BackendPlugin
from .loading import check_plugin, load_plugin

if TYPE_CHECKING:
    from .contract.store import VectorStore

GROUP = "refvec.backends"
VARIABLE = "REFVEC_BACKEND"
AUTO_ORDER = ("rust", "numpy", "python")
# Who may not be displaced when a stranger claims one of our names.
_OWNERS = {"rust": "rust-vector-store", "numpy": "refvec-backends", "python": "refvec-backends"}

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


@dataclass(frozen=True)
class _Claim:
    name: str
    distribution: str
    version: str
    installed_at: float
    entry_point: metadata.EntryPoint

    def rank(self) -> tuple[str, bool, float, str]:
        """Of several claims of a name the least has it: ours, else the one that was installed first."""
        displaceable = self.distribution != _OWNERS.get(self.name)
        return self.name, displaceable, self.installed_at, self.distribution


def backends() -> list[Backend]:
    """Return every installed backend, loadable or not, ordered by name.

    Loads them all. A second claim of a name is a row of its own, with the
    reason in ``error``.
    """
    _claims.cache_clear()
    taken: dict[str, _Claim] = {}
    return [_row(claim, taken.setdefault(claim.name, claim)) for claim in _claims()]


def load_backend(name: str) -> type[VectorStore]:
    """Return the class of the backend called `name`.

    Raises
    ------
    UnknownBackendError
        If none of that name is installed; the message lists those that are.
    BackendLoadError
        If it cannot be imported, or is not a backend; the cause is chained.
    """
    if name in _provided:
        return _provided[name].store
    return _plugin(_find(name))


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


def select_backend(name: str, needs: Iterable[str], environ: Mapping[str, str]) -> type[VectorStore]:
    """Return the class for the argument ``backend=name``, able to do what is needed.

    Parameters
    ----------
    name : str
        The name of a backend, or "auto".
    needs : iterable of str
        Names of capabilities.
    environ : mapping
        Where to look for REFVEC_BACKEND.
    """
    if not isinstance(name, str):
        raise TypeError(f"backend must be the name of a backend, got {type(name).__name__}")
    if name != "auto":
        return load_backend(name)
    chosen = environ.get(VARIABLE)
    wanted = tuple(needs)
    return _from_variable(chosen, wanted) if chosen and chosen != "auto" else _first_able(wanted)


def _from_variable(name: str, needs: tuple[str, ...]) -> type[VectorStore]:
    text = f"The environment variable {VARIABLE} is {name!r}"
    try:
        found = load_backend(name)
    except (UnknownBackendError, BackendLoadError) as error:
        raise type(error)(f"{text}: {error}") from error
    lacking = _lacking(found, needs)
    if lacking:
        raise UnsupportedError(f"{text}: it does not declare {lacking}")
    return found


def _lacking(found: type[VectorStore], needs: tuple[str, ...]) -> str:
    return ", ".join(repr(need) for need in needs if not getattr(found.capabilities, need))


def _first_able(needs: tuple[str, ...]) -> type[VectorStore]:
    reasons: dict[str, str] = {}
    broken = False
    for name in AUTO_ORDER:
        try:
            _require_ours(name)
            found = load_backend(name)
        except UnknownBackendError:
            reasons[name] = "not installed"
        except _NotOursError as error:
            reasons[name] = str(error)
        except BackendLoadError as error:
            broken = True
            reasons[name] = str(error)
            warnings.warn(f"backend='auto' passes over {name!r}: {error}", BackendLoadWarning, stacklevel=5)
        else:
            lacking = _lacking(found, needs)
            if not lacking:
                return found
            reasons[name] = f"does not declare {lacking}"
    raise _none_left(reasons, needs, broken)


def _none_left(reasons: dict[str, str], needs: tuple[str, ...], broken: bool) -> Exception:
    text = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
    if needs and not (broken and all("declare" not in reason for reason in reasons.values())):
        return UnsupportedError(f"No installed backend can do {', '.join(map(repr, needs))}. {text}")
    return BackendLoadError(f"No backend for backend='auto'. {text}; install refvec to have all three")


@cache
def _claims() -> tuple[_Claim, ...]:
    found: dict[tuple[str, str], _Claim] = {}
    for dist in metadata.distributions():
        for claim in _claims_of(dist):
            found.setdefault((claim.name, claim.distribution), claim)  # the first on the path counts
    return tuple(sorted(found.values(), key=_Claim.rank))


def _claims_of(dist: metadata.Distribution) -> list[_Claim]:
    try:
        points = dist.entry_points.select(group=GROUP)
        known = dist.metadata.json
        name, version = (str(known.get(key, "unknown")) for key in ("name", "version"))
        return [_Claim(point.name, name, version, _installed_at(dist), point) for point in points]
    except Exception:  # unreadable metadata of one distribution is no reason to lose the others
        return []


def _installed_at(dist: metadata.Distribution) -> float:
    try:
        folder = dist.locate_file(f"{dist.name.replace('-', '_')}-{dist.version}.dist-info")
        return Path(str(folder)).stat().st_mtime
    except Exception:  # no such folder, or no name
        return math.inf


class _NotOursError(Exception):
    """A stranger has one of our names."""


def _require_ours(name: str) -> None:
    """Raise unless the backend of that name is the one that refvec ships: "auto" takes no other."""
    if name in _provided:
        return
    distribution = _find(name).distribution
    if distribution != _OWNERS[name]:
        raise _NotOursError(f"installed by {distribution}, which 'auto' does not take")


def _find(name: str) -> _Claim:
    for _attempt in range(2):
        for claim in _claims():
            if claim.name == name:
                return claim
        _claims.cache_clear()  # it may have been installed meanwhile
    names = sorted({claim.name for claim in _claims()})
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    listed = ", ".join(names) or "none; install refvec to have rust, numpy and python"
    raise UnknownBackendError(f"No backend is called {name!r}.{hint} Installed: {listed}")


def _plugin(claim: _Claim) -> type[VectorStore]:
    return load_plugin(claim.entry_point, claim.distribution).store


def _row(claim: _Claim, owner: _Claim) -> Backend:
    row = (claim.name, claim.distribution, claim.version)
    if claim is not owner:
        return Backend(*row, error=f"the name {claim.name!r} is taken by {owner.distribution}")
    try:
        plugin = load_plugin(claim.entry_point, claim.distribution)
    except BackendLoadError as error:
        return Backend(*row, error=str(error))
    return Backend(*row, plugin.store.capabilities, plugin.contract)
