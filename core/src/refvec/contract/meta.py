"""The front door: calling ``VectorStore`` makes a store of the chosen backend."""

from __future__ import annotations

import inspect
import os
from typing import Any, TypeVar, cast

from ..opening import parse_spec
from ..primitives import missing_primitives
from ..selecting import select_backend

Store = TypeVar("Store")


class StoreMeta(type):
    """Metaclass of ``VectorStore``.

    ``VectorStore.__new__`` returning a subclass's object would initialise it
    twice; dispatching the call instead initialises it once.
    """

    # Typed as returning an instance of the class, so that type checkers go on to its `__init__`.
    def __call__(cls: type[Store], *args: Any, **kwargs: Any) -> Store:
        """Make a store: of the chosen backend for ``VectorStore``, else of this class."""
        target = _chosen(cls, *args, **kwargs) if cls.__dict__.get("_front_door") else cls
        missing = missing_primitives(target)
        if missing:
            raise TypeError(f"{target.__name__} is no backend yet: it lacks {', '.join(missing)}")
        return cast("Store", type.__call__(target, *args, **kwargs))

    @property
    def __signature__(cls) -> inspect.Signature:
        """The constructor's own; without it, tools would show that of the call above."""
        constructor = inspect.signature(cls.__init__)  # type: ignore[misc]
        return constructor.replace(parameters=list(constructor.parameters.values())[1:])


def _chosen(front_door: type[Store], *args: Any, **kwargs: Any) -> type[Store]:
    try:
        given = inspect.signature(front_door).bind(*args, **kwargs).arguments
    except TypeError as error:
        raise TypeError(f"{front_door.__name__}() {error}") from None
    names = ("dimension", "initial_capacity", "use_mmap", "mmap_path")
    first: list[Any] = [
        given.get(name, default) for name, default in zip(names, (None, 1000, False, None), strict=True)
    ]
    spec = parse_spec(
        *first,
        precision=given.get("precision"),
        path=given.get("path"),
        mode=given.get("mode", "a"),
        options=given.get("options", {}),
    )
    return cast("type[Store]", select_backend(given.get("backend", "auto"), spec, os.environ))
