"""The table that this project began with, and how much faster than python and numpy we are in it."""

from __future__ import annotations

from .. import words
from ..compare import Grid, by_backend, columns, measured, times_as_fast
from ..figures import SEED, ratios
from ..parts import Card, Picture, Section, Table
from ..results import Measurement, Results

MODULE = "seed_table"
# How many times as fast as its Python class the seed published its Rust class to be.
PUBLISHED = {
    "time_add_10000": 2.83,
    "time_add_100_duplicates": 3.89,
    "time_get_1000": 1.82,
    "time_batch_get_1000_x100": 1.26,
    "time_remove_1000": 2.29,
    "time_total": 2.19,
}
LEAD = (
    "The five operations that this project was first measured by, on 10,000 vectors of 384 components, and "
    "all five in a row. Every backend is a store with the same promises; python and numpy are ours too, so "
    "this compares ways to build it."
)


def section(results: Results) -> Section | None:
    """Return the table and a picture for each baseline."""
    grid = rows(results)
    if not grid:
        return None
    pictures = [picture(grid, results.backends, baseline) for baseline in ("python", "numpy")]
    parts = [made for made in pictures if made is not None]
    return Section(
        "seed-table", "The first table, measured again", LEAD, [table(grid, results.backends), *parts]
    )


def rows(results: Results) -> Grid:
    """Return the lines of the table as they were published, then what was added since."""
    grid = by_backend(one for one in results.newest if one.module == MODULE)
    order = list(PUBLISHED)
    place = {key: order.index(name) if (name := operation(key[0])) in order else len(order) for key in grid}
    return {key: grid[key] for key in sorted(grid, key=lambda key: (place[key], key))}


def operation(benchmark: str) -> str:
    """Return the method of a benchmark."""
    return benchmark.split(".")[-1]


def table(grid: Grid, backends: list[str]) -> Table:
    """Return times, below each how many times as fast as python, and what the seed published."""
    header = ["operation", *backends, "seed: Rust over Python"]
    lines = []
    for (benchmark, _), cells in grid.items():
        published = PUBLISHED.get(operation(benchmark))
        seed = words.ratio(published) if published else "–"
        lines.append([words.operation(operation(benchmark)), *(cell(cells, name) for name in backends), seed])
    caption = (
        "The median time of the whole operation, smaller is better; below it, how many times as fast as "
        "python. The last column is the ratio that the seed published for its own Rust class over its own "
        "Python class, on another machine."
    )
    return Table("Times", caption, header, lines)


def cell(cells: dict[str, Measurement], name: str) -> str:
    """Return a time, and below it the ratio to python."""
    if name not in cells:
        return "–"
    faster = times_as_fast(cells, name, "python") if name != "python" else None
    return words.seconds(cells[name].value) + (f"\n{words.ratio(faster)}" if faster else "")


def picture(grid: Grid, backends: list[str], baseline: str) -> Picture | None:
    """Return bars of speed-ups over a baseline; over python, with those that the seed published."""
    shown = measured(grid, baseline)
    series = columns(shown, backends, baseline)
    if not series:
        return None
    names = [operation(benchmark) for benchmark, _ in shown]
    caption = f"Longer is faster: a bar that ends at 3× takes a third of the time of {baseline}."
    if baseline == "python":
        series[SEED] = [PUBLISHED.get(name) for name in names]
        caption += " The grey bars are what the seed published about its own two classes, measured elsewhere."
    figure = ratios([words.operation(name) for name in names], series, f"times as fast as {baseline}")
    return Picture(f"How many times as fast as {baseline}", caption, figure)


def cards(results: Results) -> list[Card]:
    """Return the total of the table over python and numpy, as numbers that stand out."""
    total = next((cells for (name, _), cells in rows(results).items() if name.endswith("time_total")), {})
    found = []
    for baseline in ("python", "numpy"):
        faster = times_as_fast(total, "rust", baseline)
        if faster:
            text = f"as fast as {baseline}, the rust backend in the five operations of the first table together"
            found.append(Card(words.ratio(faster), text))
    if found:
        found[0] = Card(
            found[0].number, f"{found[0].text} (the seed's own two classes: {PUBLISHED['time_total']}×)"
        )
    return found
