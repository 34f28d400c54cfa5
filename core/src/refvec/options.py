"""Options of a backend's own: declared by its class, checked in one place (OPEN-1, OPEN-8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from .integers import canonical_int
from .location import HIDDEN, Url
from .opening import OpenSpec
from .spelling import did_you_mean

if TYPE_CHECKING:
    from .primitives import Primitives

PARAMETERS = (
    "dimension",
    "initial_capacity",
    "use_mmap",
    "mmap_path",
    "backend",
    "precision",
    "path",
    "mode",
)
_BOOLS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_WRONG = object()


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a backend: a keyword of ``VectorStore(...)`` and a name in the query of a URL.

    Attributes
    ----------
    name : str
        An identifier that is no parameter of the constructor.
    kind : type or tuple of str
        ``bool``, ``int``, ``float`` or ``str``; a tuple: one of these words.
    default : object
        The value where none is given. None may also be given where it is the default.
    check : callable, optional
        Called with a value of that kind; raises ``ValueError`` if it will not do.
    secret : bool
        Whether its values are kept out of every message.
    help : str
        What it is for, in one line.

    Examples
    --------
    >>> timeout = Option("timeout", float, 5.0, help="Seconds that a call may take.")
    >>> timeout.accept(3), timeout.parse("2.5")
    (3.0, 2.5)
    """

    name: str
    kind: type | tuple[str, ...] = str
    default: Any = None
    _: KW_ONLY
    check: Callable[[Any], object] | None = None
    secret: bool = False
    help: str = ""

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or self.name in PARAMETERS:
            raise ValueError(f"an option cannot be called {self.name!r}")
        if not isinstance(self.kind, tuple) and self.kind not in _ACCEPT:
            raise TypeError(f"{self.name}: the kind must be bool, int, float, str or a tuple of words")

    def accept(self, value: Any) -> Any:
        """Return a keyword's value as an exact object of this kind."""
        if value is None and self.default is None:
            return None
        if isinstance(self.kind, tuple):
            return self._checked(self._word(value), value, TypeError)
        return self._checked(_ACCEPT[self.kind](value), value, TypeError)

    def parse(self, text: str) -> Any:
        """Return what a value in the query of a URL says."""
        if isinstance(self.kind, tuple):
            return self._checked(self._word(text), text, ValueError)
        return self._checked(_PARSE[self.kind](text), text, ValueError)

    def _word(self, value: Any) -> Any:
        return next((word for word in self.kind if word == value), _WRONG)  # type: ignore[union-attr]

    def _checked(self, found: Any, given: Any, otherwise: type[Exception]) -> Any:
        if found is _WRONG:
            raise self._wrong(given, otherwise)
        try:
            if self.check is not None:
                self.check(found)
        except Exception as error:
            if not self.secret:
                raise
            kind = type(error).__name__
        else:
            return found
        # Raised out here: the exception that shows the value must not be chained.
        raise ValueError(f"{self.name} will not do ({kind}); its value is secret")

    def _wrong(self, given: Any, otherwise: type[Exception]) -> Exception:
        got = HIDDEN if self.secret else repr(given) if isinstance(given, str) else type(given).__name__
        if isinstance(self.kind, tuple):
            return ValueError(f"{self.name} must be one of {', '.join(map(repr, self.kind))}, got {got}")
        return otherwise(f"{self.name} must be of type {self.kind.__name__}, got {got}")


def check_options(store: type[Primitives], spec: OpenSpec) -> OpenSpec:
    """Return `spec` with every option that the backend declares: as given, or its default.

    Raises
    ------
    TypeError
        For a keyword that is no option of this backend, or a value of another type.
    ValueError
        For a name in the query of a URL that is none, an option given twice, or
        a value that will not do.
    """
    url = spec.location if isinstance(spec.location, Url) else None
    if url is None and not spec.options and not store.options:
        return spec
    options = {option.name: option for option in store.options}
    for name in spec.options:
        if name not in options:
            raise TypeError(_unknown_keyword(store, name))
    given = {name: options[name].accept(value) for name, value in spec.options.items()}
    values = {option.name: option.default for option in store.options} | given
    if url is None:
        return replace(spec, options=values)
    values |= _queried(store, url, options, given)
    public = frozenset(option.name for option in store.options if not option.secret)
    return replace(spec, options=values, location=replace(url, public=public))


def _queried(
    store: type[Primitives], url: Url, options: Mapping[str, Option], given: Mapping[str, Any]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, text in url.query():
        if name is None or name not in options:
            raise ValueError(_unknown_value(store, url, name))
        if name in given or name in found:
            raise ValueError(f"{name} is given twice; give it once, as a keyword or in the address")
        found[name] = options[name].parse(text)
    return found


def _unknown_keyword(store: type[Primitives], name: str) -> str:
    hint = did_you_mean(name, (*PARAMETERS, *(option.name for option in store.options)))
    return f"VectorStore() got an unexpected keyword argument {name!r}.{hint} {_listed(store)}"


def _unknown_value(store: type[Primitives], url: Url, name: str | None) -> str:
    # What looks like a name may be part of a password that nobody escaped.
    if name is None or url.ambiguous:
        return f"The address {url} has a value that is no option, or something to escape. {_listed(store)}"
    hint = did_you_mean(name, (option.name for option in store.options))
    return f"The address {url} has a value {name!r}.{hint} {_listed(store)}"


def _listed(store: type[Primitives]) -> str:
    names = ", ".join(option.name for option in store.options)
    return f"The backend {store.backend!r} has {f'the options {names}' if names else 'no options of its own'}"


def _int(value: Any) -> Any:
    try:
        return canonical_int(value, "")
    except TypeError:
        return _WRONG


def _float(value: Any) -> Any:
    return _WRONG if isinstance(value, bool) or not isinstance(value, Real) else float(value)


def _number(kind: Callable[[str], Any]) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        try:
            return kind(text)
        except ValueError:
            return _WRONG

    return parse


_ACCEPT: dict[type, Callable[[Any], Any]] = {
    bool: lambda value: bool(value) if isinstance(value, bool | np.bool_) else _WRONG,
    int: _int,
    float: _float,
    str: lambda value: str.__str__(value) if isinstance(value, str) else _WRONG,
}
_PARSE: dict[type, Callable[[str], Any]] = {
    bool: lambda text: _BOOLS.get(text.lower(), _WRONG),
    int: _number(int),
    float: _number(float),
    str: str,
}
