"""The run as Markdown, for a pull request or a page of the docs."""

from __future__ import annotations

from ..judging.clauses import clauses
from ..judging.results import BackendResult, RunResult, Verdict
from .words import SIGNS, families, total_words


def markdown(run: RunResult) -> str:
    """Return the run as Markdown: levels, totals, the matrix, and every failure."""
    parts = [
        "# refvec conformance",
        f"Contract {run.contract}, suite {run.suite}, tier {run.tier}, seed {run.seed}; "
        + ", ".join(f"{name} {version}" for name, version in run.environment.items()),
        _summary(run),
        "## Clauses",
        " · ".join(f"{sign} {verdict}" for verdict, sign in SIGNS.items()),
        _matrix(run),
    ]
    parts += [part for backend in run.backends for part in _failures(backend)]
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
    parts = []
    for row in backend.failures:
        if row.failure is None:
            continue
        told = "\n".join(f"> **{one}** {clauses()[one].text.strip()}" for one in row.clauses)
        mark = " (provisional)" if row.provisional else ""
        body = row.failure.message or row.failure.kind
        parts.append(
            f"### {backend.name}: `{row.id}`{mark}\n\n{told}\n\n"
            f"````text\n{body}\n````\n\nAgain: `{row.failure.command}`"
        )
    return ([f"## Failures of {backend.name}"] if parts else []) + parts


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
