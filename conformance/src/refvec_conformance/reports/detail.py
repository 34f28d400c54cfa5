"""What a click on a clause shows: its text, its tests, and its failures."""

from __future__ import annotations

import re
from html import escape
from itertools import groupby

from ..judging.clauses import Clause
from ..judging.records import Outcome, TestRecord
from ..judging.results import BackendResult, ClauseResult, RunResult

_SIGNS = {
    Outcome.PASSED: "✓",
    Outcome.FAILED: "✕",
    Outcome.EXPECTED_FAIL: "≈",
    Outcome.BLOCKED: "■",
    Outcome.SKIPPED: "○",
    Outcome.NOT_RUN: "○",
    Outcome.NOT_APPLICABLE: "·",
}


def marked(text: str) -> str:
    """Return text of the contract as HTML, its `code` marked up."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))


def detail(run: RunResult, clause: Clause, results: list[ClauseResult]) -> str:
    """Return the HTML under a clause.

    Parameters
    ----------
    run : RunResult
        The run.
    clause : Clause
        The clause.
    results : list of ClauseResult
        Its results, one for each backend.
    """
    tests = [
        {row.id: row for row in one.tests if row.id in result.tests}
        for one, result in zip(run.backends, results, strict=True)
    ]
    pairs = list(zip(run.backends, results, strict=True))
    reasons = "".join(
        f"<li><b>{escape(one.name)}</b> <em class={row.verdict}>{row.verdict}</em> {escape(row.reason)}</li>"
        for one, row in pairs
        if row.reason
    )
    failures = "".join(_failures(one, found) for one, found in zip(run.backends, tests, strict=True))
    meta = [clause.keyword, f"level {clause.level}"]
    meta += [f"capability {clause.capability}"] if clause.capability else []
    return (
        f"<div class=words><p class=meta>{' · '.join(map(escape, meta))}</p>"
        f"<blockquote>{marked(clause.text.strip())}</blockquote>"
        + (f"<ul class=reasons>{reasons}</ul>" if reasons else "")
        + f"</div>{failures}{_table(run, tests)}"
    )


def _table(run: RunResult, tests: list[dict[str, TestRecord]]) -> str:
    names = list(dict.fromkeys(name for found in tests for name in found))
    if not names:
        return "<p class=none>No test of this clause was collected.</p>"
    heads = "".join(f"<th>{escape(one.name)}</th>" for one in run.backends)
    rows = []
    for function, cases in groupby(sorted(names), key=lambda name: name.partition("[")[0]):
        listed = list(cases)
        many = f" <small>{len(listed)} cases</small>" if len(listed) > 1 else ""
        tier = next(found[one].tier for one in listed for found in tests if one in found)
        cells = "".join(
            f"<td>{_counted([found[one] for one in listed if one in found])}</td>" for found in tests
        )
        rows.append(f"<tr><td><code>{escape(function)}</code>{many}</td><td>{tier}</td>{cells}</tr>")
    return f"<table class=tests><tr><th>Test</th><th>tier</th>{heads}</tr>{''.join(rows)}</table>"


def _counted(rows: list[TestRecord]) -> str:
    shown = []
    for outcome, sign in _SIGNS.items():
        count = sum(row.outcome is outcome for row in rows)
        if count:
            number = "" if len(rows) == 1 else f" {count}"
            shown.append(f'<span class="mark {outcome}" title="{outcome}">{sign}{number}</span>')
    return " ".join(shown)


def _failures(one: BackendResult, found: dict[str, TestRecord]) -> str:
    broken = [row for row in found.values() if row.failure is not None]
    more = f"<p class=none>and {len(broken) - 5} more</p>" if len(broken) > 5 else ""
    return "".join(_failure(one, row) for row in broken[:5]) + more


def _failure(one: BackendResult, row: TestRecord) -> str:
    failure = row.failure
    assert failure is not None
    parts = [
        ("Where", failure.traceback),
        ("What it printed", failure.output),
        ("Script that reproduces it", failure.script),
    ]
    folded = "".join(
        f"<details><summary>{title}</summary><pre>{escape(text, quote=False)}</pre></details>"
        for title, text in parts
        if text
    )
    kind = f"{failure.kind}, {row.outcome}" + (", provisional" if row.provisional else "")
    again = f"<pre class=again>{escape(failure.command, quote=False)}</pre>" if failure.command else ""
    return (
        f'<article class="failure {row.outcome}"><h4><b>{escape(one.name)}</b> <code>{escape(row.id)}</code>'
        f"<small>{escape(kind)}</small></h4><pre>{escape(failure.message or failure.kind, quote=False)}</pre>"
        f"{again}{folded}</article>"
    )
