"""Saving, loading, pickling and copying (SAVE, INDEX-3)."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from .. import savefile
from ..errors import BackendLoadError, StoreClosedError, UnknownBackendError
from ..opening import OpenSpec
from ..state import State
from .search import Search


class Interchange(Search):
    """How a store leaves its process, or is doubled in it."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the store to one file, replacing an existing one atomically.

        Parameters
        ----------
        path : str or os.PathLike
            The file. It is synced before the call returns; if the call raises,
            an existing file is as it was.
        """
        self._require_open()
        target = Path(os.fspath(path))
        state = self._stated()
        savefile.write(target, self._spec_of(state), state)

    @classmethod
    def _restore(cls, spec: OpenSpec, state: State) -> Self:
        store = cls.__new__(cls)
        store._start(spec, state)
        return store

    def _spec_of(self, state: State) -> OpenSpec:
        # The dimension of that moment: another thread may have fixed it since.
        return replace(self._spec, dimension=state.layout.dimension)

    def _copy_state(self) -> State:
        if self._spec.path is not None:
            raise TypeError("A durable store cannot be copied or pickled; save() it to a file")
        try:
            return self._stated()
        except StoreClosedError as error:
            raise TypeError("A closed store cannot be copied or pickled") from error

    def __copy__(self) -> Self:
        """Return an independent copy."""
        state = self._copy_state()
        return self._restore(self._spec_of(state), state)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return an independent copy."""
        return self.__copy__()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the name of the backend and the bytes that `save` would write."""
        state = self._copy_state()
        return unpickle, (self.backend, savefile.encode(self._spec_of(state), state))


def unpickle(backend: str, blob: bytes) -> Any:
    """Return the store that ``pickle`` wrote, on the same backend."""
    from ..registry import load_backend

    try:
        target = load_backend(backend)
    except UnknownBackendError as error:
        raise BackendLoadError(f"The pickled store needs the backend {backend!r}: {error}") from error
    return savefile.decode(blob, "the pickled store", target._restore)
