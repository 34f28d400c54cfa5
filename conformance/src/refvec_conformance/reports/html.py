"""One self-contained page: backends by clauses, to read and to click through."""

from __future__ import annotations

import re
from html import escape
from importlib import resources

from ..judging.clauses import Clause
from ..judging.results import BackendResult, ClauseResult, RunResult, Verdict
from .detail import detail, marked
from .failing import failures
from .words import FAMILIES, MEANINGS, SIGNS, families

_LEVEL_TITLES = {"earned": "earned", "withheld": "withheld", "not-claimed": "not claimed"}


def html(run: RunResult) -> str:
    """Return the page.

    Parameters
    ----------
    run : RunResult
        One run, or several combined.
    """
    parts = {
        "style": _file("page.css"),
        "script": _file("page.js"),
        "facts": _facts(run),
        "failures": failures(run),
        "cards": "\n".join(_card(one) for one in run.backends),
        "filters": _filters(run),
        "matrix": _matrix(run),
    }
    page = _file("page.html")
    for name, text in parts.items():
        page = page.replace(f"<!--{name}-->", text)
    return page


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def _facts(run: RunResult) -> str:
    facts = {
        "contract": run.contract,
        "suite": run.suite,
        "tier": run.tier,
        "seed": str(run.seed),
        **run.environment,
    }
    return "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in facts.items())


def _card(one: BackendResult) -> str:
    levels = "".join(
        f'<li class="level {row.status}" title="{escape(row.reason, quote=True)}">{escape(row.name)}'
        f"<small>{_LEVEL_TITLES[row.status]}</small></li>"
        for row in one.levels
    )
    counted = [(verdict, count) for verdict, count in one.totals.items() if count]
    bar = "".join(
        f'<i class="{verdict}" style="flex:{count}" title="{count} {verdict}"></i>'
        for verdict, count in counted
    )
    totals = "".join(f'<li class="{verdict}"><b>{count}</b> {verdict}</li>' for verdict, count in counted)
    notes = "".join(f"<p class=note>{escape(text)}</p>" for text in one.messages)
    state = f"exit {int(one.exit_code)}: {one.exit_code.meaning}"
    origin = f"{one.distribution} {one.version}".strip()
    ran = sum(row.duration > 0 for row in one.tests)
    return (
        f'<section class="card code{int(one.exit_code)}"><h2>{escape(one.name)}</h2>'
        f"<p class=origin>{escape(origin)}</p><ul class=levels>{levels}</ul>"
        f"<div class=bar>{bar}</div><ul class=totals>{totals}</ul>"
        f"<p class=state>{escape(state)}</p><p class=origin>{ran} tests in {one.duration:.1f} s</p>"
        f"{notes}</section>"
    )


def _filters(run: RunResult) -> str:
    counts = {verdict: sum(one.totals[verdict] for one in run.backends) for verdict in Verdict}
    return "".join(
        f'<button class="chip {verdict}" data-filter="{verdict}" aria-pressed=false '
        f'title="{escape(MEANINGS[verdict], quote=True)}">'
        f"<span class=sign>{SIGNS[verdict]}</span>{verdict} <b>{count}</b></button>"
        for verdict, count in counts.items()
        if count
    )


def _matrix(run: RunResult) -> str:
    heads = "".join(f"<th scope=col>{escape(one.name)}</th>" for one in run.backends)
    results = [{row.id: row for row in one.clauses} for one in run.backends]
    bodies = "".join(_family(run, family, rows, results) for family, rows in families())
    return f"<table><thead><tr><th scope=col>Clause</th>{heads}</tr></thead>{bodies}</table>"


def _family(run: RunResult, family: str, rows: list[Clause], results: list[dict[str, ClauseResult]]) -> str:
    title = escape(FAMILIES.get(family, family))
    counts = "".join(
        f"<td>{sum(found[row.id].verdict is Verdict.PASS for row in rows)}<span>/{len(rows)}</span></td>"
        for found in results
    )
    lines = "".join(_clause(run, row, [found[row.id] for found in results]) for row in rows)
    return (
        f"<tbody><tr class=family><th scope=rowgroup><span>{escape(family)}</span> {title}</th>"
        f"{counts}</tr>{lines}</tbody>"
    )


def _clause(run: RunResult, clause: Clause, results: list[ClauseResult]) -> str:
    cells = "".join(
        f'<td><span class="cell {row.verdict}" title="{escape(_hint(row), quote=True)}">'
        f"{SIGNS[row.verdict]}</span></td>"
        for row in results
    )
    verdicts = " ".join(dict.fromkeys(str(row.verdict) for row in results))
    first = re.split(r"(?<=\.) ", clause.text.strip(), maxsplit=1)[0]
    return (
        f'<tr class=clause id="{clause.id}" tabindex=0 aria-expanded=false data-verdicts="{verdicts}">'
        f"<th scope=row><div><b>{clause.id}</b><span class=gist>{marked(first)}</span></div></th>{cells}</tr>"
        f'<tr class=detail hidden><td colspan="{len(results) + 1}">{detail(run, clause, results)}</td></tr>'
    )


def _hint(row: ClauseResult) -> str:
    return f"{row.verdict}: {row.reason}" if row.reason else str(row.verdict)
