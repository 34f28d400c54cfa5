"""The run as Markdown, for a pull request or a page of the docs."""

from __future__ import annotations

from ..judging.clauses import clauses
from ..judging.results import BackendResult, RunResult, Verdict
from .causes import Cause, causes_of, functions_of, title
from .words import SIGNS, families, total_words

_OTHERS = 8  # tests that are named


def markdown(run: RunResult) -> str:
    """Return the run as Markdown: what is wrong, by cause; then levels, totals and the matrix."""
    parts = [
        "# refvec conformance",
        f"Contract {run.contract}, suite {run.suite}, tier {run.tier}, seed {run.seed}; "
        + ", ".join(f"{name} {version}" for name, version in run.environment.items()),
        *(part for backend in run.backends for part in _failures(backend)),
        "## Levels and totals",
        _summary(run),
        "## Clauses",
        " · ".join(f"{sign} {verdict}" for verdict, sign in SIGNS.items()),
        _matrix(run),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(run: RunResult) -> str:
    lines = ["| backend | levels | totals | result |", "|---|---|---|---|"]
    for one in run.backends:
        levels = ", ".join(one.earned) or "none"
        result = f"{int(one.exit_code)}: {one.exit_code.meaning}"
        lines.append(f"| {one.name} {one.version} | {levels} | {total_words(one)} | {result} |")
    lines += [""] + [f"- **{one.name}**: {_cell(text)}" for one in run.backends for text in one.messages]
    return "\n".join(lines).strip()


def _matrix(run: RunResult) -> str:
    names = " | ".join(one.name for one in run.backends)
    lines = [f"| clause | {names} |", "|---" * (len(run.backends) + 1) + "|"]
    verdicts = [{row.id: row.verdict for row in one.clauses} for one in run.backends]
    for _, rows in families():
        for clause in rows:
            signs = " | ".join(SIGNS[found.get(clause.id, Verdict.NOT_RUN)] for found in verdicts)
            lines.append(f"| {clause.id} | {signs} |")
    return "\n".join(lines)


def _failures(backend: BackendResult) -> list[str]:
    causes = causes_of(backend)
    return ([f"## What is wrong with {backend.name}"] if causes else []) + [_cause(one) for one in causes]


def _cause(cause: Cause) -> str:
    told = "\n".join(f"> **{one}** {clauses()[one].text.strip()}\n>" for one in cause.example.clauses)
    mark = " (provisional)" if cause.example.provisional else ""
    others = ", ".join(f"`{one}`" for one in functions_of(cause.tests)[:_OTHERS])
    body = "\n".join([cause.sentence, *cause.details])
    return (
        f"### {title(cause.example.id)}{mark}\n\n````text\n{body}\n````\n\n{told}\n\n"
        f"{len(cause.tests)} failed: {others}\n\nAgain: `{cause.failure.command}`"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
