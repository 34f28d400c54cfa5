"""Other ideas of what an id is (ID)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any
from uuid import UUID

import numpy as np
from refvec.ids import canonical_id

from .catalogue import mutant
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


mutant("ID-1", "UppercaseUuid", "The upper-case text of a UUID is the same id.", Renaming).does(
    _renamed=lambda found: _changed(found, lambda text: text.lower() if len(text) == 36 else text)
)
mutant("ID-1", "UuidApart", "A UUID is not the same id as its text.", Renaming).does(
    _renamed=lambda found: found.hex if isinstance(found, UUID) else found
)
mutant("ID-1", "StrCalled", "An id is what ``str`` makes of it, overridden methods included.", Renaming).does(
    _renamed=lambda found: str(found) if isinstance(found, str) else found
)
mutant("ID-1", "IntAccepted", "An int is an id.", Renaming).does(
    _renamed=lambda found: str(found) if type(found) is int else found
)
mutant("ID-1", "BytesAccepted", "Bytes are an id.", Renaming).does(
    _renamed=lambda found: found.decode() if type(found) is bytes else found
)
mutant("ID-1", "SubclassRefused", "A subclass of str is no id.", Renaming).does(
    _renamed=lambda found: 0 if isinstance(found, str) and type(found) is not str else found
)
mutant("ID-2", "Normalised", "Ids are brought to Unicode's NFC.", Renaming).does(
    _renamed=lambda found: _changed(found, lambda text: unicodedata.normalize("NFC", text))
)
mutant("ID-2", "Stripped", "Ids lose the blanks at their ends.", Renaming).does(
    _renamed=lambda found: _changed(found, str.strip)
)
mutant("ID-2", "CaseFolded", "Ids differ in more than case.", Renaming).does(
    _renamed=lambda found: _changed(found, lambda text: text if len(text) == 36 else text.casefold())
)
mutant("ID-2", "EmptyRefused", "The empty string is no id.", Renaming).does(
    _renamed=lambda found: 0 if found == "" else found
)
mutant("ID-2", "CutAtNull", "An id ends at its first null character.", Renaming).does(
    _renamed=lambda found: _changed(found, lambda text: text.partition("\0")[0])
)
mutant("ID-2", "SurrogateStored", "A lone surrogate is replaced by a question mark and stored.", Renaming).does(
    _renamed=lambda found: found.encode("utf-8", "replace").decode() if type(found) is str else found
)


class _Text(str):
    __slots__ = ()


mutant("ID-3", "SubclassReturned", "``ids()`` returns a subclass of str.").does(
    ids=lambda found: [_Text(one) for one in found]
)
mutant("ID-3", "NumpyText", "``ids_at()`` returns numpy's strings.").does(
    ids_at=lambda found: [np.str_(one) for one in found]
)
mutant("ID-3", "UuidBack", "What looks like a UUID comes back as one.").does(
    ids=lambda found: [UUID(one) if len(one) == 36 else one for one in found]
)
mutant("ID-3", "SubclassFound", "Search returns a subclass of str.").does(
    _search=lambda found: (*found[:2], each(found[2], lambda hit: tuple(map(_Text, hit))))
)
