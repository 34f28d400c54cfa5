"""The one hook by which a backend makes itself known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from .contract import VectorStore

PROJECT = "refvec"
CONTRACT_VERSION = "1.1"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@dataclass(frozen=True)
class BackendPlugin:
    """What a plugin answers to `refvec_backend`.

    Attributes
    ----------
    store : type
        The backend's class; it declares its name and capabilities itself.
    contract : str
        The version of the contract that it was written for, "major.minor".
    """

    store: type[VectorStore]
    contract: str = CONTRACT_VERSION


@hookspec(firstresult=True)
def refvec_backend() -> BackendPlugin:
    """Return the backend that this plugin provides."""
    raise NotImplementedError
