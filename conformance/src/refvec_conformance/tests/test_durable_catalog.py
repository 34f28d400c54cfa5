"""DUR-6: pages of the catalog that sqlite finds in order, and that no writer has written."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from refvec import CorruptStoreError
from refvec.durable.packedids import packed
from refvec.durable.packing import numbers
from refvec.durable.pagedigest import digest
from refvec.durable.records import NO_PAYLOADS

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.damaging import (
    ROWS,
)
from refvec_conformance.probes.durability import history
from refvec_conformance.probes.fixtures import UNITS


def changed_by_sqlite(place: Path, *statements: str) -> None:
    """Change a catalog as sqlite allows it, so that its own structure stays intact."""
    connection = sqlite3.connect(place / "catalog.sqlite")
    connection.create_function("swapped", 1, lambda content: content.replace(b"id ", b"ID "))
    connection.create_function("grown", 1, lambda content: content.replace(b'"capacity": ', b'"capacity": 9'))
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


TAMPERED = {
    "an id of the log": ["UPDATE pages SET content = swapped(content) WHERE kind = 'log'"],
    "the capacity": ["UPDATE pages SET content = grown(content) WHERE kind = 'meta'"],
    "no log": ["DELETE FROM pages WHERE kind = 'log' AND flush = 2"],
    "no snapshot": ["DELETE FROM pages WHERE kind = 'ids'"],
    "no meta": ["DELETE FROM pages WHERE kind = 'meta'"],
    "logs exchanged": [
        "UPDATE pages SET flush = -flush WHERE kind = 'log' AND flush IN (2, 3)",
        "UPDATE pages SET flush = 5 + flush WHERE kind = 'log' AND flush < 0",
    ],
    "another table": ["CREATE TABLE more (one)"],
    "no table": ["DROP TABLE pages"],
    "a view": ["ALTER TABLE pages RENAME TO others", "CREATE VIEW pages AS SELECT * FROM others"],
}


@clause("DUR-6", requires="durable")
@pytest.mark.parametrize("statements", TAMPERED.values(), ids=TAMPERED)
def test_pages_that_are_not_as_they_were_written(
    target: Target, place: Path, seed: int, statements: list[str]
) -> None:
    history(target, place, seed, 4)
    changed_by_sqlite(place, *statements)
    for mode in ("r", "a"):
        with pytest.raises(CorruptStoreError, match=r"catalog\.sqlite"):
            target.open(path=place, mode=mode)


UUID_LIKE = [f"{at:08x}-0000-4000-8000-000000000000" for at in range(3)]
NONE = len(NO_PAYLOADS.encode())


def payloads(*columns: list[int]) -> bytes:
    """Return the end of a log."""
    return b"".join(numbers(np.array(column, np.int64)) for column in columns)


# What no writer has written, under a checksum that is right: by the place in the catalog.
REWRITTEN: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "no room for the ids": ("log", lambda content: content[:40]),
    "fewer ids than codes": ("log", lambda content: packed(UUID_LIKE[:2]) + content[16 + 48 :]),
    "another form of ids": ("log", lambda content: b"\x07" + content[1:]),
    "no fingerprints": (
        "log",
        lambda content: content[: -16 - 16 - NONE] + numbers(np.arange(0)) + NO_PAYLOADS.encode(),
    ),
    "fingerprints too wide": (
        "log",
        lambda content: content[: -16 - 16 - NONE] + numbers(np.full(3, 2**40)) + NO_PAYLOADS.encode(),
    ),
    "a payload without a place": ("log", lambda content: content[:-NONE] + payloads([1], [], [])),
    "a payload at no place": ("log", lambda content: content[:-NONE] + payloads([1], [0], [])),
    "no payload dropped": ("log", lambda content: content[:-NONE] + payloads([], [], [0])),
    "no seed": ("meta", lambda content: content.replace(b'"seed"', b'"sead"')),
    "a seed too large": ("meta", lambda content: content.replace(b'"seed": ', b'"seed": 99999999999999999999')),
}


def rewrite(place: Path, kind: str, change: Callable[[bytes], bytes]) -> None:
    """Change the content of a page, and let it have the checksum of what it has become."""
    connection = sqlite3.connect(place / "catalog.sqlite")
    ((flush, content),) = connection.execute(
        "SELECT flush, content FROM pages WHERE kind = ? ORDER BY flush DESC LIMIT 1", (kind,)
    )
    changed = change(content[8:])
    assert changed != content[8:]
    whole = len(changed).to_bytes(8, "little") + changed
    values = (whole, digest(kind, flush, 0, whole), kind, flush)
    connection.execute("UPDATE pages SET content = ?, digest = ? WHERE kind = ? AND flush = ?", values)
    connection.commit()
    connection.close()


@clause("DUR-6", requires="durable")
@pytest.mark.parametrize(("kind", "change"), REWRITTEN.values(), ids=REWRITTEN)
def test_pages_that_contradict_themselves(
    target: Target, place: Path, kind: str, change: Callable[[bytes], bytes]
) -> None:
    with target.open(4, path=place) as store:
        store.add_vectors(UUID_LIKE, UNITS[:3])
    rewrite(place, kind, change)
    for mode in ("r", "a"):
        with pytest.raises(CorruptStoreError, match=r"catalog\.sqlite"):
            target.open(path=place, mode=mode)


@clause("DUR-6", requires="durable")
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_fingerprint_that_is_not_of_its_row_is_found_by_verify(target: Target, place: Path, at: int) -> None:
    with target.open(4, path=place) as store:
        store.add_vectors(UUID_LIKE, UNITS[:3])

    def flip(content: bytes) -> bytes:
        raw = bytearray(content)
        raw[len(raw) - NONE - 16 + 4 * at] ^= 1
        return bytes(raw)

    rewrite(place, "log", flip)
    with (
        target.open(path=place, mode="r") as store,
        pytest.raises(CorruptStoreError, match=rf"{ROWS}.*index {at}\b.*fingerprint"),
    ):
        store.verify()


@clause("DUR-6", requires="durable")
def test_another_seed_is_found_by_verify(target: Target, place: Path) -> None:
    with target.open(4, path=place) as store:
        store.add_vectors(UUID_LIKE, UNITS[:3])
    rewrite(place, "meta", lambda content: re.sub(rb'"seed": \d+', b'"seed": 12345', content))
    with (
        target.open(path=place, mode="r") as store,
        pytest.raises(CorruptStoreError, match=rf"{ROWS}.*fingerprint"),
    ):
        store.verify()
