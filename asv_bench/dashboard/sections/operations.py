"""The speed-up over python and numpy of every other operation."""

from __future__ import annotations

from collections.abc import Sequence

from .. import words
from ..compare import Grid, by_backend, columns, measured
from ..figures import dots
from ..parts import Picture, Section, Table
from ..results import Measurement, Results
from .scaling import has_size
from .seed_table import MODULE as SEED_TABLE

LEAD = (
    "Each row is an operation, each symbol a backend: right of the dashed line it is faster than what it is "
    "compared with, left of it slower. The scale is logarithmic: from 1× to 10× is as far as from 10× to "
    "100×."
)


def section(results: Results) -> Section | None:
    """Return two pictures for each file of benchmarks: over python, and over numpy."""
    found = [one for one in results.newest if is_shown(one)]
    parts: list[Picture | Table] = []
    for module in dict.fromkeys(one.module for one in found):
        grid = by_backend(one for one in found if one.module == module)
        pictures = (picture(module, grid, results.backends, baseline) for baseline in ("python", "numpy"))
        parts += [made for made in pictures if made is not None]
    parts += shared(found)
    return Section("operations", "Every other operation", LEAD, parts) if parts else None


def shared(found: Sequence[Measurement]) -> list[Table]:
    """Return a table of what has no backend, such as imports."""
    alone = [one for one in found if not {"backend", "peer"} & dict(one.parameters).keys()]
    rows = [[words.label(one), words.seconds(one.value)] for one in alone]
    caption = "Median times in a process of its own; refvec's is on top of numpy's, which it needs."
    return [Table("Whatever the backend", caption, ["operation", "time"], rows)] if rows else []


def is_shown(one: Measurement) -> bool:
    """Say whether a measurement is a time that no other section shows."""
    return one.unit == "seconds" and one.module != SEED_TABLE and not has_size(one)


def picture(module: str, grid: Grid, backends: list[str], baseline: str) -> Picture | None:
    """Return symbols of speed-ups over a baseline, a row an operation."""
    shown = measured(grid, baseline)
    series = columns(shown, backends, baseline)
    if not series:
        return None
    labels = [words.label(next(iter(cells.values())), "backend") for cells in shown.values()]
    group = words.GROUPS.get(module, module.replace("_", " ").capitalize())
    left_out = len(grid) - len(shown)
    caption = f"Times as fast as {baseline}." + (
        f" {left_out} more were not measured with {baseline}, which would take seconds." if left_out else ""
    )
    figure = dots(labels, series, words.ratio, f"times as fast as {baseline}", at=1.0)
    return Picture(f"{group}: compared with {baseline}", caption, figure)
