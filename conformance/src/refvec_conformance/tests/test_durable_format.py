"""DUR-3: one format, which every durable backend writes and reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from refvec import (
    VectorStore,
    backends,
)

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.durability import flushes, history, kept, names_in
from refvec_conformance.probes.fixtures import UNITS

from .helpers import stock


def durable_names() -> list[str]:
    """Return the installed backends that declare it."""
    return [row.name for row in backends() if row.capabilities is not None and row.capabilities.durable]


@clause("DUR-3", requires="durable")
@pytest.mark.parametrize("other", durable_names())
def test_a_store_opens_in_every_other_durable_backend(
    target: Target, place: Path, seed: int, other: str
) -> None:
    wanted = history(target, place, seed, 8)[-1]
    elsewhere = Target(other, type(VectorStore(2, backend=other)))
    assert kept(elsewhere, place) == wanted
    with elsewhere.open(path=place) as store:
        *_, wanted = flushes(store, seed + 1, 8)
    assert kept(target, place) == wanted


@clause("DUR-3", requires="durable")
def test_the_bytes_are_those_of_the_format(target: Target, place: Path) -> None:
    with stock(target, place, precision=2):
        rows = place / "rows-00000001.f32"
        assert rows.read_bytes()[4096 : 4096 + 32] == UNITS[:2].astype("<f4").tobytes()
    assert {"catalog.sqlite", "head", "writer.lock", rows.name} <= set(names_in(place))
    assert (place / "catalog.sqlite").read_bytes()[68:72] == b"RFVC"
