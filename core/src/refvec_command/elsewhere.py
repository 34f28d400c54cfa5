"""Distributions of refvec that may not be installed: what is in them, and how to get them."""

from __future__ import annotations

from typing import NamedTuple

# Where each is in a clone, for who has that and finds nothing of the name on an index.
_FOLDERS = {
    "refvec-backends": "backends",
    "refvec-conformance": "conformance",
    "refvec-redis": "redis_backend",
    "rust-vector-store": "rust_ext",
}


class Elsewhere(NamedTuple):
    """A command of another distribution of refvec, and what the list of commands says about it."""

    distribution: str
    summary: str


COMMANDS = {
    "conformance": Elsewhere("refvec-conformance", "Judge backends by the contract, clause by clause."),
    "serve-local": Elsewhere(
        "refvec-redis", "Start a throw-away cluster of redis-server on this machine, to try redis:// stores."
    ),
    "vacuum": Elsewhere(
        "refvec-redis",
        "Collect what clients of a redis:// store left that died in the middle of a call.",
    ),
}


def how_to_install(distribution: str) -> str:
    """Return the command that installs a distribution of refvec, and the one that does it from a clone."""
    return f"pip install {distribution}; from a clone of refvec: pip install ./{_FOLDERS[distribution]}"
