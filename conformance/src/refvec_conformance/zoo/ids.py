"""Other ideas of what an id is (ID)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any
from uuid import UUID

import numpy as np
from refvec.ids import canonical_id

from .catalogue import breaks
from .specimen import Specimen


class Renaming(Specimen, abstract=True):
    """Changes ids on their way in, for single calls."""

    _renamed: Callable[[Any], Any]

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        """Add."""
        return super().add_vector(self._renamed(chunk_id), vector)

    def get_vector(self, chunk_id: Any) -> Any:
        """Look up."""
        return super().get_vector(self._renamed(chunk_id))

    def get_index(self, chunk_id: Any) -> int | None:
        """Look up."""
        return super().get_index(self._renamed(chunk_id))

    def __contains__(self, chunk_id: object) -> bool:
        return super().__contains__(self._renamed(chunk_id))


def _text(change: Callable[[str], str]) -> Any:
    return staticmethod(lambda value: change(canonical_id(value)) if isinstance(value, str) else value)


@breaks("ID-1")
class UppercaseUuid(Renaming):
    """The upper-case text of a UUID is the same id."""

    _renamed = _text(lambda text: text.lower() if len(text) == 36 else text)


@breaks("ID-1")
class UuidApart(Renaming):
    """A UUID is not the same id as its text."""

    _renamed = staticmethod(lambda value: value.hex if isinstance(value, UUID) else value)


@breaks("ID-1")
class StrCalled(Renaming):
    """An id is what ``str`` makes of it, overridden methods included."""

    _renamed = staticmethod(lambda value: str(value) if isinstance(value, str) else value)


@breaks("ID-1")
class IntAccepted(Renaming):
    """An int is an id."""

    _renamed = staticmethod(lambda value: str(value) if type(value) is int else value)


@breaks("ID-1")
class BytesAccepted(Renaming):
    """Bytes are an id."""

    _renamed = staticmethod(lambda value: value.decode() if type(value) is bytes else value)


@breaks("ID-1")
class SubclassRefused(Renaming):
    """A subclass of str is no id."""

    _renamed = staticmethod(lambda value: 0 if isinstance(value, str) and type(value) is not str else value)


@breaks("ID-2")
class Normalised(Renaming):
    """Ids are brought to Unicode's NFC."""

    _renamed = _text(lambda text: unicodedata.normalize("NFC", text))


@breaks("ID-2")
class Stripped(Renaming):
    """Ids lose the blanks at their ends."""

    _renamed = _text(str.strip)


@breaks("ID-2")
class CaseFolded(Renaming):
    """Ids differ in more than case."""

    _renamed = _text(lambda text: text if len(text) == 36 else text.casefold())


@breaks("ID-2")
class EmptyRefused(Renaming):
    """The empty string is no id."""

    _renamed = staticmethod(lambda value: 0 if value == "" else value)


@breaks("ID-2")
class CutAtNull(Renaming):
    """An id ends at its first null character."""

    _renamed = _text(lambda text: text.partition("\0")[0])


@breaks("ID-2")
class SurrogateStored(Renaming):
    """A lone surrogate is replaced by a question mark and stored."""

    _renamed = staticmethod(
        lambda value: value.encode("utf-8", "replace").decode() if type(value) is str else value
    )


class _Text(str):
    __slots__ = ()


@breaks("ID-3")
class SubclassReturned(Specimen):
    """``ids()`` returns a subclass of str."""

    def ids(self) -> list[str]:
        """List."""
        return [_Text(one) for one in super().ids()]


@breaks("ID-3")
class NumpyText(Specimen):
    """``ids_at()`` returns numpy's strings."""

    def ids_at(self, index: Any) -> list[str]:
        """List."""
        return [np.str_(one) for one in super().ids_at(index)]


@breaks("ID-3")
class UuidBack(Specimen):
    """What looks like a UUID comes back as one."""

    def ids(self) -> list[Any]:
        """List."""
        return [UUID(one) if len(one) == 36 else one for one in super().ids()]


@breaks("ID-3")
class SubclassFound(Specimen):
    """Search returns a subclass of str."""

    def _search(self, *args: Any) -> Any:
        indices, scores, members = super()._search(*args)
        return indices, scores, [[tuple(map(_Text, hit)) for hit in row] for row in members]
