"""The payloads that a copy takes along: of a durable store, or none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..interchange.source import BATCH_BYTES

if TYPE_CHECKING:
    from ..durable.loading import Loaded


class Besides(NamedTuple):
    """The payloads of ids without a vector: how many, and they in pieces."""

    total: int
    pieces: Iterable[Mapping[str, bytes]]


NOTHING = Besides(0, ())


class NoPayloads:
    """Those of a store that has none, or that are to be left out."""

    def __len__(self) -> int:
        return 0

    def items(self) -> Iterator[tuple[str, bytes]]:
        """Yield each with its id, one after the other."""
        return iter(())

    def along(self, ids: Sequence[str]) -> Iterator[tuple[Sequence[str], Mapping[str, bytes]]]:
        """Yield the ids in pieces, and the payloads of each piece: some megabytes, or a single one."""
        yield ids, {}

    def besides(self, ids: Iterable[str]) -> Besides:
        """Return the payloads of all other ids, some megabytes at a time."""
        return NOTHING


class StoredPayloads(NoPayloads):
    """Those of one flush of a durable store, which are there while `load` lasts."""

    def __init__(self, loaded: Loaded) -> None:
        self._table = loaded.catalog
        self._directory = loaded.content.directory

    def __len__(self) -> int:
        return len(self._directory)

    def items(self) -> Iterator[tuple[str, bytes]]:
        """Yield each with its id, in the order in which they were put."""
        return self._table.all_payloads(self._directory)

    def along(self, ids: Sequence[str]) -> Iterator[tuple[Sequence[str], Mapping[str, bytes]]]:
        """Yield the ids in pieces; what they have is weighed before it is read."""
        sizes = self._table.payload_sizes(self._directory, ids)
        start = size = 0
        for end, one in enumerate(ids, 1):
            size += sizes.get(one, 0)
            if size >= BATCH_BYTES or end == len(ids):
                part = ids[start:end]
                yield part, self._table.payloads(self._directory, part)
                start, size = end, 0

    def besides(self, ids: Iterable[str]) -> Besides:
        """Return the payloads of all other ids."""
        known = set(ids)
        others = [one for one in self._table.payload_ids(self._directory) if one not in known]
        return Besides(len(others), (payloads for _, payloads in self.along(others)))
