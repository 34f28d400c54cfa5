"""What a user could take instead, beside our backends."""

from __future__ import annotations

from .. import words
from ..compare import Grid, by_backend
from ..figures import dots
from ..parts import Picture, Section
from ..results import Measurement, Results

MODULE = "peers"
LEAD = (
    "Libraries that were installed where this was measured, and the array with a dictionary that one writes "
    "without a library. None of them stores identical vectors once, counts references, or checks its input "
    "as our backends do: they do less for their time. All run on one thread."
)


def section(results: Results) -> Section | None:
    """Return a picture of what stores and one of searches."""
    theirs = by_backend((one for one in results.newest if one.module == MODULE), "peer")
    ours = by_backend(results.newest)
    grid = {key: {**alike(key, ours), **cells} for key, cells in theirs.items()}
    searches = {key: cells for key, cells in grid.items() if "search" in key[0]}
    stores = {key: cells for key, cells in grid.items() if key not in searches}
    names = [*results.backends, *dict.fromkeys(name for cells in theirs.values() for name in cells)]
    made = (
        picture("Adding, getting, removing", stores, names),
        picture("The ten nearest of 10,000", searches, names),
    )
    parts = [part for part in made if part is not None]
    return Section("peers", "Beside other libraries", LEAD, parts) if parts else None


def alike(key: tuple[str, tuple[tuple[str, str], ...]], ours: Grid) -> dict[str, Measurement]:
    """Return our backends' measurements of the same operation with the same parameters."""
    for (benchmark, rest), cells in ours.items():
        if benchmark.split(".")[-1] == key[0].split(".")[-1] and dict(rest) == dict(key[1]):
            return cells
    return {}


def picture(title: str, grid: Grid, names: list[str]) -> Picture | None:
    """Return symbols of times, a row an operation, a symbol for each backend and peer."""
    if not grid:
        return None
    series = {
        name: [cells[name].value if name in cells else None for cells in grid.values()]
        for name in names
        if any(name in cells for cells in grid.values())
    }
    labels = [words.label(next(iter(cells.values())), "backend", "peer") for cells in grid.values()]
    caption = "Time of the whole operation; left is faster. What is missing was not measured, or cannot do it."
    return Picture(title, caption, dots(labels, series, words.seconds, "time", at=None))
