"""Plotly figures of lines: cost over a size, and cost over commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import words
from .figures import BAD, log_axis, look, marker
from .parts import Figure
from .results import Measurement


def over(axis: str, series: Mapping[str, Sequence[Measurement]], title: str) -> Figure:
    """Return a line for each backend over a parameter that is a number, on logarithmic axes."""
    names = list(series)
    points = {name: sorted(found, key=lambda one: position(one, axis)) for name, found in series.items()}
    data = [
        {
            **line(name, names, found),
            "x": [position(one, axis) for one in found],
            "error_y": spread(found, look(name, names)[0]),
        }
        for name, found in points.items()
    ]
    sizes = sorted({position(one, axis) for found in points.values() for one in found})
    values = extremes(points.values())
    xaxis = {**log_axis(sizes, plain), "tickvals": sizes, "ticktext": [plain(value) for value in sizes]}
    unit = next((one.unit for found in points.values() for one in found), "seconds")
    yaxis = {"title": {"text": "time"}, **log_axis(values, lambda value: words.quantity(value, unit))}
    return {
        "data": data,
        "layout": {"xaxis": {**xaxis, "title": {"text": title}}, "yaxis": yaxis, "height": 280},
    }


def over_commits(
    order: Sequence[str], series: Mapping[str, Sequence[Measurement]], marked: Mapping[str, set[str]]
) -> Figure:
    """Return a line for each backend over commits in order; commits that made it slower are marked."""
    names = list(series)
    data = [
        {
            **line(name, names, found),
            "x": [one.commit.short for one in found],
            "error_y": spread(found, look(name, names)[0]),
        }
        for name, found in series.items()
    ]
    slower = [one for name, found in series.items() for one in found if one.commit.hash in marked.get(name, ())]
    if slower:
        data.append(marks(slower))
    values = extremes(series.values())
    unit = next((one.unit for found in series.values() for one in found), "seconds")
    xaxis = {"type": "category", "categoryorder": "array", "categoryarray": list(order), **few(order)}
    yaxis = {"title": {"text": "time"}, **log_axis(values, lambda value: words.quantity(value, unit))}
    return {"data": data, "layout": {"xaxis": xaxis, "yaxis": yaxis, "height": 280}}


def few(order: Sequence[str]) -> dict[str, Any]:
    """Return ticks for at most four commits, evenly spread: more would not fit below a picture."""
    last = len(order) - 1
    places = sorted({round(last * part / 3) for part in range(4)})
    return {"tickvals": [order[place] for place in places], "tickangle": 0}


def line(name: str, names: Sequence[str], found: Sequence[Measurement]) -> dict[str, Any]:
    """Return what every line has."""
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "y": [one.value for one in found],
        "line": {"color": look(name, names)[0], "width": 2},
        "marker": marker(name, names, 9 if len(found) <= 12 else 5),
        "customdata": [words.quantity(one.value, one.unit) for one in found],
        "hovertemplate": "%{customdata}",
    }


def spread(found: Sequence[Measurement], colour: str) -> dict[str, Any]:
    """Return whiskers from the lower to the upper quartile."""
    quartiles = [one.spread or (one.value, one.value) for one in found]
    return {
        "type": "data",
        "symmetric": False,
        "array": [max(0.0, high - one.value) for one, (_, high) in zip(found, quartiles, strict=True)],
        "arrayminus": [max(0.0, one.value - low) for one, (low, _) in zip(found, quartiles, strict=True)],
        "color": colour,
        "thickness": 1,
        "width": 3,
    }


def marks(slower: Sequence[Measurement]) -> dict[str, Any]:
    """Return rings around the points where a regression begins."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "slower from here",
        "x": [one.commit.short for one in slower],
        "y": [one.value for one in slower],
        "marker": {"color": BAD, "symbol": "circle-open", "size": 18, "line": {"width": 3}},
        "hoverinfo": "skip",
    }


def extremes(lines: Iterable[Sequence[Measurement]]) -> list[float]:
    """Return all values, and where their whiskers end."""
    return [value for found in lines for one in found for value in (one.value, *(one.spread or ()))]


def position(one: Measurement, axis: str) -> float:
    """Return where a measurement stands on an axis."""
    return float(one.parameter(axis) or 0)


def plain(value: float) -> str:
    """Return a count: thousands and millions are short, so that ticks do not touch."""
    if value >= 1e6:
        return f"{value / 1e6:g} M"
    return f"{value:,.0f}"
