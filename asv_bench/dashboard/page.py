"""The page: sections written into one HTML file that asks the network for nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from plotly.offline import get_plotlyjs

from . import sections
from .parts import Card, Figure, Picture, Section, Table
from .results import Results
from .sections import memory, seed_table

HERE = Path(__file__).parent
GLYPHS = {"square": "■", "circle": "●", "diamond": "◆", "triangle-up": "▲", "cross": "✚", "star": "★", "x": "✖"}
GLYPHS |= {"triangle-down": "▼", "pentagon": "⬟", "hexagon": "⬢", "circle-open": "◯"}
FOOTER = (
    "Made by <code>nox -s dashboard</code>. asv's own pages, with every benchmark, are <a "
    "href='index.html'>beside this file</a>; they need a web server: <code>nox -s asv -- preview</code>."
)


def render(results: Results) -> str:
    """Return the page."""
    built = sections.build(results)
    figures = [part.figure for section in built for part in section.parts if isinstance(part, Picture)]
    fillings = {
        "style": (HERE / "page.css").read_text("utf-8"),
        "when": when(results),
        "cards": "".join(map(card, [*seed_table.cards(results), *memory.cards(results)])),
        "links": "".join(f'<a href="#{section.anchor}">{escape(section.title)}</a>' for section in built),
        "sections": "".join(map(section_html, built)),
        "footer": FOOTER,
        "figures": data(figures),
        "plotly": get_plotlyjs(),
        "script": (HERE / "page.js").read_text("utf-8"),
    }
    # Each mark is replaced in the template, never in what was filled in before.
    pieces = (HERE / "page.html").read_text("utf-8").split("<!--")
    return pieces[0] + "".join(filled(piece, fillings) for piece in pieces[1:])


def filled(piece: str, fillings: dict[str, str]) -> str:
    """Return a piece of the template that begins with a mark's name, the mark filled in."""
    name, rest = piece.split("-->", 1)
    return fillings[name] + rest


def data(figures: Sequence[Figure]) -> str:
    """Return figures as JSON that cannot end the script element."""
    return json.dumps(figures, allow_nan=False).replace("<", "\\u003c")


def when(results: Results) -> str:
    """Say of which commit and which machine the figures are."""
    last = results.commits[-1]
    day = datetime.fromtimestamp(last.date / 1000, UTC)
    machine = escape(results.machine.get("cpu") or results.machine.get("machine", ""))
    limits = [value for name, value in results.environment.items() if name.endswith("_NUM_THREADS")]
    threads = ", on one thread" if limits and set(limits) == {"1"} else ""
    return f"Newest commit measured: <b>{last.short}</b> of {day.day} {day:%B %Y}, on {machine}{threads}."


def card(one: Card) -> str:
    """Return a number that stands out."""
    return f'<div class="card"><b>{escape(one.number)}</b><span>{escape(one.text)}</span></div>'


def section_html(section: Section) -> str:
    """Return a section."""
    parts = "".join(picture(part) if isinstance(part, Picture) else table(part) for part in section.parts)
    head = f'<h2 id="{section.anchor}">{escape(section.title)}</h2><p class="lead">{marked(section.lead)}</p>'
    return f'<section>{head}<div class="parts">{parts}</div></section>'


def picture(one: Picture) -> str:
    """Return a place for a figure, with its heading and caption."""
    caption = f"<figcaption>{escape(one.caption)}</figcaption>"
    head = f"<h3>{escape(one.title)}</h3>{legend(one.figure)}"
    return (
        f'<figure>{head}<div class="plot" role="img" aria-label="{escape(one.title)}"></div>{caption}</figure>'
    )


def legend(figure: Figure) -> str:
    """Return the names in a figure with their colours and symbols; text wraps, plotly's legend does not."""
    names = (
        f'<li><i style="color: {line["marker"]["color"]}">{GLYPHS[line["marker"].get("symbol", "square")]}</i> '
        f"{escape(line['name'])}</li>"
        for line in figure["data"]
    )
    return f'<ul class="legend">{"".join(names)}</ul>'


def table(one: Table) -> str:
    """Return a table."""
    head = f"<thead><tr>{cells('th', one.header)}</tr></thead>" if any(one.header) else ""
    kind = "" if head else ' class="facts"'
    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in one.rows)
    return (
        f'<div class="table"><h3>{escape(one.title)}</h3><table{kind}>{head}<tbody>{body}</tbody></table>'
        f"<figcaption>{escape(one.caption)}</figcaption></div>"
    )


def cells(tag: str, texts: Iterable[str]) -> str:
    """Return cells; what follows a newline is smaller."""
    lines = (escape(text).split("\n") for text in texts)
    return "".join(
        f"<{tag}>{first}{''.join(f'<small>{more}</small>' for more in others)}</{tag}>"
        for first, *others in lines
    )


def marked(text: str) -> str:
    """Return text with what stands between backticks as code."""
    return "".join(
        f"<code>{part}</code>" if odd % 2 else part for odd, part in enumerate(escape(text).split("`"))
    )
