"""The table of payloads in the catalog: a row at a place, which is never written twice."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from itertools import chain, islice
from typing import Any, TypeVar

from .. import failures
from ..errors import CorruptStoreError
from .connection import Connection
from .damage import damaged
from .directory import Directory

T = TypeVar("T")
TABLE = (
    "CREATE TABLE payloads (place INTEGER PRIMARY KEY, id BLOB NOT NULL, "
    "digest BLOB NOT NULL, content BLOB NOT NULL)"
)
_STATEMENT_BYTES = 2**20
_VARIABLES = 500  # fewer than any sqlite allows in one statement


def digest(place: int, key: bytes, content: bytes) -> bytes:
    """Return the checksum of a payload, which holds under this id and at this place only."""
    found = hashlib.sha256(b"payload %d %d\n" % (place, len(key)))
    found.update(key)
    found.update(content)
    return found.digest()[:16]


class PayloadTable(Connection):
    """The table of payloads in the catalog. What is in it and in no directory does not count."""

    def payloads(self, directory: Directory, ids: Iterable[str]) -> dict[str, bytes]:
        """Return those payloads that are there, checked."""
        found = {}
        for piece in map(dict.fromkeys, _pieces(ids)):
            for place, *row in self._rows("id, digest, content", _candidates(directory, piece)):
                one, content = self._checked(place, *row)
                if one in piece:
                    found[one] = content
        return found

    def places(self, directory: Directory, ids: Iterable[str]) -> dict[str, int]:
        """Return the places of those ids that have a payload."""
        found = {}
        for piece in map(dict.fromkeys, _pieces(ids)):
            candidates = _candidates(directory, piece)
            for place, key in self._rows("id", candidates):
                one = self._id(key)
                if one in piece:
                    found[one] = place
                elif directory.key(one.encode()) != candidates[place]:
                    raise self._other_id(place)
        return found

    def sample(self, directory: Directory) -> bytes | None:
        """Return some payload, checked; None if there is none."""
        for place, *row in self._rows("id, digest, content", directory.sample()):
            return self._checked(place, *row)[1]
        return None

    def payload_ids(self, directory: Directory) -> list[str]:
        """Return the ids of all."""
        entries, found = directory.entries(), []
        for place, key in self._ask("SELECT place, id FROM payloads ORDER BY place"):
            expected = entries.pop(place, None) if isinstance(place, int) else None
            if expected is not None:
                found.append(self._id(key))
                if directory.key(found[-1].encode()) != expected:
                    raise self._other_id(place)
        for place in entries:
            raise self._missing(place)
        return found

    def all_payloads(self, directory: Directory) -> Iterator[tuple[str, bytes]]:
        """Yield all with their ids, checked, reading one after the other."""
        for piece in _pieces(directory.by_place()):
            yield from self._entries(directory, dict(piece))

    def payload_sizes(self, directory: Directory, ids: Iterable[str]) -> dict[str, int]:
        """Return the bytes of those payloads that are there, and read none."""
        found = {}
        for piece in map(dict.fromkeys, _pieces(ids)):
            for _, key, size in self._rows("id, length(content)", _candidates(directory, piece)):
                found[self._id(key)] = size
        return found

    def damaged_payloads(self, directory: Directory) -> Iterator[CorruptStoreError]:
        """Yield an error for everything that is wrong with them, reading one after the other."""
        for place, expected in directory.by_place():
            try:
                for _ in self._entries(directory, {place: expected}):
                    pass
            except CorruptStoreError as error:
                yield error

    def _entries(self, directory: Directory, wanted: dict[int, int]) -> Iterator[tuple[str, bytes]]:
        """Yield the payloads at places, with their ids."""
        for place, *row in self._rows("id, digest, content", wanted):
            one, content = self._checked(place, *row)
            if directory.key(one.encode()) != wanted[place]:
                raise self._other_id(place)
            yield one, content

    def _rows(self, columns: str, wanted: dict[int, int]) -> Iterator[tuple[Any, ...]]:
        """Yield columns of the rows at places, one after the other; all must be there."""
        missing = set(wanted)
        for places in _pieces(wanted):
            marks = _marks("?", places)
            question = f"SELECT place, {columns} FROM payloads WHERE place IN ({marks})"  # noqa: S608
            for row in self._each(question, *places):
                missing.discard(row[0])
                yield row
        for place in missing:
            raise self._missing(place)

    def _write_payloads(self, rows: Iterable[tuple[int, bytes, bytes]]) -> None:
        """Put payloads at places, within a transaction."""
        for piece in grouped(rows):
            values = [(place, key, digest(place, key, content), content) for place, key, content in piece]
            self._ask(
                f"INSERT INTO payloads (place, id, digest, content) VALUES {_marks('(?, ?, ?, ?)', values)}",  # noqa: S608
                *chain.from_iterable(values),
            )

    def _clear_places(self, places: Iterable[int]) -> None:
        """Remove what is at places, within a transaction."""
        for piece in _pieces(places):
            self._ask(f"DELETE FROM payloads WHERE place IN ({_marks('?', piece)})", *piece)  # noqa: S608

    def _other_places(self, directory: Directory) -> list[int]:
        """Return the places that hold what is no payload any more."""
        entries = directory.entries()
        # One row, for every one is a step.
        ((found,),) = self._ask("SELECT group_concat(place) FROM payloads")
        return [place for place in map(int, str(found).split(",")) if place not in entries] if found else []

    def _checked(self, place: int, key: Any, kept: Any, content: Any) -> tuple[str, bytes]:
        one = self._id(key)
        if not isinstance(content, bytes) or kept != digest(place, key, content):
            raise damaged(self.path, f"the payload of {failures.quoted(one)} differs from its checksum")
        return one, content

    def _id(self, key: Any) -> str:
        try:
            return str(key, "utf-8")
        except (TypeError, ValueError):
            raise damaged(self.path, f"a payload has the id {key!r:.40}, which is none") from None

    def _missing(self, place: object) -> CorruptStoreError:
        return damaged(self.path, f"the payload at place {place} is missing")

    def _other_id(self, place: object) -> CorruptStoreError:
        return damaged(self.path, f"the payload at place {place} has another id than it had")


def _candidates(directory: Directory, ids: Iterable[str]) -> dict[int, int]:
    """Return the places at which the payloads of ids may be, and the key at each."""
    keys = [directory.key(one.encode()) for one in ids]
    found = zip(keys, directory.candidates(keys), strict=True)
    return {place: key for key, places in found for place in places}


def grouped(rows: Iterable[tuple[int, bytes, bytes]]) -> Iterator[list[tuple[int, bytes, bytes]]]:
    """Yield rows some at a time: as many as a statement takes, but few large ones; sqlite holds them again."""
    group, size = [], 0
    for row in rows:
        group.append(row)
        size += len(row[2])
        if len(group) == _VARIABLES // 4 or size >= _STATEMENT_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _pieces(items: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while piece := list(islice(iterator, _VARIABLES)):
        yield piece


def _marks(one: str, items: Collection[object]) -> str:
    """Return what stands for values in a statement."""
    return ", ".join([one] * len(items))
