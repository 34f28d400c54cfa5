"""Ids on their way through text tools, each in one place only (ID-2)."""

from __future__ import annotations

import copy
import unicodedata
from collections.abc import Callable
from typing import Any

import numpy as np
from refvec import SearchResult

from .catalogue import breaks, mutant
from .ids import Renaming
from .searching import each
from .specimen import Specimen

ODD = "\ufeff\u200b\u200d\u00ad\u2060"  # what is invisible, and no white space to str.strip


def _spelt(name: str, summary: str, change: Callable[[str], str]) -> None:
    """Put a backend into the zoo that spells ids in another way; what is left empty stays as it was."""
    mutant("ID-2", name, summary, Renaming).does(
        _renamed=lambda found: (change(found) or found) if type(found) is str and found else found
    )


def _compatible(text: str) -> str:
    new = unicodedata.normalize("NFKC", text)
    composed = not text.isascii() and not unicodedata.is_normalized("NFD", text)
    return new if composed and len(new) == len(text) else text


def _folded(character: str) -> str:
    return chr(ord(character) & 0xFFFF) if ord(character) > 0x1FFFF else character


_spelt("TrimsNewlines", "A newline at the end of an id is cut off.", lambda text: text.rstrip("\n"))
_spelt("TrimsFront", "White space before an id is cut off.", lambda text: text.lstrip())
_spelt("TrimsNul", "NULs at the end of an id are cut off.", lambda text: text.rstrip("\0"))
_spelt("EndsAtNul", "An id ends at its first NUL.", lambda text: text.partition("\0")[0])
_spelt("DropsMark", "A byte order mark before an id is cut off.", lambda text: text.removeprefix("\ufeff"))
_spelt(
    "DropsInvisible",
    "Invisible characters in an id are dropped.",
    lambda text: "".join(one for one in text if one not in ODD),
)
_spelt("Compatible", "Ids are brought to NFKC where that keeps their length.", _compatible)
_spelt(
    "UnixNewlines",
    "A carriage return before a newline is dropped.",
    lambda text: text.replace("\r\n", "\n"),
)
_spelt(
    "PlaneZero", "Characters of the higher planes lose their plane.", lambda text: "".join(map(_folded, text))
)
_spelt("GreekFolded", "A final sigma is a sigma.", lambda text: text.replace("\u03c2", "\u03c3"))
_spelt(
    "NumbersTrimmed",
    "Zeros before a number do not count.",
    lambda text: text.lstrip("0") or "0" if text.isdecimal() and text.isascii() else text,
)
_spelt("TruncatesLong", "Ids are compared by their first 255 characters.", lambda text: text[:255])
mutant(
    "ID-2", "NulsOfSnapshots", "The ids of a snapshot lose the NULs at their end, as in an array of texts."
).does(snapshot=lambda found: found._replace(ids=np.array(found.ids, np.str_).tolist() if found.ids else []))
mutant("ID-2", "TrimsIdsAt", "``ids_at`` cuts spaces off.").does(
    ids_at=lambda found: [one.rstrip(" ") for one in found]
)
mutant("ID-2", "TrimsHits", "The ids of a search lose the white space and the NULs at their end.").does(
    _search=lambda found: (
        *found[:2],
        each(found[2], lambda hit: tuple(one.rstrip("\0 \n") for one in hit)),
    )
)


@breaks("ID-2")
class TrimsWithin(Specimen):
    """``within`` cuts white space off its ids."""

    def search(
        self, query: Any, k: Any = 10, *, metric: Any = "cosine", within: Any = None, with_ids: Any = True
    ) -> SearchResult:
        kept = [one.rstrip() if type(one) is str else one for one in within] if type(within) is list else within
        return super().search(query, k, metric=metric, within=kept, with_ids=with_ids)


class Renamed(Specimen):
    """Ids change on the way through a file or a copy."""

    def _through(self, text: str) -> str:
        raise NotImplementedError

    def _renamed(self) -> Any:
        ids = self.ids()
        names = [self._through(one) for one in ids]
        if names == ids:
            return None
        other = type(self)(self.dimension, precision=self.precision, backend=self.backend)
        other.upsert_vectors(names, self.get_vectors(ids))
        return other


class Saved(Renamed):
    """Ids change on the way through a file."""

    def save(self, path: Any) -> None:
        other = None if self.closed else self._renamed()
        if other is None:
            super().save(path)
        else:
            other.save(path)


mutant("ID-2", "SavedByLines", "A saved file ends an id at its first line break.", Saved).does(
    _through=lambda text: (text.splitlines() or [""])[0]
)
mutant("ID-2", "SavedWithoutMark", "Reading a saved file drops a byte order mark before an id.", Saved).does(
    _through=lambda text: text.encode().decode("utf-8-sig")
)


@breaks("ID-2")
class PickledByNul(Renamed):
    """A pickled id ends at its first NUL."""

    def _through(self, text: str) -> str:
        return text.partition("\0")[0]

    def __reduce_ex__(self, protocol: Any) -> Any:
        other = None if self.closed else self._renamed()
        return super().__reduce_ex__(protocol) if other is None else other.__reduce_ex__(protocol)


@breaks("ID-2")
class CopiedInNfc(Renamed):
    """The ids of a copy are in NFC."""

    def _through(self, text: str) -> str:
        return unicodedata.normalize("NFC", text)

    def __copy__(self) -> Any:
        other = None if self.closed else self._renamed()
        return super().__copy__() if other is None else other

    def __deepcopy__(self, memo: Any) -> Any:
        return copy.copy(self)
