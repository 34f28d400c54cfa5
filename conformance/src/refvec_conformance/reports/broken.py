"""What the command prints of a backend that fails: broken clauses, then failures by cause."""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..judging.clauses import clauses
from ..judging.results import BackendResult, ClauseResult, Verdict
from .causes import Cause, causes_of, gist, title
from .words import SIGNS

STYLES = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.EXPECTED_FAIL: "yellow",
    Verdict.UNSUPPORTED_PROVEN: "blue",
    Verdict.NOT_APPLICABLE: "dim",
    Verdict.BLOCKED: "magenta",
    Verdict.NOT_RUN: "dim",
}
_CLAUSES, _CAUSES = 12, 6  # that are shown; the report has all
_LINES = 8  # of details, of a log and of what was printed


def show_broken(console: Console, backend: BackendResult) -> None:
    """Print what is wrong with a backend, if anything is: it fits on a screen."""
    broken = [row for row in backend.clauses if row.verdict in (Verdict.FAIL, Verdict.EXPECTED_FAIL)]
    failing = Counter(one for row in backend.failures for one in row.clauses)
    broken.sort(key=lambda row: -failing[row.id])
    if broken:
        _show_clauses(console, backend, broken)
    causes = causes_of(backend)
    if not causes:
        return
    failed = sum(len(cause.tests) for cause in causes)
    console.print(
        Text(f"{backend.name}: {_counted(failed, 'failed test')}, {_counted(len(causes), 'cause')}", "bold")
    )
    for number, cause in enumerate(causes[:_CAUSES], 1):
        _show_cause(console, number, cause)
    if len(causes) > _CAUSES:
        console.print(
            f"{_counted(len(causes) - _CAUSES, 'more cause')}: --report-dir DIR writes all of them.\n"
        )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def _show_clauses(console: Console, backend: BackendResult, broken: list[ClauseResult]) -> None:
    console.print(Text(f"{backend.name}: {_counted(len(broken), 'broken clause')}", "bold"))
    width = console.width - max(len(row.id) for row in broken) - 4
    for row in broken[:_CLAUSES]:
        line = Text(SIGNS[row.verdict], STYLES[row.verdict]).append(f" {row.id:8}  ", "not bold default")
        console.print(line.append(gist(clauses()[row.id].text, width - 2), "not bold default"))
    if len(broken) > _CLAUSES:
        console.print(f"and {', '.join(row.id for row in broken[_CLAUSES:])}")
    console.print()


def _show_cause(console: Console, number: int, cause: Cause) -> None:
    parts = [Text(cause.sentence)]
    if cause.where:
        parts.append(Text(f"at {cause.where}", "dim"))
    kind, log = cause.failure.kind, cause.failure.traceback
    parts += [Text(line, "dim") for line in cause.details[:_LINES]]
    if kind not in ("assertion", "exception") and log:
        parts += [Text(line, "dim") for line in log.strip().splitlines()[-_LINES:]]
    if cause.failure.output:
        parts += [Text(f"printed: {line}", "dim") for line in cause.failure.output.strip().splitlines()[-3:]]
    example, count = cause.example, len(cause.tests)
    marks = ", ".join(cause.clauses) + (" (provisional)" if example.provisional else "")
    parts.append(Text(f"{marks}: {title(example.id)}" + (f", and {count - 1} more" if count > 1 else "")))
    if cause.failure.command:
        parts.append(Text(f"again: {cause.failure.command}", "cyan"))
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(width=2, justify="right")
    table.add_column(overflow="fold")
    table.add_row(Text(str(number), "bold red"), Text("\n").join(parts))
    console.print(Padding(table, (0, 0, 1, 0)))
