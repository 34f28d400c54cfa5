"""With what the page begins: the failures of every backend, by cause."""

from __future__ import annotations

from html import escape

from ..judging.results import BackendResult, RunResult
from .causes import Cause, causes_of, title

_CAUSES, _TESTS = 20, 40  # that are shown; the rest is under the clauses


def failures(run: RunResult) -> str:
    """Return the HTML of what is wrong, "" if nothing is."""
    return "".join(_of_backend(one) for one in run.backends)


def _of_backend(one: BackendResult) -> str:
    causes = causes_of(one)
    if not causes:
        return ""
    failed = sum(len(cause.tests) for cause in causes)
    tests, kinds = f"{failed} failed test{'s' * (failed > 1)}", f"{len(causes)} cause{'s' * (len(causes) > 1)}"
    more = len(causes) - _CAUSES
    rest = f"<p class=none>{more} more are under their clauses.</p>" if more > 0 else ""
    articles = "".join(_article(cause) for cause in causes[:_CAUSES])
    return f"<section class=wrong><h2>{escape(one.name)}: {tests}, {kinds}</h2>{articles}{rest}</section>"


def _article(cause: Cause) -> str:
    failure, example = cause.failure, cause.example
    links = " ".join(f'<a href="#{name}">{name}</a>' for name in cause.clauses)
    details = "\n".join(cause.details)
    also = [f"<li><code>{escape(row.id)}</code></li>" for row in cause.tests[:_TESTS]]
    also += [f"<li>and {len(cause.tests) - _TESTS} more</li>"] if len(cause.tests) > _TESTS else []
    folded = [
        ("Where", f"<pre>{escape(failure.traceback, quote=False)}</pre>" if failure.traceback else ""),
        ("What it printed", f"<pre>{escape(failure.output, quote=False)}</pre>" if failure.output else ""),
        (
            "Script that reproduces it",
            f"<pre>{escape(failure.script, quote=False)}</pre>" if failure.script else "",
        ),
        (f"All {len(cause.tests)} tests", f"<ul>{''.join(also)}</ul>" if len(cause.tests) > 1 else ""),
    ]
    return (
        f'<article class="failure failed"><h4>{escape(cause.sentence)}</h4>'
        + (f"<pre>{escape(details, quote=False)}</pre>" if details else "")
        + f"<p class=meta>{escape(title(example.id))} · {links}"
        + (f" · at {escape(cause.where)}" if cause.where else "")
        + "</p>"
        + (f"<pre class=again>{escape(failure.command, quote=False)}</pre>" if failure.command else "")
        + "".join(f"<details><summary>{name}</summary>{text}</details>" for name, text in folded if text)
        + "</article>"
    )
