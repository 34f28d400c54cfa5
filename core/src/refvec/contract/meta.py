"""The front door: calling ``VectorStore`` makes a store of the chosen backend."""

from __future__ import annotations

import os
from typing import Any

from ..opening import parse_spec
from .primitives import missing_primitives


class StoreMeta(type):
    """Metaclass of ``VectorStore``.

    ``VectorStore.__new__`` returning a subclass's object would initialise it
    twice; dispatching the call instead initialises it once.
    """

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make a store: of the chosen backend for ``VectorStore``, else of this class."""
        target = _choose(*args, **kwargs) if cls.__dict__.get("_front_door") else cls
        missing = missing_primitives(target)
        if missing:
            raise TypeError(f"{target.__name__} is no backend yet: it lacks {', '.join(missing)}")
        return type.__call__(target, *args, **kwargs)


def _choose(*args: Any, backend: str = "auto", **kwargs: Any) -> type:
    from ..registry import select_backend

    return select_backend(backend, parse_spec(*args, **kwargs).needs(), os.environ)
