"""How the page says things: names of operations, and numbers with their units."""

from __future__ import annotations

import math
import re

from .results import Measurement

GROUPS = {
    "seed_table": "The seed's table",
    "batches": "Batches",
    "durable": "Durable stores",
    "files": "Files",
    "scaling": "Removing",
    "search": "Search",
    "startup": "Starting up",
}
PARAMETERS = {
    "metric": "{}",
    "queries": "{}\u00a0queries",
    "batch": "in batches of\u00a0{}",
    "ids": "{}\u00a0ids",
    "dimension": "{}\u00a0components",
    "duplicates": "{} duplicates",
    "n": "{} vectors",
}
SCALES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def operation(name: str) -> str:
    """Return a benchmark's method in words: ``time_add_10000`` is "add 10,000"."""
    words = re.sub(r"^(timeraw|time|track)_", "", name).replace("peakmem_", "peak of ").replace("_", " ")
    return re.sub(r"\bx(?=\d)", "×", re.sub(r"\d{4,}", lambda digits: f"{int(digits[0]):,}", words))


def parameter(name: str, value: str) -> str:
    """Return a parameter in words."""
    text = PARAMETERS.get(name, name + " {}").format(number(name, value))
    return text.replace("queries", "query") if (name, value) == ("queries", "1") else text


def number(name: str, value: str) -> str:
    """Return a parameter's value: shares in per cent, counts with separators."""
    if name == "duplicates":
        return f"{float(value):.0%}" if float(value) else "no"
    return f"{int(value):,}" if value.isdigit() else value


def label(one: Measurement, *besides: str) -> str:
    """Return what a measurement is of, all parameters but `besides` included."""
    return ", ".join([operation(one.operation), *(parameter(*pair) for pair in one.without(*besides))])


def quantity(value: float, unit: str) -> str:
    """Return a value with its unit, to three figures."""
    return seconds(value) if unit == "seconds" else size(value) if unit == "bytes" else f"{value:,.4g} {unit}"


def seconds(value: float) -> str:
    """Return a time with a unit that leaves 1 to 999 before the point."""
    scale, unit = next(((scale, unit) for scale, unit in SCALES if value >= 0.9995 * scale), SCALES[-1])
    return f"{figures(value / scale)}\u00a0{unit}"


def size(value: float) -> str:
    """Return bytes, or megabytes from a million on."""
    return f"{figures(value / 1e6)}\u00a0MB" if value >= 1e6 else f"{value:,.0f}\u00a0bytes"


def ratio(value: float) -> str:
    """Return how many times."""
    return f"{figures(value)}×" if value < 100 else f"{value:,.0f}×"


def figures(value: float) -> str:
    """Return a number to three figures, two below 1, without an exponent."""
    if 0 < value < 0.995:
        return f"{value:.{1 - math.floor(math.log10(value))}f}"
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:,.0f}"
