"""Which backend opens a store: a name, an address and what the arguments ask for (OPEN-3, OPEN-8)."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

from . import registry
from .claims import SCHEMES_OF_OURS, claims, holder, known_schemes, missing, takers
from .errors import BackendLoadError, BackendLoadWarning, UnknownBackendError, UnsupportedError
from .location import Url, discreet
from .opening import OpenSpec
from .spelling import did_you_mean

if TYPE_CHECKING:
    from .contract import VectorStore
    from .primitives import Primitives

VARIABLE = "REFVEC_BACKEND"
AUTO_ORDER = ("rust", "numpy", "python")


def select_backend(name: str, spec: OpenSpec, environ: Mapping[str, str]) -> type[VectorStore]:
    """Return the class for the argument ``backend=name``, able to open what is asked for.

    Parameters
    ----------
    name : str
        The name of a backend, or "auto".
    spec : OpenSpec
        What to open.
    environ : mapping
        Where to look for REFVEC_BACKEND.

    Raises
    ------
    UnknownBackendError, BackendLoadError
        If the backend is not installed, or does not load.
    UnsupportedError
        If it, or with "auto" none that is installed, can open this.
    """
    if not isinstance(name, str):
        raise TypeError(f"backend must be the name of a backend, got {type(name).__name__}")
    if name != "auto":
        found = registry.load_backend(name)
        require_able(found, spec)
        return found
    chosen = environ.get(VARIABLE)
    if chosen and chosen != "auto":
        return _from_variable(chosen, spec)
    return _first_able(spec) if not isinstance(spec.location, Url) else _taker(spec.location, spec)


def require_able(store: type[Primitives], spec: OpenSpec) -> None:
    """Raise `UnsupportedError` unless the backend can open this."""
    reason = _inability(store, spec)
    if reason:
        raise UnsupportedError(f"The backend {store.backend!r} {reason}. {_way_out(spec)}")


def _inability(store: type[Primitives], spec: OpenSpec) -> str | None:
    if spec.location is None:
        return None
    lacking = [need for need in spec.needs() if not getattr(store.capabilities, need)]
    if lacking:
        return f"does not declare {', '.join(map(repr, lacking))}"
    if isinstance(spec.location, Url) and spec.location.scheme not in store.capabilities.schemes:
        return f"takes no address with {spec.location.scheme}://"
    return None


def _way_out(spec: OpenSpec) -> str:
    if not isinstance(spec.location, Url):
        return "refvec.backends() lists what each backend can do"
    scheme = spec.location.scheme
    able = _takers(scheme)
    if able:
        return f"{' and '.join(map(repr, able))} can open {scheme}:// addresses"
    text = f"No installed backend opens {scheme}:// addresses."
    if scheme in SCHEMES_OF_OURS:
        return text + missing(SCHEMES_OF_OURS[scheme])
    directory = ' A directory is named without a scheme: path="/...".' if scheme == "file" else ""
    return f"{text}{did_you_mean(scheme, [*known_schemes(), *SCHEMES_OF_OURS])}{directory}"


def _takers(scheme: str) -> list[str]:
    given = registry.provided_backends().items()
    ours = {name for name, plugin in given if scheme in plugin.store.capabilities.schemes}
    return sorted(ours | set(takers(scheme)))


def _taker(url: Url, spec: OpenSpec) -> type[VectorStore]:
    able = _takers(url.scheme)
    if not able:
        raise UnsupportedError(_way_out(spec))
    if len(able) > 1:
        raise UnsupportedError(f"{_way_out(spec)}; name one of them with backend=")
    return select_backend(able[0], spec, {})


def _from_variable(name: str, spec: OpenSpec) -> type[VectorStore]:
    try:
        return select_backend(name, spec, {})
    except (UnknownBackendError, BackendLoadError, UnsupportedError) as error:
        raise type(error)(f"The environment variable {VARIABLE} is {discreet(name)}: {error}") from error


def _first_able(spec: OpenSpec) -> type[VectorStore]:
    reasons: dict[str, str] = {}
    broken = False
    for name in AUTO_ORDER:
        absence = _absence(name)
        if absence:
            reasons[name] = absence
            continue
        try:
            found = registry.load_backend(name)
        except BackendLoadError as error:
            broken = True
            reasons[name] = str(error)
            text = f"backend='auto' passes over {name!r}: {error}"
            warnings.warn(text, BackendLoadWarning, stacklevel=_level_of_caller())
            continue
        reason = _inability(found, spec)
        if reason is None:
            return found
        reasons[name] = reason
    raise _none_left(reasons, spec.needs(), broken)


def _absence(name: str) -> str | None:
    """Return why "auto" does not even try a name of ours: it is not there, or only a stranger's."""
    if name in registry.provided_backends():
        return None
    found = holder(name)
    if found is not None and found.ours:
        return None
    strangers = " and ".join(claim.distribution for claim in claims().get(name, ()))
    return f"installed by {strangers}, which 'auto' does not take" if strangers else "not installed"


def _none_left(reasons: Mapping[str, str], needs: tuple[str, ...], broken: bool) -> Exception:
    text = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
    if needs and not (broken and all("declare" not in reason for reason in reasons.values())):
        return UnsupportedError(f"No installed backend can do {', '.join(map(repr, needs))}. {text}")
    return BackendLoadError(f"No backend for backend='auto'. {text}; install refvec to have all three")


def _level_of_caller() -> int:
    """Return the stack level of the code that uses refvec, as `warnings.warn` counts in whoever calls this."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).split(".")[0] == "refvec":
        frame, level = frame.f_back, level + 1
    return level
