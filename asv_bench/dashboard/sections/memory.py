"""Memory: a vector's share, what stays, and the peak of a process."""

from __future__ import annotations

from itertools import groupby

from .. import words
from ..compare import by_backend
from ..figures import FLOATS, bars
from ..parts import Card, Picture, Section
from ..results import Measurement, Results

AXIS = "dimension"
PER_VECTOR = "track_bytes_per_vector"
LEAD = (
    "Memory as the operating system counts it: resident bytes of the process. A component is a float of 4 "
    "bytes, so 384 components are 1,536 bytes whatever holds them; ids, tables and slack come on top."
)
CAPTIONS = {
    PER_VECTOR: "Bytes for each distinct vector, its ids and all tables included; lower is better.",
    "track_growth_per_vector": "What each of the second 10,000 vectors adds (384 components).",
    "track_left_after_clear": "What stays for each vector when all are removed; lower is better.",
}
PEAK = "The most that the process had, Python, numpy and the input included: compare the bars only."


def section(results: Results) -> Section | None:
    """Return bars for each figure in bytes."""
    found = sorted((one for one in results.newest if is_shown(one)), key=order)
    groups = groupby(found, key=lambda one: (one.benchmark, one.without("backend", AXIS)))
    parts = [picture(list(group), results.backends) for _, group in groups]
    return Section("memory", "Memory", LEAD, parts) if parts else None


def is_shown(one: Measurement) -> bool:
    """Say whether a measurement is memory of a backend."""
    return one.unit == "bytes" and one.parameter("backend") is not None


def order(one: Measurement) -> tuple[bool, str, tuple[tuple[str, str], ...]]:
    """Sort a vector's share first."""
    return one.operation != PER_VECTOR, one.benchmark, one.without("backend", AXIS)


def picture(group: list[Measurement], backends: list[str]) -> Picture:
    """Return bars of one figure: groups of dimensions, a bar for each backend."""
    sizes = sorted({one.parameter(AXIS) for one in group}, key=lambda value: int(value or 0))
    cells = {dict(rest).get(AXIS): found for (_, rest), found in by_backend(group).items()}
    series = {
        name: [cells[size][name].value if name in cells[size] else None for size in sizes]
        for name in backends
        if any(name in found for found in cells.values())
    }
    if group[0].operation == PER_VECTOR:
        series[FLOATS] = [4.0 * int(size) if size else None for size in sizes]
    labels = [words.parameter(AXIS, size).replace("\u00a0", "<br>") if size else " " for size in sizes]
    title = words.label(group[0], "backend", AXIS)
    caption = CAPTIONS.get(group[0].operation, PEAK)
    return Picture(title[0].upper() + title[1:], caption, bars(labels, series, words.size, "memory"))


def cards(results: Results) -> list[Card]:
    """Return what the rust backend needs for a vector."""
    wanted = {"backend": "rust", AXIS: "384", "duplicates": "0.0"}
    for one in results.newest:
        if one.operation == PER_VECTOR and dict(one.parameters) == wanted:
            return [
                Card(words.size(one.value), "for each vector of 384 floats (1,536 bytes), in the rust backend")
            ]
    return []
