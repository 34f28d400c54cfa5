"""Files and copies that are not what they should be (SAVE)."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from refvec import BackendError, OpenSpec, State, VectorStore, copying, savefile
from refvec.savefile import framing, layouts, reading, replacing, stream, writing

from .catalogue import answer, breaks
from .specimen import Specimen

Broken = AbstractContextManager[Any]


@breaks("SAVE-1")
def checksum_ignored() -> Broken:
    """The checksum of a file is not looked at."""
    return mock.patch.object(stream.Stream, "verify")


@breaks("SAVE-1")
@contextmanager
def lengths_ignored() -> Iterator[None]:
    """A file that goes on after its end is read as far as its header says."""

    def require(condition: object, text: str) -> None:
        stream.require(condition or "bytes, its header says" in text, text)

    with mock.patch.object(framing, "require", require), checksum_ignored():
        yield


@breaks("SAVE-1")
@contextmanager
def content_unchecked() -> Iterator[None]:
    """A file with a right checksum is believed, whatever it says."""
    with mock.patch.object(layouts, "require"), mock.patch.object(reading, "require"):
        yield


@breaks("SAVE-1")
def other_error() -> Broken:
    """A damaged file raises what the reader stumbled over."""

    def read(path: Any, use: Any) -> Any:
        try:
            return reading.read(path, use)
        except ValueError as error:
            raise (error.__cause__ or error) from None

    return mock.patch.object(savefile, "read", read)


@breaks("SAVE-1")
def written_in_place() -> Broken:
    """A file is overwritten in place."""

    def replaced(path: Any, parts: Iterable[bytes]) -> None:
        with open(path, "wb") as file:
            file.writelines(parts)
            os.fsync(file.fileno())

    return mock.patch.object(writing, "replace", replaced)


@breaks("SAVE-1")
def draft_left() -> Broken:
    """A file that cannot be replaced leaves its draft behind."""
    return mock.patch.object(replacing, "_discard")


@breaks("SAVE-1")
class PrecisionForgotten(Specimen):
    """A loaded store has precision 6."""

    def _open(self, spec: OpenSpec, state: State | None) -> None:
        self._spec = spec if state is None else replace(spec, precision=6)
        super()._open(self._spec, state)


@breaks("SAVE-1")
class NanLost(Specimen):
    """A loaded store has canonical NaNs."""

    def _restore_state(self, state: State) -> None:
        blocks = (np.where(np.isnan(rows), np.float32("nan"), rows) for rows in state.blocks)
        super()._restore_state(state._replace(blocks=blocks))


@breaks("SAVE-1")
class Appends(Specimen):
    """Saving over a file appends to it."""

    def save(self, path: Any) -> None:
        """Save."""
        old = Path(path).read_bytes() if Path(path).is_file() else b""
        super().save(path)
        if old:
            Path(path).write_bytes(old + Path(path).read_bytes())


@breaks("SAVE-1")
def executes() -> Broken:
    """A file that begins as a pickle is unpickled."""

    def read(path: Any, use: Any) -> Any:
        blob = Path(path).read_bytes()
        return pickle.loads(blob) if blob[:1] == b"\x80" else reading.read(path, use)  # noqa: S301

    return mock.patch.object(savefile, "read", read)


@breaks("SAVE-2")
class CopyShares(Specimen):
    """A copy shares its vectors with the original."""

    def __copy__(self) -> Any:
        found = super().__copy__()
        found._vectors, found._by_key = self._vectors, self._by_key
        found._slots, found._keys = self._slots, self._keys
        return found


answer(
    "SAVE-2",
    "DeepCopyIsItself",
    "``copy.deepcopy`` returns the store itself.",
    __deepcopy__=lambda store, _: store,
)


@breaks("SAVE-2")
class ClosedCopies(Specimen):
    """A copy of a closed store is an empty store."""

    def __copy__(self) -> Any:
        if self.closed:
            return type(self)(self.dimension)
        return super().__copy__()


answer(
    "SAVE-2",
    "PicklesAsPython",
    "A pickled store comes back on another backend.",
    __reduce__=lambda found: (found[0], ("python", found[1][1])),
)
answer(
    "SAVE-2",
    "PicklesEmpty",
    "A pickled store comes back empty.",
    __reduce__=lambda store, _: (VectorStore, (store.dimension,)),
)


@breaks("SAVE-2")
def missing_backend_unnamed() -> Broken:
    """A pickle of a missing backend comes back on the first one that works."""

    def load(name: str) -> Any:
        try:
            return original(name)
        except BackendError:
            return original("python")

    original = copying.load_backend
    return mock.patch.object(copying, "load_backend", load)
