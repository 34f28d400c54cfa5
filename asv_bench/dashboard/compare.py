"""Which measurements belong beside each other, and how many times one is the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .results import Measurement

Key = tuple[str, tuple[tuple[str, str], ...]]
Grid = dict[Key, dict[str, Measurement]]  # for each operation and its parameters, each backend's


def by_backend(measurements: Iterable[Measurement], name: str = "backend") -> Grid:
    """Return measurements with the same benchmark and parameters side by side, in their order."""
    grid: Grid = {}
    for one in measurements:
        backend = one.parameter(name)
        if backend is not None:
            grid.setdefault((one.benchmark, one.without(name)), {})[backend] = one
    return grid


def times_as_fast(cells: dict[str, Measurement], backend: str, baseline: str) -> float | None:
    """Return how many times as fast as the baseline a backend is, where both were measured."""
    if backend not in cells or baseline not in cells or not cells[backend].value:
        return None
    return cells[baseline].value / cells[backend].value


def columns(grid: Grid, backends: Sequence[str], baseline: str) -> dict[str, list[float | None]]:
    """Return a column of speed-ups over the baseline for each other backend that has any."""
    found = {
        backend: [times_as_fast(cells, backend, baseline) for cells in grid.values()]
        for backend in backends
        if backend != baseline
    }
    return {backend: values for backend, values in found.items() if any(value is not None for value in values)}


def measured(grid: Grid, baseline: str) -> Grid:
    """Return the operations that the baseline and another backend were measured in."""
    return {key: cells for key, cells in grid.items() if baseline in cells and len(cells) > 1}
