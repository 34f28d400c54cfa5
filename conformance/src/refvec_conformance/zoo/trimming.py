"""Ids on their way through text tools, each in one place only (ID-2)."""

from __future__ import annotations

import copy
import unicodedata
from collections.abc import Callable
from typing import Any

import numpy as np
from refvec import SearchResult, Snapshot

from .catalogue import breaks
from .specimen import Specimen

ODD = "\ufeff\u200b\u200d\u00ad\u2060"  # what is invisible, and no white space to str.strip


def trimmed(text: Any) -> Any:
    """Return a text without the spaces at its end."""
    return str.rstrip(text, " ") if isinstance(text, str) else text


class Spelt(Specimen):
    """Ids are changed on their way in."""

    def _spelt(self, text: str) -> str:
        raise NotImplementedError

    def _in(self, chunk_id: Any) -> Any:
        return self._spelt(chunk_id) if type(chunk_id) is str and chunk_id else chunk_id

    def _all_in(self, chunk_ids: Any) -> Any:
        return [self._in(one) for one in chunk_ids] if type(chunk_ids) in (list, tuple) else chunk_ids

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        """Add."""
        return super().add_vector(self._in(chunk_id), vector)

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        """Add."""
        return super().add_vectors(self._all_in(chunk_ids), vectors)

    def get_index(self, chunk_id: Any) -> int | None:
        """Look up."""
        return super().get_index(self._in(chunk_id))

    def get_vector(self, chunk_id: Any) -> Any:
        """Look up."""
        return super().get_vector(self._in(chunk_id))

    def __contains__(self, chunk_id: object) -> bool:
        return super().__contains__(self._in(chunk_id))


def spelling(name: str, summary: str, spelt: Callable[[str], str]) -> None:
    """Put a backend into the zoo that spells its ids in another way."""
    body = {"__doc__": summary, "__module__": __name__, "_spelt": staticmethod(spelt)}
    globals()[name] = breaks("ID-2")(type(name, (Spelt,), body))


spelling("TrimsNewlines", "A newline at the end of an id is cut off.", lambda text: text.rstrip("\n") or text)
spelling("TrimsFront", "White space before an id is cut off.", lambda text: text.lstrip() or text)
spelling("TrimsNul", "NULs at the end of an id are cut off.", lambda text: text.rstrip("\0") or text)
spelling(
    "EndsAtNul",
    "An id ends at the first NUL that is not its first character.",
    lambda text: text[0] + text[1:].partition("\0")[0],
)
spelling(
    "DropsMark", "A byte order mark before an id is cut off.", lambda text: text.removeprefix("\ufeff") or text
)
spelling(
    "DropsInvisible",
    "Invisible characters in an id are dropped.",
    lambda text: "".join(c for c in text if c not in ODD) or text,
)
spelling(
    "Compatible",
    "Ids are brought to NFKC where that keeps their length.",
    lambda text: (
        new
        if len(new := unicodedata.normalize("NFKC", text)) == len(text)
        and not text.isascii()
        and not unicodedata.is_normalized("NFD", text)
        else text
    ),
)
spelling(
    "UnixNewlines", "A carriage return before a newline is dropped.", lambda text: text.replace("\r\n", "\n")
)
spelling(
    "PlaneZero",
    "Characters beyond the first plane lose their plane.",
    lambda text: "".join(chr(ord(c) & 0xFFFF) if ord(c) > 0x1FFFF else c for c in text),
)
spelling("GreekFolded", "A final sigma is a sigma.", lambda text: text.replace("\u03c2", "\u03c3"))
spelling(
    "NumbersTrimmed",
    "Zeros before a number do not count.",
    lambda text: text.lstrip("0") or "0" if text.isdecimal() and text.isascii() else text,
)
spelling("TruncatesLong", "Ids are compared by their first 255 characters.", lambda text: text[:255])


@breaks("ID-2")
class NulsOfSnapshots(Specimen):
    """The ids of a snapshot lose the NULs at their end, as in an array of texts."""

    def snapshot(self) -> Snapshot:
        """See."""
        found = super().snapshot()
        return found._replace(ids=np.array(found.ids, np.str_).tolist() if found.ids else [])


@breaks("ID-2")
class TrimsIdsAt(Specimen):
    """``ids_at`` cuts spaces off."""

    def ids_at(self, index: Any) -> list[str]:
        """See."""
        return [trimmed(one) for one in super().ids_at(index)]


@breaks("ID-2")
class TrimsHits(Specimen):
    """The ids of a search lose the NULs at their end."""

    def search(
        self, query: Any, k: Any = 10, *, metric: Any = "cosine", within: Any = None, with_ids: Any = True
    ) -> SearchResult:
        """Search."""
        found = super().search(query, k, metric=metric, within=within)
        if found.indices.ndim == 2:
            return found
        return found._replace(ids=[tuple(one.rstrip("\0 \n") for one in hit) for hit in found.ids])


@breaks("ID-2")
class TrimsWithin(Specimen):
    """``within`` cuts white space off its ids."""

    def search(
        self, query: Any, k: Any = 10, *, metric: Any = "cosine", within: Any = None, with_ids: Any = True
    ) -> SearchResult:
        """Search."""
        kept = [one.rstrip() if type(one) is str else one for one in within] if type(within) is list else within
        return super().search(query, k, metric=metric, within=kept)


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


@breaks("ID-2")
class SavedByLines(Renamed):
    """A saved file ends an id at its first line break."""

    def _through(self, text: str) -> str:
        return (text.splitlines() or [""])[0]

    def save(self, path: Any) -> None:
        """Save."""
        other = None if self.closed else self._renamed()
        if other is None:
            super().save(path)
        else:
            other.save(path)


@breaks("ID-2")
class SavedWithoutMark(Renamed):
    """Reading a saved file drops a byte order mark before an id."""

    def _through(self, text: str) -> str:
        return text.encode().decode("utf-8-sig")

    def save(self, path: Any) -> None:
        """Save."""
        other = None if self.closed else self._renamed()
        if other is None:
            super().save(path)
        else:
            other.save(path)


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
