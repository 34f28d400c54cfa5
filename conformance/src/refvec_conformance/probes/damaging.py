"""Stores whose bytes somebody has changed (DUR-6), by kind of damage and by what the place is for."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from refvec import CorruptStoreError, RefvecError
from refvec.durable.checking import Damages
from refvec.durable.places import place_of

from ..judging.target import Target
from .durability import held, history, names_in

CATALOG, LOG, HEAD, LOCK, ROWS = (
    "catalog.sqlite",
    "catalog.sqlite-wal",
    "head",
    "writer.lock",
    "rows-00000001.f32",
)
FILES = (CATALOG, LOG, HEAD, ROWS)
FRAME, FIRST, ROW = 24, 4096, 8  # bytes: what precedes a page in sqlite's log, and a row

REFUSED, SAME = "refused", "same content"
Span = tuple[int, int]
Damage = Callable[..., None]


def _flip(raw: bytearray, at: int) -> None:
    raw[at] ^= 1 << (at * 5 + 3) % 8


def _zero(raw: bytearray, at: int) -> None:
    raw[at : at + 64] = bytes(len(raw[at : at + 64]))


def _cut(raw: bytearray, at: int) -> None:
    del raw[at:]


DAMAGES: dict[str, Damage] = {"a bit flipped": _flip, "64 bytes zeroed": _zero, "cut off there": _cut}


def crashed(target: Target, place: Path, seed: int) -> dict[str, Any]:
    """Have a store as a crash leaves it, its last flushes in the log of sqlite; return what it holds."""
    origin = place.with_name("origin")
    history(target, origin, seed, 5)
    store = target.open(path=origin)
    store.upsert_vectors(["a", "b", "c"], [[7, 8], [9, 10], [7, 8]])
    store.flush()
    wanted = held(store)
    shutil.copytree(origin, place, ignore=shutil.ignore_patterns("*-shm"))
    store.close()
    return wanted


def contents(place: Path) -> dict[str, bytes]:
    """Return the files of a directory, but for what sqlite makes for readers: shared memory, an empty log."""
    names = [name for name in names_in(place) if not name.endswith("-shm")]
    found = {name: (place / name).read_bytes() for name in names if (place / name).is_file()}
    return {name: content for name, content in found.items() if content or not name.endswith("-wal")}


class Damaged:
    """One store, to be damaged again and again.

    Parameters
    ----------
    target : Target
        The backend.
    place : Path
        A directory to be made.
    seed : int
        Of what is in it.
    """

    def __init__(self, target: Target, place: Path, seed: int) -> None:
        self._target, self._place = target, place
        self._wanted = crashed(target, place, seed)
        self.whole = contents(place)

    def regions(self, name: str) -> dict[str, list[Span]]:
        """Return what the parts of a file are for, each as spans of bytes."""
        size = len(self.whole[name])
        page = int.from_bytes(self.whole[CATALOG][16:18], "big")
        if name == HEAD:
            return {"magic": [(0, 8)], "store": [(8, 24)], "flush": [(24, 32)], "checksum": [(32, 36)]}
        if name == CATALOG:
            starts = [100, *range(page, size, page)]
            cells = [(one + 12, one // page * page + page) for one in starts]
            return {"header": [(0, 100)], "pages' headers": [(one, one + 12) for one in starts], "pages": cells}
        if name == LOG:
            starts = [*range(32, size - page, FRAME + page)]
            heads = [(one, one + FRAME) for one in starts]
            pages = [(one + FRAME, one + FRAME + page) for one in starts]
            return {"header": [(0, 32)], "frames' headers": heads, "pages": pages}
        used = sorted(self._wanted["rows"])
        rows = {at: (FIRST + ROW * at, FIRST + ROW * (at + 1)) for at in range(used[-1] + 9)}
        nobodys = [span for at, span in rows.items() if at not in used]
        return {
            "header": [(0, 44)],
            "zeros": [(44, FIRST)],
            "rows": [rows[at] for at in used],
            "rows of nobody": nobodys,
        }

    def outcome(self, name: str, change: Callable[[bytearray], None]) -> str:
        """Return `REFUSED` or `SAME`; anything else is what is wrong."""
        raw = bytearray(self.whole[name])
        change(raw)
        return self.outcome_of({**self.whole, name: bytes(raw)}, name)

    def outcome_of(self, files: dict[str, bytes], name: str) -> str:
        """Return the outcome of these files, of which one is damaged."""
        shutil.rmtree(self._place)
        self._place.mkdir()
        for one, content in files.items():
            (self._place / one).write_bytes(content)
        before = contents(self._place)
        found = {mode: self._read(mode) for mode in ("r", "r+")}
        if set(found.values()) == {SAME}:
            return SAME
        for mode, text in found.items():
            wrong = self._wrong(text, name)
            if wrong:
                return f"mode {mode}: {wrong}"
        now = contents(self._place)
        # A writer that reads its rows when they are wanted was open: it may tidy up the intact catalog.
        if now.get(name) != before.get(name) or (now != before and name != ROWS):
            return "what is damaged was changed"
        return REFUSED if self._verify_names_it() else "verify does not name it"

    def _read(self, mode: str) -> str:
        try:
            with self._target.open(path=self._place, mode=mode) as store:
                return SAME if held(store) == self._wanted else "it serves something else"
        except CorruptStoreError as error:
            return f"{REFUSED}: {error}"
        except (RefvecError, OSError) as error:
            return f"{type(error).__name__}: {error}"

    def _wrong(self, text: str, name: str) -> str | None:
        """Return what is wrong with a refusal; which of its two files is damaged is sqlite's to guess."""
        if not text.startswith(REFUSED):
            return text
        wanted = str(self._place / (name if name in (HEAD, ROWS) else CATALOG))
        return None if wanted in text else f"it names another file than {name}: {text}"

    def _verify_names_it(self) -> bool:
        try:
            return str(self._place) in "".join(map(str, Damages(place_of(self._place))))
        except CorruptStoreError as error:
            return str(self._place) in str(error)


def places(spans: list[Span], count: int, rng: np.random.Generator) -> Iterator[int]:
    """Yield offsets within spans: all of them if they are not more, else so many of them."""
    every = np.concatenate([np.arange(*span) for span in spans])
    yield from sorted((every if len(every) <= count else rng.choice(every, count, replace=False)).tolist())
