"""The page of the fault matrix says what is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from refvec_conformance.campaign.acts import ACTS, Flush
from refvec_conformance.campaign.matrix import SOUND, TEXTS, of_damage, of_disks
from refvec_conformance.judging.target import resolved
from refvec_conformance.probes.durability import folder
from refvec_conformance.probes.sqlitefiles import available

PAGE = Path(__file__).parents[2] / "docs" / "fault-matrix.md"


def published():
    """Return the cells of the page: by title, what and where, what comes of each fault."""
    title, heads = "", []
    for line in PAGE.read_text("utf-8").splitlines():
        title = line.removeprefix("## ") if line.startswith("## ") else title
        row = line.strip("| ").split(" | ") if line.startswith("| ") else []
        if row and row[0] in ("who", "file"):
            heads = row
        elif row:
            cells = {fault: set(cell.split("; ")) for fault, cell in zip(heads, row, strict=True)}
            yield (title, row[0], row[1]), cells


def asked(act):
    """Return what comes of an act at some of its points."""
    every, most = (1, 12) if act is Flush else (5, 4)
    return TEXTS[act][0], lambda target, place: of_disks(target, place, act, every, most)


PARTS = [*map(asked, ACTS), ("Damaged bytes", lambda target, place: of_damage(target, place, 3))]


@pytest.mark.skipif(not available(), reason="sqlite is no shared library, so what it does is not seen")
@pytest.mark.parametrize(("title", "found"), PARTS, ids=[title for title, _ in PARTS])
def test_the_page_says_what_is_found(title, found):
    page = dict(published())
    with resolved("numpy") as target, folder() as place:
        table = found(target, place)
    new = {
        (*where, fault): outcomes - page.get((title, *where), {}).get(fault, set())
        for where, row in table.items()
        for fault, outcomes in row.items()
    }
    assert {where: outcomes for where, outcomes in new.items() if outcomes} == {}


def test_nothing_on_the_page_is_unsound():
    outcomes = {
        text
        for where, cells in published()
        for found in cells.values()
        for text in found
        if text not in (*where, "-")
    }
    assert outcomes <= SOUND
