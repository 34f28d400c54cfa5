"""Other ideas of what an id is (ID)."""

# ruff: noqa: D102 - each method is broken as its class says

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any
from uuid import UUID

import numpy as np
from refvec.ids import canonical_id

from .catalogue import answer
from .searching import each
from .specimen import Specimen


class Renaming(Specimen):
    """Changes ids on their way in, for single calls."""

    def _renamed(self, chunk_id: Any) -> Any:
        return chunk_id

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        return super().add_vector(self._renamed(chunk_id), vector)

    def get_vector(self, chunk_id: Any) -> Any:
        return super().get_vector(self._renamed(chunk_id))

    def get_index(self, chunk_id: Any) -> int | None:
        return super().get_index(self._renamed(chunk_id))

    def __contains__(self, chunk_id: object) -> bool:
        return super().__contains__(self._renamed(chunk_id))


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    return change(canonical_id(value)) if isinstance(value, str) else value


answer(
    "ID-1",
    "UppercaseUuid",
    "The upper-case text of a UUID is the same id.",
    base=Renaming,
    _renamed=lambda value: _changed(value, lambda text: text.lower() if len(text) == 36 else text),
)
answer(
    "ID-1",
    "UuidApart",
    "A UUID is not the same id as its text.",
    base=Renaming,
    _renamed=lambda value: value.hex if isinstance(value, UUID) else value,
)
answer(
    "ID-1",
    "StrCalled",
    "An id is what ``str`` makes of it, overridden methods included.",
    base=Renaming,
    _renamed=lambda value: str(value) if isinstance(value, str) else value,
)
answer(
    "ID-1",
    "IntAccepted",
    "An int is an id.",
    base=Renaming,
    _renamed=lambda value: str(value) if type(value) is int else value,
)
answer(
    "ID-1",
    "BytesAccepted",
    "Bytes are an id.",
    base=Renaming,
    _renamed=lambda value: value.decode() if type(value) is bytes else value,
)
answer(
    "ID-1",
    "SubclassRefused",
    "A subclass of str is no id.",
    base=Renaming,
    _renamed=lambda value: 0 if isinstance(value, str) and type(value) is not str else value,
)
answer(
    "ID-2",
    "Normalised",
    "Ids are brought to Unicode's NFC.",
    base=Renaming,
    _renamed=lambda value: _changed(value, lambda text: unicodedata.normalize("NFC", text)),
)
answer(
    "ID-2",
    "Stripped",
    "Ids lose the blanks at their ends.",
    base=Renaming,
    _renamed=lambda value: _changed(value, str.strip),
)
answer(
    "ID-2",
    "CaseFolded",
    "Ids differ in more than case.",
    base=Renaming,
    _renamed=lambda value: _changed(value, lambda text: text if len(text) == 36 else text.casefold()),
)
answer(
    "ID-2",
    "EmptyRefused",
    "The empty string is no id.",
    base=Renaming,
    _renamed=lambda value: 0 if value == "" else value,
)
answer(
    "ID-2",
    "CutAtNull",
    "An id ends at its first null character.",
    base=Renaming,
    _renamed=lambda value: _changed(value, lambda text: text.partition("\0")[0]),
)
answer(
    "ID-2",
    "SurrogateStored",
    "A lone surrogate is replaced by a question mark and stored.",
    base=Renaming,
    _renamed=lambda value: value.encode("utf-8", "replace").decode() if type(value) is str else value,
)


class _Text(str):
    __slots__ = ()


answer(
    "ID-3",
    "SubclassReturned",
    "``ids()`` returns a subclass of str.",
    ids=lambda found: [_Text(one) for one in found],
)
answer(
    "ID-3",
    "NumpyText",
    "``ids_at()`` returns numpy's strings.",
    ids_at=lambda found: [np.str_(one) for one in found],
)
answer(
    "ID-3",
    "UuidBack",
    "What looks like a UUID comes back as one.",
    ids=lambda found: [UUID(one) if len(one) == 36 else one for one in found],
)
answer(
    "ID-3",
    "SubclassFound",
    "Search returns a subclass of str.",
    _search=lambda found: (*found[:2], each(found[2], lambda hit: tuple(map(_Text, hit)))),
)
