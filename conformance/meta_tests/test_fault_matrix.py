"""The page of the fault matrix says what is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from refvec_conformance.campaign.matrix import SOUND, of_damage, of_disks
from refvec_conformance.judging.target import resolved
from refvec_conformance.probes.durability import folder
from refvec_conformance.probes.sqlitefiles import available

PAGE = Path(__file__).parents[2] / "docs" / "fault-matrix.md"


def published():
    """Return the cells of the page: by what and where, what comes of each fault."""
    rows = [
        line.strip("| ").split(" | ") for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")
    ]
    heads = {}
    for row in rows:
        if row[0] in ("who", "file"):
            heads = row
        else:
            cells = {fault: set(cell.split("; ")) for fault, cell in zip(heads, row, strict=True)}
            yield (row[0], row[1]), cells


@pytest.mark.skipif(not available(), reason="sqlite is no shared library, so what it does is not seen")
@pytest.mark.parametrize("found", [of_disks, lambda *where: of_damage(*where, 3)], ids=["disks", "damage"])
def test_the_page_says_what_is_found(found):
    page = dict(published())
    with resolved("numpy") as target, folder() as place:
        table = found(target, place)
    new = {
        (*where, fault): outcomes - page.get(where, {}).get(fault, set())
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
