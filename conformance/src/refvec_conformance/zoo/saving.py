"""Files and copies that are not what they should be (SAVE)."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from refvec import OpenSpec, State, VectorStore, savefile
from refvec.contract import interchange
from refvec.savefile import framing, reading

from .catalogue import breaks
from .specimen import Specimen

Broken = AbstractContextManager[Any]


@breaks("SAVE-1")
def checksum_ignored() -> Broken:
    """The checksum of a file is not looked at."""
    return mock.patch.object(framing, "digest", return_value=_Anything())


class _Anything(bytes):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


@breaks("SAVE-1")
def lengths_ignored() -> Broken:
    """A file that ends early, or late, is read as far as it goes."""
    return _requiring(lambda text: "bytes, its header says" not in text)


@breaks("SAVE-1")
def content_unchecked() -> Broken:
    """A file with a right checksum is believed, whatever it says."""
    outside = ("begin", "ends before", "bytes,", "checksum", "JSON", "fields")
    return _requiring(lambda text: any(word in text for word in outside), module=reading)


def _requiring(matters: Any, module: Any = framing) -> Broken:
    def require(condition: object, text: str) -> None:
        if not condition and matters(text):
            raise framing.DamageError(text)

    return mock.patch.object(module, "require", require)


@breaks("SAVE-1")
def other_error() -> Broken:
    """A damaged file raises what the reader stumbled over."""

    def read(path: Any) -> Any:
        try:
            return reading.read(path)
        except ValueError as error:
            raise (error.__cause__ or error) from None

    return mock.patch.object(savefile, "read", read)


@breaks("SAVE-1")
def written_in_place() -> Broken:
    """A file is overwritten in place."""

    def write(path: Path, parts: Iterable[bytes]) -> None:
        with open(path, "wb") as file:
            file.writelines(parts)
            os.fsync(file.fileno())

    return mock.patch.object(savefile, "write", write)


@breaks("SAVE-1")
def draft_left() -> Broken:
    """A file that cannot be replaced leaves its draft behind."""
    return mock.patch("refvec.savefile.writing.Path.unlink")


@breaks("SAVE-1")
class PrecisionForgotten(Specimen):
    """A loaded store has precision 6."""

    def _start(self, spec: OpenSpec, state: State | None) -> None:
        super()._start(spec if state is None else replace(spec, precision=6), state)


@breaks("SAVE-1")
class NanLost(Specimen):
    """A loaded store has canonical NaNs."""

    def _restore_state(self, state: State) -> None:
        rows = np.where(np.isnan(state.vectors), np.float32("nan"), state.vectors)
        super()._restore_state(state._replace(vectors=rows))


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

    def read(path: Any) -> Any:
        blob = Path(path).read_bytes()
        return pickle.loads(blob) if blob[:1] == b"\x80" else reading.read(path)  # noqa: S301

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
