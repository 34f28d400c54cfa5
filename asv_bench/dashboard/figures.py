"""Plotly figures as plain dictionaries: bars, dots and lines, one colour and symbol for each name."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import count, pairwise
from typing import Any

from . import words
from .parts import Figure

# Readable on white and on black alike, and told apart without colour by the symbol.
LOOKS = {
    "python": ("#8a7d1f", "square"),
    "numpy": ("#3f7fd0", "circle"),
    "rust": ("#d2562a", "diamond"),
    "numpy + dict": ("#8e63c7", "triangle-up"),
    "faiss": ("#22967a", "cross"),
    "usearch": ("#c2558f", "star"),
}
OTHERS = (("#a0684a", "x"), ("#2a8fae", "triangle-down"), ("#5f8f38", "pentagon"), ("#6c70d8", "hexagon"))
NEUTRAL = "#878c96"
BAD = "#d1334a"
SEED = "seed's Rust over its Python"
FLOATS = "the floats alone"
REFERENCES = (SEED, FLOATS)  # not measured here: grey
ACROSS = 28  # characters from the first to the last text below a picture on a telephone

Values = Sequence[float | None]


def look(name: str, names: Sequence[str]) -> tuple[str, str]:
    """Return colour and symbol of a backend or peer, given all that are in the picture."""
    if name in REFERENCES:
        return NEUTRAL, "square"
    if name in LOOKS:
        return LOOKS[name]
    others = [other for other in names if other not in LOOKS and other not in REFERENCES]
    return OTHERS[others.index(name) % len(OTHERS)]


def bars(
    labels: Sequence[str], series: Mapping[str, Values], form: Callable[[float], str], title: str
) -> Figure:
    """Return upright bars of bytes in groups; ``labels`` stand below them."""
    names = list(series)
    data = [
        {
            "type": "bar",
            "name": name,
            "x": list(labels),
            "y": list(values),
            "marker": {"color": look(name, names)[0]},
            "hovertemplate": "%{customdata}",
            "customdata": [None if value is None else form(value) for value in values],
        }
        for name, values in series.items()
    ]
    yaxis = {"title": {"text": title}, "rangemode": "tozero", "tickformat": "~s", "ticksuffix": "B"}
    return {
        "data": data,
        "layout": {
            "xaxis": {"type": "category"},
            "yaxis": yaxis,
            "height": 280,
            "bargap": 0.25 if len(labels) > 1 else 0.6,
        },
    }


def ratios(labels: Sequence[str], series: Mapping[str, Values], title: str) -> Figure:
    """Return lying bars of ratios, from zero, each with its number; the first label is on top."""
    names = list(series)
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "name": name,
            "y": [wrapped(label) for label in labels],
            "x": list(values),
            "marker": {"color": look(name, names)[0]},
            "text": ["" if value is None else words.ratio(value) for value in values],
            "textposition": "outside",
            "cliponaxis": False,
            "hovertemplate": "%{text}",
        }
        for name, values in series.items()
    ]
    highest = max((value for values in series.values() for value in values if value), default=1.0)
    xaxis = {"title": {"text": title}, "range": [0, 1.18 * max(highest, 1.0)], "ticksuffix": "×"}
    height = 70 + len(labels) * (16 + 20 * len(names))
    return {
        "data": data,
        "layout": {"xaxis": xaxis, "yaxis": upside_down(labels), "height": height, **line_at(1)},
    }


def dots(
    labels: Sequence[str],
    series: Mapping[str, Values],
    form: Callable[[float], str],
    title: str,
    at: float | None,
) -> Figure:
    """Return a row of symbols for each label, on a logarithmic axis with a line `at` a value."""
    names = list(series)
    data = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": name,
            "y": [wrapped(label) for label in labels],
            "x": list(values),
            "marker": marker(name, names, 11),
            "customdata": [None if value is None else form(value) for value in values],
            "hovertemplate": "%{customdata}",
        }
        for name, values in series.items()
    ]
    values = [value for found in series.values() for value in found] + [at]
    xaxis = {"title": {"text": title}, **side_by_side(log_axis(values, form))}
    height = 70 + 34 * len(labels)
    lines = {} if at is None else line_at(at)
    return {"data": data, "layout": {"xaxis": xaxis, "yaxis": upside_down(labels), "height": height, **lines}}


def upside_down(labels: Sequence[str]) -> dict[str, Any]:
    """Return an axis of categories, the first on top."""
    order = [wrapped(label) for label in labels]
    return {"type": "category", "categoryarray": order, "range": [len(order) - 0.5, -0.5], "automargin": True}


def line_at(value: float) -> dict[str, Any]:
    """Return a dashed upright line: as fast as what is compared with."""
    line = {"color": NEUTRAL, "width": 1.5, "dash": "dash"}
    shape = {"type": "line", "yref": "paper", "x0": value, "x1": value, "y0": 0, "y1": 1, "line": line}
    return {"shapes": [{**shape, "layer": "below"}]}


def marker(name: str, names: Sequence[str], width: int) -> dict[str, Any]:
    """Return the marker of a backend or peer."""
    colour, symbol = look(name, names)
    return {"color": colour, "symbol": symbol, "size": width}


def log_axis(values: Sequence[float | None], form: Callable[[float], str]) -> dict[str, Any]:
    """Return a logarithmic axis that holds the values, its ticks written by `form`."""
    real = [value for value in values if value]
    low, high = math.log10(min(real, default=1)), math.log10(max(real, default=1))
    room = max(0.08, 0.06 * (high - low))
    low, high = low - room, high + room
    ticks = log_ticks(low, high)
    return {
        "type": "log",
        "range": [low, high],
        "tickvals": ticks,
        "ticktext": [short(form(tick)) for tick in ticks],
    }


def log_ticks(low: float, high: float) -> list[float]:
    """Return round numbers between two powers of ten: six at most, three at least."""
    decades = range(math.floor(low), math.ceil(high) + 1)
    for steps in ((1,), (1, 3), (1, 2, 5)):
        ticks = [step * 10.0**decade for decade in decades for step in steps]
        ticks = [tick for tick in ticks if low <= math.log10(tick) <= high]
        if len(ticks) >= 3:
            return ticks[:: math.ceil(len(ticks) / 6)]
    return even_ticks(10.0**low, 10.0**high)


def even_ticks(low: float, high: float) -> list[float]:
    """Return round numbers that are equally far apart: as few as possible, but three."""
    decade = math.floor(math.log10(high - low))
    steps = (step * 10.0**power for power in (decade, decade - 1) for step in (5, 2, 1))
    for step in steps:
        ticks = [place * step for place in range(math.ceil(low / step), math.floor(high / step) + 1)]
        if len(ticks) >= 3:
            return ticks[:: math.ceil(len(ticks) / 6)]
    raise AssertionError((low, high))


def side_by_side(axis: dict[str, Any]) -> dict[str, Any]:
    """Return an axis whose texts fit beside each other on a telephone too: every second or third one, and 1."""
    ticks, texts = axis["tickvals"], axis["ticktext"]
    one = ticks.index(1) if 1 in ticks else 0
    choices = (slice(one % step, None, step) for step in count(1))
    kept = next(choice for choice in choices if width(texts[choice]) <= ACROSS)
    return {**axis, "tickvals": ticks[kept], "ticktext": texts[kept], "tickangle": 0}


def width(texts: Sequence[str]) -> float:
    """Return how many characters lie between the first and the last, if the longest neighbours just fit."""
    longest = max((len(left) + len(right) for left, right in pairwise(texts)), default=0)
    return (len(texts) - 1) * (longest / 2 + 1)


def short(text: str) -> str:
    """Return a number on an axis without the zeros behind its point."""
    return re.sub(r"(\.\d*?)0+(?=\D|$)", r"\1", text).replace(".\u00a0", "\u00a0").replace(".×", "×")


def wrapped(label: str, width: int = 18) -> str:
    """Return a long label on several lines, so that it fits beside a picture on a telephone."""
    lines = [""]
    for word in label.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines)
