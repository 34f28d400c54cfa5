"""The words and signs that all reports share."""

from __future__ import annotations

from itertools import groupby

from ..judging.clauses import Clause, clauses
from ..judging.results import BackendResult, Verdict

FAMILIES = {
    "OPEN": "Construction",
    "INT": "Integers",
    "NAME": "Names",
    "ERR": "Errors",
    "ID": "Ids",
    "VEC": "Vectors",
    "DEDUP": "Identity of vectors",
    "ADD": "Adding",
    "UPSERT": "Replacing",
    "GET": "Reading",
    "REMOVE": "Removing",
    "INDEX": "Indices",
    "COUNT": "Counts and capacity",
    "SEARCH": "Search",
    "ATOM": "All or nothing",
    "THREAD": "Threads",
    "DUR": "Durability",
    "SAVE": "Interchange",
    "PLUGIN": "Plugins",
}

SIGNS = {
    Verdict.PASS: "✓",
    Verdict.FAIL: "✕",
    Verdict.EXPECTED_FAIL: "≈",
    Verdict.UNSUPPORTED_PROVEN: "⊘",
    Verdict.NOT_APPLICABLE: "·",
    Verdict.BLOCKED: "■",
    Verdict.NOT_RUN: "○",
}

MEANINGS = {
    Verdict.PASS: "every test of it that was run passed",
    Verdict.FAIL: "a test of it failed",
    Verdict.EXPECTED_FAIL: "a test of it failed as the file of expected failures says",
    Verdict.UNSUPPORTED_PROVEN: "the capability is not declared, and its use is refused as the contract says",
    Verdict.NOT_APPLICABLE: "nothing of it concerns this backend",
    Verdict.BLOCKED: "the smoke tier failed, so it was not asked",
    Verdict.NOT_RUN: "its tests did not run: too deep a tier, a dead process, or none written yet",
}


def families() -> list[tuple[str, list[Clause]]]:
    """Return the clauses by family, in the order of the contract as far as a family holds together."""
    rows = list(clauses().values())
    places = {family: place for place, family in reversed(list(enumerate(row.family for row in rows)))}
    rows.sort(key=lambda row: places[row.family])
    return [(family, list(group)) for family, group in groupby(rows, lambda row: row.family)]


def total_words(backend: BackendResult) -> str:
    """Return the totals of a backend as a phrase; zeros are left out."""
    return ", ".join(f"{count} {verdict}" for verdict, count in backend.totals.items() if count)
