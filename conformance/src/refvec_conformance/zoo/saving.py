"""Files and copies that are not what they should be (SAVE)."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from refvec import OpenSpec, State, VectorStore, savefile
from refvec.contract import interchange
from refvec.savefile import framing, layouts, reading, replacing, stream

from .catalogue import breaks
from .specimen import Specimen

Broken = AbstractContextManager[Any]


@breaks("SAVE-1")
def checksum_ignored() -> Broken:
    """The checksum of a file is not looked at."""
    return mock.patch.object(stream.Stream, "verify")


@breaks("SAVE-1")
def lengths_ignored() -> Broken:
    """A file that ends early, or late, is read as far as it goes."""

    def require(condition: object, text: str) -> None:
        stream.require(condition or "its header says" in text, text)

    return mock.patch.object(framing, "require", require)


@breaks("SAVE-1")
def layout_unchecked() -> Broken:
    """A file with a right checksum is believed, whatever it says of its ids."""
    return mock.patch.object(layouts, "require")


@breaks("SAVE-1")
def doubled_vectors_unchecked() -> Broken:
    """A file with a right checksum may store a vector twice."""
    return mock.patch.object(reading, "require")


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
def newer_called_damaged() -> Broken:
    """A file of a newer version is called damaged."""
    return mock.patch.object(framing, "NewerError", stream.DamageError)


@breaks("SAVE-1")
def damaged_called_newer() -> Broken:
    """A damaged header is that of a newer version, without a look at the checksum."""
    return mock.patch.object(framing, "_require_intact")


def _before_versions(change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Broken:
    original = framing._require_version
    return mock.patch.object(framing, "_require_version", lambda found: original(change(found)))


@breaks("SAVE-1")
def dtype_ignored() -> Broken:
    """Vectors of any type are read as float32."""
    return _before_versions(lambda found: {**found, "dtype": "float32"})


@breaks("SAVE-1")
def fields_ignored() -> Broken:
    """Fields of the header that tell how to read the file are ignored where they are not known."""
    return _before_versions(lambda found: {name: found[name] for name in found if name in framing._NAMES})


@breaks("SAVE-1")
def notes_refused() -> Broken:
    """A field of the header that only tells something makes the file unreadable."""
    return _before_versions(lambda found: {name.lstrip("_"): value for name, value in found.items()})


@breaks("SAVE-1")
def read_whole() -> Broken:
    """A file is read whole before anything of it is looked at."""

    def read(path: Any, use: Any) -> Any:
        return savefile.decode(Path(path).read_bytes(), os.fspath(path), use)

    return mock.patch.object(savefile, "read", read)


@breaks("SAVE-1")
def rows_at_once() -> Broken:
    """All rows are read before the first is handed on."""

    def read(path: Any, use: Any) -> Any:
        return reading.read(path, lambda spec, state: use(spec, state._replace(blocks=list(state.blocks))))

    return mock.patch.object(savefile, "read", read)


@breaks("SAVE-1")
def written_whole() -> Broken:
    """The whole file is made before its first byte is written."""

    def write(path: Any, spec: OpenSpec, state: State) -> None:
        replacing.replace(path, [savefile.encode(spec, state)])

    return mock.patch.object(savefile, "write", write)


@breaks("SAVE-1")
class PrecisionForgotten(Specimen):
    """A loaded store has precision 6."""

    @classmethod
    def _restore(cls, spec: OpenSpec, state: State) -> Any:
        return super()._restore(replace(spec, precision=6), state)


@breaks("SAVE-1")
class NanLost(Specimen):
    """A loaded store has canonical NaNs."""

    @classmethod
    def _restore(cls, spec: OpenSpec, state: State) -> Any:
        blocks = (np.where(np.isnan(rows), np.float32("nan"), rows) for rows in state.blocks)
        return super()._restore(spec, state._replace(blocks=blocks))


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


@breaks("SAVE-2")
class DeepCopyIsItself(Specimen):
    """``copy.deepcopy`` returns the store itself."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        self._copy_state()
        return self


@breaks("SAVE-2")
class ClosedCopies(Specimen):
    """A copy of a closed store is an empty store."""

    def __copy__(self) -> Any:
        if self.closed:
            return type(self)(self.dimension)
        return super().__copy__()


@breaks("SAVE-2")
class PicklesAsPython(Specimen):
    """A pickled store comes back on another backend."""

    def __reduce__(self) -> tuple[Any, ...]:
        rebuild, (_, blob) = super().__reduce__()
        return rebuild, ("python", blob)


@breaks("SAVE-2")
class PicklesEmpty(Specimen):
    """A pickled store comes back empty."""

    def __reduce__(self) -> tuple[Any, ...]:
        self._copy_state()
        return VectorStore, (self.dimension,)


@breaks("SAVE-2")
def missing_backend_unnamed() -> Broken:
    """A pickle of a missing backend comes back on the first one that works."""

    def unpickle(backend: str, blob: bytes) -> Any:
        try:
            return original(backend, blob)
        except ImportError:
            return original("python", blob)

    original = interchange.unpickle
    return mock.patch.object(interchange, "unpickle", unpickle)
