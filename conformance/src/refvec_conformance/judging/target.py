"""The backend under test."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from refvec import BackendPlugin, Capabilities, VectorStore
from refvec.registry import load_backend, provided


@dataclass(frozen=True)
class Target:
    """A backend under test: all that a test knows of it.

    Attributes
    ----------
    name : str
        The backend's name.
    store : type
        Its class.
    spelling : str
        How another process names it: as `name`, or "module:Class".
    """

    name: str
    store: type[VectorStore]
    spelling: str = ""

    @property
    def capabilities(self) -> Capabilities:
        """What the backend declares."""
        return self.store.capabilities

    def open(self, *args: Any, **kwargs: Any) -> VectorStore:
        """Return a store of this backend through the front door."""
        return VectorStore(*args, backend=self.name, **kwargs)


@contextmanager
def resolved(spelling: str) -> Iterator[Target]:
    """Yield the target that `spelling` names: an installed backend, or "module:Class".

    A class is provided under its own ``backend`` name for the time being, so
    that the front door, pickling and loading find it.
    """
    if ":" not in spelling:
        yield Target(spelling, load_backend(spelling), spelling)
        return
    module, _, attribute = spelling.partition(":")
    store = getattr(importlib.import_module(module), attribute)
    with provided(store.backend, BackendPlugin(store)):
        yield Target(store.backend, store, spelling)
