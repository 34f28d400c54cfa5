"""Where a store is kept: a directory, or a URL that shows none of its secrets (OPEN-5, OPEN-8)."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

HIDDEN = "***"

# Two characters at least, so that a Windows drive letter is no scheme. Servers
# and browsers take schemes in any case; so does this.
_NAME = r"[a-z][a-z0-9+.-]+"
_SCHEME = re.compile(f"{_NAME}://", re.IGNORECASE)
# Only text of exactly this form is shown in part. A password with an unescaped
# "/", "?", "#", ":" or "@" makes another form, of which nothing is shown.
_HOST = r"(?:\[[0-9a-f:.%]*\]|[^][@:/?#,]*)(?::[0-9]*)?"
_UNAMBIGUOUS = re.compile(
    rf"(?P<user>[^@/?#]*@)?(?P<place>{_HOST}(?:,{_HOST})*(?:/[^@?#]*)?)"
    r"(?:\?(?P<query>[^@?#]*))?(?P<fragment>#[^@]*)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, repr=False)
class Url:
    """The address of a store that servers keep; ``str`` and ``repr`` hide what may be secret.

    Attributes
    ----------
    text : str
        The address as it was given, secrets included: for the backend's client only.
    public : frozenset of str
        The names in the query whose values may be shown. Until a backend has
        been chosen, nobody knows which are secret, so there are none.
    """

    text: str
    public: frozenset[str] = frozenset()

    @property
    def scheme(self) -> str:
        """What stands before ``://``, in lower case."""
        return self.text.partition("://")[0].lower()

    @property
    def ambiguous(self) -> bool:
        """Whether what looks like a host, a path or a name may be part of a password."""
        return self._split() is None

    def query(self) -> list[tuple[str | None, str]]:
        """Return the names and values after the question mark, decoded, in order; None is no name."""
        query = self.text.partition("#")[0].partition("?")[2]
        parts = [part.partition("=") for part in query.split("&") if part]
        return [(unquote_plus(name) if equals else None, unquote_plus(value)) for name, equals, value in parts]

    def __str__(self) -> str:
        """Return the address without user, password and the values that are not public."""
        known = self._split()
        if known is None:
            return f"{self.scheme}://{HIDDEN}"
        user = f"{HIDDEN}@" if known["user"] else ""
        query = "" if known["query"] is None else f"?{self._shown_query(known['query'])}"
        fragment = f"#{HIDDEN}" if known["fragment"] else ""
        return f"{self.scheme}://{user}{known['place']}{query}{fragment}"

    def __repr__(self) -> str:
        return f"Url({str(self)!r})"

    def _split(self) -> re.Match[str] | None:
        return _UNAMBIGUOUS.fullmatch(self.text.partition("://")[2])

    def _shown_query(self, query: str) -> str:
        return "&".join(self._shown_part(part) for part in query.split("&"))

    def _shown_part(self, part: str) -> str:
        name, equals, _ = part.partition("=")
        if not equals:
            return HIDDEN  # it may be a bare token
        return part if unquote_plus(name) in self.public else f"{name}={HIDDEN}"


def parse_location(value: Any, name: str) -> Path | Url:
    """Return the place that the argument called `name` means: text with a scheme is a URL."""
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a str or os.PathLike of str, got {type(value).__name__}")
    if not text or "\0" in text:
        raise ValueError(f"{name} must name a directory or be a URL, got {discreet(text)}")
    if isinstance(value, str) and _SCHEME.match(text.strip()):
        return Url(text.strip())
    return Path(text)


def is_scheme(value: object) -> bool:
    """Return whether this is a scheme as `Url.scheme` gives it."""
    return isinstance(value, str) and re.fullmatch(_NAME, value) is not None


def discreet(value: object) -> str:
    """Return the ``repr`` of an argument for a message; of a URL, only what is not secret."""
    if not isinstance(value, str) or "://" not in value:
        return repr(value)
    text = str.strip(value)
    return repr(str(Url(text)) if _SCHEME.match(text) else HIDDEN)
