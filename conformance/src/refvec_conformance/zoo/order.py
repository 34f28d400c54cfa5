"""Checks in another order, too early, or not at all (ERR-1); and what a look changes (GET-8)."""

from __future__ import annotations

from typing import Any

import numpy as np
from refvec import StoreClosedError, UnknownIdError, failures
from refvec.ids import canonical_id, canonical_ids

from .catalogue import breaks, mutant
from .specimen import Specimen


def _is_id(thing: Any) -> bool:
    try:
        canonical_id(thing)
    except (TypeError, ValueError):
        return False
    return True


@breaks("ERR-1")
class UpsertsVectorsFirst(Specimen):
    """``upsert_vector`` looks at the vector before the id."""

    def upsert_vector(self, chunk_id: Any, vector: Any) -> int:
        if not self.closed and not _is_id(chunk_id):
            self.find_vector(vector)
        return super().upsert_vector(chunk_id, vector)


@breaks("ERR-1")
class AddsPresentFirst(Specimen):
    """``add_vector`` looks whether the id is present before it looks at the vector."""

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        if not self.closed and chunk_id in self:
            raise failures.duplicate_id(canonical_id(chunk_id), None)
        return super().add_vector(chunk_id, vector)


@breaks("ERR-1")
class UnknownFirst(Specimen):
    """``get_vectors`` raises at an unknown id, and does not look at those behind it."""

    def get_vectors(self, chunk_ids: Any) -> Any:
        if self.closed or isinstance(chunk_ids, str | bytes):
            return super().get_vectors(chunk_ids)
        ids = list(chunk_ids)
        for position, one in enumerate(ids):
            if not _is_id(one):
                break
            if one not in self:
                raise failures.unknown_id(canonical_id(one), position)
        return super().get_vectors(ids)


def _closed_late(method: str, argument: str) -> None:
    plain = getattr(Specimen, method)

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return plain(self, *args, **kwargs)
        except StoreClosedError:
            canonical_id(args[0]) if argument == "id" else canonical_ids(args[0])
            raise

    name = "ClosedLate" + "".join(part.capitalize() for part in method.split("_"))
    summary = f"``{method}`` of a closed store looks at the {argument} first."
    body = {"__doc__": summary, "__module__": __name__, method: call}
    globals()[name] = breaks("ERR-1")(type(name, (Specimen,), body))


for _method in ("add_vector", "upsert_vector"):
    _closed_late(_method, "id")
for _method in ("upsert_vectors", "get_indices", "remove_vectors"):
    _closed_late(_method, "ids")


mutant("DUR-2", "ClosedWithoutAsking", "An empty batch is no reason to notice that the store is closed.").does(
    remove_vectors=lambda call, chunk_ids: 0 if type(chunk_ids) is list and not chunk_ids else call()
)


@breaks("DUR-2")
class ClosedDuringTheIterable(Specimen):
    """A store that is closed while an iterable of ids runs answers as it was before."""

    def get_indices(self, chunk_ids: Any) -> Any:
        known = {} if self.closed else dict.fromkeys(self.ids())
        found = dict(zip(known, super().get_indices(list(known)).tolist(), strict=True)) if known else {}
        if self.closed or isinstance(chunk_ids, str | bytes) or not hasattr(chunk_ids, "__next__"):
            return super().get_indices(chunk_ids)
        ids = list(chunk_ids)
        try:
            return super().get_indices(ids)
        except StoreClosedError:
            return np.array([found.get(one, -1) for one in ids], np.int64)


@breaks("ATOM-3")
class PresentWhileIterating(Specimen):
    """``add_vectors`` looks whether an id is present when the iterable yields it, and replaces it later."""

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        if self.closed or not hasattr(chunk_ids, "__next__"):
            return super().add_vectors(chunk_ids, vectors)
        ids: list[Any] = []
        for one in chunk_ids:
            if (_is_id(one) and one in self) or one in ids:
                return super().add_vectors([*ids, one, *chunk_ids], vectors)
            ids.append(one)
        late = any(_is_id(one) and one in self for one in ids)
        return super().upsert_vectors(ids, vectors) if late else super().add_vectors(ids, vectors)


@breaks("ATOM-3")
class FoundWhileIterating(Specimen):
    """``get_indices`` looks an id up when the iterable yields it."""

    def get_indices(self, chunk_ids: Any) -> Any:
        if self.closed or not hasattr(chunk_ids, "__next__"):
            return super().get_indices(chunk_ids)
        found, ids = [], []
        for one in chunk_ids:
            ids.append(one)
            found.append(self.get_index(one) if _is_id(one) and not self.closed else -1)
        super().get_indices(ids)
        return np.array([-1 if one is None else one for one in found], np.int64)


@breaks("ATOM-3")
class KnownWhileIterating(Specimen):
    """``get_vectors`` refuses an id that is unknown when the iterable yields it."""

    def get_vectors(self, chunk_ids: Any) -> Any:
        if self.closed or not hasattr(chunk_ids, "__next__"):
            return super().get_vectors(chunk_ids)
        ids, absent = [], None
        for position, one in enumerate(chunk_ids):
            if absent is None and _is_id(one) and one not in self:
                absent = failures.unknown_id(canonical_id(one), position)
            ids.append(one)
        found = super().get_vectors(ids)
        if isinstance(absent, UnknownIdError):
            raise absent
        return found


@breaks("ATOM-3")
class RemovedWhileIterating(Specimen):
    """``remove_vectors`` removes only what was there when the iterable yielded it."""

    def remove_vectors(self, chunk_ids: Any) -> int:
        if self.closed or not hasattr(chunk_ids, "__next__"):
            return super().remove_vectors(chunk_ids)
        pairs = [(one, not _is_id(one) or one in self) for one in chunk_ids]
        return super().remove_vectors([one for one, there in pairs if there])


@breaks("ATOM-3")
class PresentBeforeTheVector(Specimen):
    """``add_vector`` looks whether the id is present before it converts the vector, and then replaces."""

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        if (
            self.closed
            or chunk_id in self
            or isinstance(vector, np.ndarray)
            or not hasattr(vector, "__array__")
        ):
            return super().add_vector(chunk_id, vector)
        row = np.asarray(vector)
        return super().upsert_vector(chunk_id, row) if chunk_id in self else super().add_vector(chunk_id, row)


@breaks("ATOM-3")
class WithinWhileIterating(Specimen):
    """``within`` is narrowed to the ids that are there when it yields them."""

    def search(
        self, query: Any, k: Any = 10, *, metric: Any = "cosine", within: Any = None, with_ids: Any = True
    ) -> Any:
        if self.closed or not hasattr(within, "__next__"):
            return super().search(query, k, metric=metric, within=within, with_ids=with_ids)
        pairs = [(one, not _is_id(one) or one in self) for one in within]
        return super().search(
            query, k, metric=metric, within=[one for one, there in pairs if there], with_ids=with_ids
        )


@breaks("ATOM-3")
class ActiveBeforeTheIndex(Specimen):
    """``get_refcounts`` knows which indices are active before it converts them."""

    def get_refcounts(self, indices: Any) -> Any:
        known = None if self.closed else self.snapshot()
        try:
            return super().get_refcounts(indices)
        except IndexError as error:
            if known is None or getattr(error, "index", None) not in known.indices.tolist():
                raise
            return np.ones(len(indices), np.int64)


@breaks("UPSERT-2")
class LosersUnchecked(Specimen):
    """The kind and the overflow of losing vectors are not looked at."""

    def upsert_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        ids = self._kept(chunk_ids)
        if type(vectors) is not list or self.closed or not all(map(_is_id, ids)) or len(ids) != len(vectors):
            return super().upsert_vectors(ids, vectors)
        last = dict(zip(ids, vectors, strict=True))
        return super().upsert_vectors(ids, [last[one] for one in ids])


mutant("DEDUP-1", "FindsNoNan", "``find_vector`` finds no vector that holds a NaN.").does(
    find_vector=lambda found, vector: None if np.isnan(np.asarray(vector, np.float64)).any() else found
)


@breaks("DEDUP-1")
class FindsNanByBits(Specimen):
    """``find_vector`` finds NaNs of equal bits only."""

    def find_vector(self, vector: Any) -> int | None:
        found = super().find_vector(vector)
        if found is None or not np.isnan(row := np.asarray(vector, np.float32)).any():
            return found
        return found if self.get_vector_by_index(found).tobytes() == row.tobytes() else None


@breaks("DEDUP-1")
class FindsZeroBySign(Specimen):
    """``find_vector`` tells -0.0 from 0.0."""

    def find_vector(self, vector: Any) -> int | None:
        found = super().find_vector(vector)
        if found is None:
            return None
        stored, row = self.get_vector_by_index(found), np.asarray(vector, np.float32)
        zero = (stored == 0) & (row == 0)
        return None if (np.signbit(stored) != np.signbit(row))[zero].any() else found


@breaks("DEDUP-2")
class FindsFlushed(Specimen):
    """``find_vector`` takes subnormals for zeros, also where all bits count."""

    def find_vector(self, vector: Any) -> int | None:
        row = np.asarray(vector)
        if row.dtype.kind == "f" and row.ndim == 1:
            return super().find_vector(
                np.where(np.abs(row) < 2.0**-126, np.copysign(row.dtype.type(0), row), row)
            )
        return super().find_vector(vector)


@breaks("DEDUP-2")
class FindsRounded(Specimen):
    """``find_vector`` rounds to six decimals also where all bits count."""

    def find_vector(self, vector: Any) -> int | None:
        found = super().find_vector(vector)
        if found is None and self.precision == "exact" and len(self):
            near = np.abs(self.get_all_vectors() - np.asarray(vector, np.float32)).max(axis=1) < 4e-7
            return int(self.indices()[near.argmax()]) if near.any() else None
        return found


@breaks("GET-8")
class FindKeeps(Specimen):
    """What ``find_vector`` was asked for takes the place of the identical vector."""

    def find_vector(self, vector: Any) -> int | None:
        found = super().find_vector(vector)
        if found is not None:
            row = np.asarray(vector).astype(np.float32)
            for position, one in enumerate(row.tolist()):
                self._vectors[found][position] = one
        return found


@breaks("GET-8")
class FindMovesIds(Specimen):
    """``find_vector`` moves the first id of the slot to its end."""

    def find_vector(self, vector: Any) -> int | None:
        found = super().find_vector(vector)
        if found is not None:
            first = next(iter(self._slots[found]))
            self._slots[found][first] = self._slots[found].pop(first)
        return found


@breaks("GET-8")
class FindFixes(Specimen):
    """A NaN that was looked for fixes the dimension."""

    def find_vector(self, vector: Any) -> int | None:
        if not self.closed and self.dimension is None and type(vector) is list and np.isnan(vector).any():
            self.add_vector("fixed", vector)
            self.remove_vector("fixed")
        return super().find_vector(vector)
