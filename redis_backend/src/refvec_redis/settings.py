"""The options of the backend, and the address: everything that says where a store is and how it is kept."""

from __future__ import annotations

import math
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from refvec import OpenSpec, Option, UnsupportedError, Url

from .tls import TLS_OPTIONS, Tls, tls_of

VARIABLE, USER, PASSWORD = "REFVEC_REDIS_URL", "REFVEC_REDIS_USER", "REFVEC_REDIS_PASSWORD"
MAX_BUCKETS = 16_384
DEFAULT_BUCKETS = 256
DEFAULT_PORT = 6379
_PER_BUCKET = 5_000
_NAME = re.compile(r"[A-Za-z0-9._:-]{1,100}")


def _check_buckets(value: int) -> None:
    if not 1 <= value <= MAX_BUCKETS:
        raise ValueError(f"buckets must be from 1 to {MAX_BUCKETS}, got {value}")


def _check_replicas(value: int) -> None:
    if not 0 <= value <= 5:
        raise ValueError(f"replicas must be from 0 to 5, got {value}")


def _check_timeout(value: float) -> None:
    if not 0 < value <= 86_400:
        raise ValueError(f"timeout must be above 0 and at most 86400 seconds, got {value}")


def buckets_for(vectors: int) -> int:
    """Return how many buckets a store of so many vectors should have: a slot that moves holds up its server."""
    wanted = max(DEFAULT_BUCKETS, math.ceil(vectors / _PER_BUCKET))
    return min(MAX_BUCKETS, 1 << (wanted - 1).bit_length())


OPTIONS = (
    Option(
        "buckets",
        int,
        None,
        check=_check_buckets,
        help=f"Parts of a new store. Default: initial_capacity / {_PER_BUCKET:,}, at least {DEFAULT_BUCKETS}.",
    ),
    Option(
        "replicas", int, 1, check=_check_replicas, help="How many replicas have a write before a call returns."
    ),
    Option("timeout", float, 30.0, check=_check_timeout, help="Seconds that a call may take."),
    Option(
        "durability",
        ("strict", "available"),
        "strict",
        help="What to do while there are fewer replicas: refuse to write, or go on with a warning.",
    ),
    *TLS_OPTIONS,
)


@dataclass(frozen=True, slots=True)
class Servers:
    """How to reach the servers; the user and the password are not shown."""

    seeds: tuple[tuple[str, int], ...]
    tls: Tls | None = None
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """Where a store is, and how it is kept.

    Attributes
    ----------
    servers : Servers
        Where to ask first.
    name : str
        The name of the store on these servers.
    temporary : bool
        Whether the store goes when it is closed: it was opened without an address.
    buckets : int or None
        Of a new store; None for the default, or what an existing store has.
    replicas, timeout, durability
        As in `OPTIONS`.
    """

    servers: Servers
    name: str
    temporary: bool
    buckets: int | None
    replicas: int
    timeout: float
    strict: bool


def settings_of(spec: OpenSpec, environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of a checked spec; a store without an address is a temporary one.

    Raises
    ------
    UnsupportedError
        If there is neither an address nor the variable with the servers for temporary stores.
    ValueError
        If the address is not of the form ``redis://host:port/name``.
    """
    options = dict(spec.options)
    if isinstance(spec.location, Url):
        url, name = spec.location, None
    else:
        url = _variable(environ)
        options |= _queried(url, options)
        name = f"temporary-{secrets.token_hex(8)}"
    servers, name = _parsed(url, environ, options, name)
    return Settings(
        servers,
        name,
        spec.location is None,
        options["buckets"],
        options["replicas"],
        options["timeout"],
        options["durability"] == "strict",
    )


def _variable(environ: Mapping[str, str]) -> Url:
    text = environ.get(VARIABLE, "").strip()
    if not text:
        raise UnsupportedError(
            "The backend 'redis' keeps its stores in servers: give path='redis://HOST:PORT/NAME', or name the "
            f"servers for temporary stores in the environment variable {VARIABLE}"
        )
    url = Url(text, frozenset(option.name for option in OPTIONS))
    if url.scheme not in ("redis", "rediss"):
        raise ValueError(f"The environment variable {VARIABLE} must be a redis:// or rediss:// address")
    return url


def _queried(url: Url, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options in the variable; those that the caller gave come first."""
    known = {option.name: option for option in OPTIONS}
    found = {}
    for name, text in url.query():
        if name is None or name not in known:
            raise ValueError(f"The environment variable {VARIABLE} has a value that is no option: {url}")
        if given[name] == known[name].default:
            found[name] = known[name].parse(text)
    return found


def _parsed(
    url: Url, environ: Mapping[str, str], options: Mapping[str, Any], name: str | None
) -> tuple[Servers, str]:
    if url.ambiguous:
        raise ValueError(
            f"The address {url} cannot be read; percent-encode what is one of : / ? # @ in the user or password"
        )
    parts = urlsplit(url.text)
    seeds = tuple(filter(None, map(_seed, parts.netloc.rpartition("@")[2].split(","))))
    if not seeds or parts.fragment:
        raise ValueError(f"The address {url} must be of the form {url.scheme}://HOST:PORT/NAME")
    name = unquote(parts.path[1:]) if name is None else name
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"The address {url} must end with the name of a store: 1 to 100 letters, digits and . _ : -"
        )
    user = _decoded(parts.username) or environ.get(USER) or None
    password = _decoded(parts.password) or environ.get(PASSWORD) or None
    return Servers(seeds, tls_of(url, environ, options), user, password), name


def _seed(text: str) -> tuple[str, int] | None:
    try:
        parts = urlsplit(f"//{text}")
        return (parts.hostname, parts.port or DEFAULT_PORT) if parts.hostname else None
    except ValueError:
        return None


def _decoded(text: str | None) -> str | None:
    return unquote(text) if text else None
