"""What a page is made of: sections, and in them pictures, tables and notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Figure = dict[str, Any]  # plotly's "data" and "layout"; colours of text and lines are the page's


@dataclass(frozen=True)
class Picture:
    """A figure with its heading, and a sentence that says what it shows."""

    title: str
    caption: str
    figure: Figure


@dataclass(frozen=True)
class Table:
    """Rows of text; a cell may have a second, smaller line after a newline."""

    title: str
    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Section:
    """A heading, what the reader should know first, and parts side by side where there is room."""

    anchor: str
    title: str
    lead: str
    parts: Sequence[Picture | Table] = field(default=())


@dataclass(frozen=True)
class Card:
    """A number that stands out at the top, and what it is."""

    number: str
    text: str
