"""Files and copies that are not what they should be (SAVE)."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from refvec import BackendError, OpenSpec, State, VectorStore, copying, savefile
from refvec.savefile import framing, layouts, reading, replacing, stream

from .catalogue import breaks, mutant, or_python, patched, translated
from .specimen import Specimen

Broken = AbstractContextManager[Any]


mutant("SAVE-1", "checksum_ignored", "The checksum of a file is not looked at.").patches(
    lambda: mock.patch.object(stream.Stream, "verify")
)
mutant("SAVE-1", "lengths_ignored", "A file that ends early, or late, is read as far as it goes.").patches(
    lambda: patched(
        framing,
        "require",
        lambda require, condition, text: require(condition or "its header says" in text, text),
    )
)


@breaks("SAVE-1")
@contextmanager
def content_unchecked() -> Iterator[None]:
    """A file with a right checksum is believed, whatever it says."""
    with mock.patch.object(layouts, "require"), mock.patch.object(reading, "require"):
        yield


mutant(
    "SAVE-1", "layout_unchecked", "A file with a right checksum is believed, whatever it says of its ids."
).patches(lambda: mock.patch.object(layouts, "require"))
mutant("SAVE-1", "doubled_vectors_unchecked", "A file with a right checksum may store a vector twice.").patches(
    lambda: mock.patch.object(reading, "require")
)
mutant("SAVE-1", "other_error", "A damaged file raises what the reader stumbled over.").patches(
    lambda: patched(
        savefile,
        "read",
        lambda read, path, use, **more: translated(
            lambda: read(path, use, **more), ValueError, lambda error: error.__cause__ or error
        ),
    )
)
mutant("SAVE-1", "newer_called_damaged", "A file of a newer version is called damaged.").patches(
    lambda: mock.patch.object(framing, "NewerError", stream.DamageError)
)
mutant(
    "SAVE-1",
    "damaged_called_newer",
    "A damaged header is that of a newer version, without a look at the checksum.",
).patches(lambda: mock.patch.object(framing, "_require_intact"))


def _before_versions(change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Broken:
    original = framing._require_version
    return mock.patch.object(framing, "_require_version", lambda found: original(change(found)))


mutant("SAVE-1", "dtype_ignored", "Vectors of any type are read as float32.").patches(
    lambda: _before_versions(lambda found: {**found, "dtype": "float32"})
)


@breaks("SAVE-1")
def fields_ignored() -> Broken:
    """Fields of the header that tell how to read the file are ignored where they are not known."""
    return _before_versions(lambda found: {name: found[name] for name in found if name in framing._NAMES})


mutant(
    "SAVE-1", "notes_refused", "A field of the header that only tells something makes the file unreadable."
).patches(lambda: _before_versions(lambda found: {name.lstrip("_"): value for name, value in found.items()}))
mutant("SAVE-1", "read_whole", "A file is read whole before anything of it is looked at.").patches(
    lambda: mock.patch.object(
        savefile, "read", lambda path, use, **_: savefile.decode(Path(path).read_bytes(), os.fspath(path), use)
    )
)


@breaks("SAVE-1")
def rows_at_once() -> Broken:
    """All rows are read before the first is handed on."""

    def read(path: Any, use: Any, **options: Any) -> Any:
        def whole(spec: Any, state: Any) -> Any:
            return use(spec, state._replace(blocks=list(state.blocks)))

        return reading.read(path, whole, **options)

    return mock.patch.object(savefile, "read", read)


mutant("SAVE-1", "written_whole", "The whole file is made before its first byte is written.").patches(
    lambda: mock.patch.object(
        savefile, "write", lambda path, spec, state: replacing.replace(path, [savefile.encode(spec, state)])
    )
)


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

    def read(path: Any, use: Any, **options: Any) -> Any:
        blob = Path(path).read_bytes()
        return pickle.loads(blob) if blob[:1] == b"\x80" else reading.read(path, use, **options)  # noqa: S301

    return mock.patch.object(savefile, "read", read)


@breaks("SAVE-2")
class CopyShares(Specimen):
    """A copy shares its vectors with the original."""

    def __copy__(self) -> Any:
        found = super().__copy__()
        found._vectors, found._by_key = self._vectors, self._by_key
        found._slots, found._keys = self._slots, self._keys
        return found


mutant("SAVE-2", "DeepCopyIsItself", "``copy.deepcopy`` returns the store itself.").does(
    __deepcopy__=lambda store, _found: store
)
mutant("SAVE-2", "ClosedCopies", "A copy of a closed store is an empty store.").does(
    __copy__=lambda store, call: type(store)(store.dimension) if store.closed else call()
)
mutant("SAVE-2", "PicklesAsPython", "A pickled store comes back on another backend.").does(
    __reduce__=lambda found: (found[0], ("python", found[1][1]))
)
mutant("SAVE-2", "PicklesEmpty", "A pickled store comes back empty.").does(
    __reduce__=lambda store, _found: (VectorStore, (store.dimension,))
)
mutant(
    "SAVE-2", "missing_backend_unnamed", "A pickle of a missing backend comes back on the first one that works."
).patches(lambda: patched(copying, "load_backend", partial(or_python, BackendError)))
