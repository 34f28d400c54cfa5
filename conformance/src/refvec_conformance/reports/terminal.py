"""What the command prints."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from rich.console import Console, Group
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from ..judging.clauses import clauses
from ..judging.records import Failure, TestRecord
from ..judging.results import BackendResult, ClauseResult, ExitCode, RunResult, Verdict
from ..runner import Hear
from ..runner.protocol import Event
from .diff import Change
from .words import SIGNS

_STYLES = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.EXPECTED_FAIL: "yellow",
    Verdict.UNSUPPORTED_PROVEN: "blue",
    Verdict.NOT_APPLICABLE: "dim",
    Verdict.BLOCKED: "magenta",
    Verdict.NOT_RUN: "dim",
}
_BORDERS = {ExitCode.CONFORMS: "green", ExitCode.VACUOUS: "yellow"}
_MAX_FAILURES = 12


class Meter:
    """Turns the events of several backends into progress bars."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._lock = Lock()

    def hear(self, backend: str, event: Event) -> None:
        """Take note of one event; called from several threads."""
        with self._lock:
            if backend not in self._tasks:
                self._tasks[backend] = self._progress.add_task(backend, total=None, now="")
            task = self._tasks[backend]
        if event["event"] == "collected":
            rows = [TestRecord.from_json(row) for row in event["tests"]]
            self._progress.update(task, total=sum(row.pending for row in rows))
        elif event["event"] == "started":
            self._progress.update(task, now=event["test"][:60])
        elif event["event"] == "finished":
            self._progress.update(task, advance=1)
        elif event["event"] == "ended":
            self._progress.update(task, now="")


@contextmanager
def metered(console: Console) -> Iterator[Hear]:
    """Show progress as long as the context lasts, on a terminal only."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("[dim]{task.fields[now]}"),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield Meter(progress).hear


def show(console: Console, run: RunResult) -> None:
    """Print a run: the failures of every backend, then a summary of each."""
    for backend in run.backends:
        _show_broken(console, backend)
    for backend in run.backends:
        console.print(_summary(backend))
    console.print(
        Text(f"contract {run.contract} · suite {run.suite} · tier {run.tier} · seed {run.seed}", style="dim")
    )


def _show_broken(console: Console, backend: BackendResult) -> None:
    broken = [row for row in backend.clauses if row.verdict in (Verdict.FAIL, Verdict.EXPECTED_FAIL)]
    if broken:
        table = Table(title=f"{backend.name}: broken clauses", title_justify="left", show_lines=True)
        for column in ("clause", "what the contract says", "verdict", "why"):
            table.add_column(column, overflow="fold")
        for row in broken:
            text = clauses()[row.id].text.strip()
            table.add_row(row.id, Text(text), _sign(row.verdict), Text(row.reason))
        console.print(table)
    for record in backend.failures[:_MAX_FAILURES]:
        if record.failure:
            console.print(_failure(backend, record, record.failure))
    if len(backend.failures) > _MAX_FAILURES:
        console.print(f"{len(backend.failures) - _MAX_FAILURES} more failures are in the report.")


def _failure(backend: BackendResult, record: TestRecord, failure: Failure) -> Panel:
    parts = [Text(failure.message.strip() or failure.kind)]
    where = "" if failure.kind == "assertion" else failure.traceback
    for title, said in {"printed": failure.output, "where": where}.items():
        if said:
            parts.append(Text(f"\n{title}:\n" + "\n".join(said.strip().splitlines()[-12:]), style="dim"))
    if failure.command:
        parts.append(Text(f"\nagain: {failure.command}", style="cyan"))
    marks = f"{failure.kind} · {', '.join(record.clauses)}" + (" · provisional" if record.provisional else "")
    heading = Text(f"{backend.name} · {record.id}")
    return Panel(Group(*parts), title=heading, subtitle=marks, title_align="left", border_style="red")


def _summary(backend: BackendResult) -> Panel:
    levels = Text()
    for row in () if backend.exit_code is ExitCode.CANNOT_RUN else backend.levels:
        style = {"earned": "bold green", "withheld": "red"}.get(row.status, "dim")
        levels.append(f"{row.name} {row.status}", style=style)
        levels.append(f"  {row.reason.partition(chr(10))[0]}\n" if row.reason else "\n", style="dim")
    totals = Text("  ").join(
        Text(f"{count} {verdict}", style=_STYLES[verdict]) for verdict, count in backend.totals.items() if count
    )
    notes = [Text(text, style="yellow") for text in backend.messages]
    code = backend.exit_code
    return Panel(
        Group(levels, totals, *notes, Text(f"exit code {int(code)}: {code.meaning}", style="bold")),
        title=Text(f"{backend.name} {backend.version}".strip()),
        title_align="left",
        subtitle=f"{len(backend.clauses)} clauses in {backend.duration:.1f} s",
        border_style=_BORDERS.get(code, "red"),
    )


def _sign(verdict: Verdict) -> Text:
    return Text(f"{SIGNS[verdict]} {verdict}", style=_STYLES[verdict])


def show_clauses(console: Console, results: tuple[ClauseResult, ...]) -> None:
    """Print every clause with the tests that hold it."""
    table = Table(title="The clauses, and the tests that hold them", title_justify="left", show_lines=True)
    for column in ("clause", "level", "text", "tests"):
        table.add_column(column, overflow="fold")
    for row in results:
        clause = clauses()[row.id]
        functions = dict.fromkeys(name.partition("[")[0] for name in row.tests)
        held = "\n".join(functions) or (f"planned: {clause.planned}" if clause.planned else "NO TEST")
        table.add_row(row.id, f"{clause.keyword} {clause.level}", Text(clause.text.strip()), Text(held))
    console.print(table)


def show_changes(console: Console, changes: list[Change]) -> None:
    """Print what changed between two runs."""
    if not changes:
        console.print("Nothing changed.")
        return
    table = Table(title="Changes", title_justify="left")
    for column in ("backend", "what", "id", "before", "after"):
        table.add_column(column, overflow="fold")
    for row in changes:
        style = "red" if row.worse else "green" if row.before else ""
        table.add_row(row.backend, row.what, Text(row.id), row.before or "-", row.after or "-", style=style)
    console.print(table)
