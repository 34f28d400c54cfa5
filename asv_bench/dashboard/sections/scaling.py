"""Cost over the number of vectors and over their dimension, on logarithmic axes."""

from __future__ import annotations

from collections.abc import Iterable

from .. import lines, words
from ..compare import by_backend
from ..parts import Picture, Section
from ..results import Measurement, Results

AXES = {"n": "vectors in the store", "dimension": "components of a vector"}
LEAD = (
    "How the cost of an operation grows. Both scales are logarithmic: a line that rises as steeply as the "
    "diagonal means twice the size for twice the cost, a flat one that size does not matter. Whiskers hold "
    "the middle half of the samples."
)


def has_size(one: Measurement) -> bool:
    """Say whether a measurement belongs to a line over a size."""
    return any(one.parameter(axis) is not None for axis in AXES)


def section(results: Results) -> Section | None:
    """Return a picture for each operation and size, a line for each backend."""
    found = [one for one in results.newest if one.unit == "seconds"]
    parts = [picture for axis in AXES for picture in pictures(found, axis, results.backends)]
    return Section("scaling", "Cost as the store grows", LEAD, parts) if parts else None


def pictures(found: Iterable[Measurement], axis: str, backends: list[str]) -> list[Picture]:
    """Return the pictures over one size."""
    groups: dict[tuple[object, ...], list[Measurement]] = {}
    for one in found:
        if one.parameter(axis) is not None and one.parameter("backend") is not None:
            groups.setdefault((one.benchmark, one.without("backend", axis)), []).append(one)
    return [picture(group, axis, backends) for group in groups.values()]


def picture(group: list[Measurement], axis: str, backends: list[str]) -> Picture:
    """Return one picture: every backend's line."""
    cells = by_backend(group).values()
    series = {name: [found[name] for found in cells if name in found] for name in backends}
    series = {name: points for name, points in series.items() if points}
    title = words.label(group[0], "backend", axis)
    caption = f"Time for “{title}” over the {AXES[axis].replace(' a ', ' each ')}; lower is better."
    return Picture(title[0].upper() + title[1:], caption, lines.over(axis, series, AXES[axis]))
