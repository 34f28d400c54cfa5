"""What the command prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from rich.console import Console, Group
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from ..judging.clauses import clauses
from ..judging.records import Outcome, TestRecord
from ..judging.results import BackendResult, ClauseResult, ExitCode, RunResult
from ..runner import Hear
from ..runner.pace import Pace, words
from ..runner.protocol import Event
from .broken import STYLES, show_broken
from .diff import Change

_BORDERS = {ExitCode.CONFORMS: "green", ExitCode.VACUOUS: "yellow"}


class Meter:
    """Turns the events of several backends into progress bars, and says how long it will take."""

    def __init__(self, progress: Progress, tier: str) -> None:
        self._progress, self._tier = progress, tier
        self._tasks: dict[str, TaskID] = {}
        self._paces: dict[str, Pace] = {}
        self._told: dict[str, float] = {}
        self._lock = Lock()

    def hear(self, backend: str, event: Event) -> None:
        """Take note of one event; called from several threads."""
        with self._lock:
            if backend not in self._tasks:
                self._tasks[backend] = self._progress.add_task(backend, total=None, now="", left="")
            task = self._tasks[backend]
        if event["event"] == "collected":
            rows = [row for one in event["tests"] if (row := TestRecord.from_json(one)).pending]
            self._progress.update(task, total=len(rows))
            self._begin(backend, rows)
        elif event["event"] == "started":
            self._progress.update(task, now=event["test"][:60])
        elif event["event"] == "finished":
            pace = self._paces[backend]
            pace.finished(TestRecord.from_json(event["test"]))
            self._progress.update(task, advance=1, left=f"about {words(pace.left)} left")
            self._tell_factor(backend, pace)
        elif event["event"] == "ended":
            self._progress.update(task, now="", left="")

    def _begin(self, backend: str, rows: list[TestRecord]) -> None:
        """Say how long it will take; a worker that takes over from one that died says nothing."""
        first = backend not in self._paces
        self._paces[backend] = Pace(rows, self._tier)
        if first and rows:
            about = words(self._paces[backend].left)
            self._print(f"{backend}: {len(rows):,} tests, about {about} if it is as fast as numpy on two cores")

    def _tell_factor(self, backend: str, pace: Pace) -> None:
        """Say how long it really takes, whenever that is another thing than was said last."""
        factor = pace.factor
        if factor is not None and not 0.6 < factor / self._told.get(backend, 1.0) < 1.6:
            self._told[backend] = factor
            self._print(f"{backend}: {factor:.1f} times as long as numpy so far: about {words(pace.left)} more")

    def _print(self, text: str) -> None:
        self._progress.console.print(text, style="dim", highlight=False)


@contextmanager
def metered(console: Console, tier: str) -> Iterator[Hear]:
    """Show progress as long as the context lasts, on a terminal only."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]}"),
        TextColumn("[dim]{task.fields[now]}"),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield Meter(progress, tier).hear


def show(console: Console, run: RunResult) -> None:
    """Print a run: the failures of every backend, then a summary of each."""
    for backend in run.backends:
        show_broken(console, backend)
    for backend in run.backends:
        console.print(_summary(backend))
    console.print(
        Text(f"contract {run.contract} · suite {run.suite} · tier {run.tier} · seed {run.seed}", style="dim")
    )


def _summary(backend: BackendResult) -> Panel:
    left_out = (Outcome.NOT_NAMED, Outcome.NOT_APPLICABLE, Outcome.TOO_DEEP)
    named = [row for row in backend.tests if row.outcome not in left_out]
    partial = any(row.outcome is Outcome.NOT_NAMED for row in backend.tests)
    parts = [_named(named)] if partial else [_levels(backend), _totals(backend)]
    parts += [Text(text, style="yellow") for text in backend.messages]
    code = backend.exit_code
    meaning = "what was run holds" if partial and code is ExitCode.CONFORMS else code.meaning
    return Panel(
        Group(*parts, Text(f"exit code {int(code)}: {meaning}", style="bold")),
        title=Text(f"{backend.name} {backend.version}".strip()),
        title_align="left",
        subtitle=f"{_count(named)} in {backend.duration:.0f} s",
        border_style=_BORDERS.get(code, "red"),
    )


def _count(rows: list[TestRecord]) -> str:
    """Return how many tests ran, and of how many if some did not."""
    ran = sum(row.outcome not in (Outcome.NOT_RUN, Outcome.BLOCKED) for row in rows)
    return f"{ran:,} tests" if ran == len(rows) else f"{ran:,} of {len(rows):,} tests"


def _named(rows: list[TestRecord]) -> Text:
    """Return how the tests that were asked for ended: a run of some says nothing about clauses or levels."""
    if not rows:
        return Text("no test was run", "yellow")
    ended = Counter(row.outcome for row in rows)
    if ended[Outcome.PASSED] == len(rows):
        return Text(
            f"{len(rows)} of {len(rows)} named tests pass" if len(rows) > 1 else "the named test passes",
            "green",
        )
    return Text(", ".join(f"{count} {outcome}" for outcome, count in ended.items()) + " of the named tests")


def _levels(backend: BackendResult) -> Text:
    levels = Text()
    for row in () if backend.exit_code is ExitCode.CANNOT_RUN else backend.levels:
        style = {"earned": "bold green", "withheld": "red"}.get(row.status, "dim")
        levels.append(f"{row.name} {row.status}", style=style)
        levels.append(f"  {row.reason.partition(chr(10))[0]}\n" if row.reason else "\n", style="dim")
    return levels


def _totals(backend: BackendResult) -> Text:
    counted = [(verdict, count) for verdict, count in backend.totals.items() if count]
    return Text("  ").join(Text(f"{count} {verdict}", style=STYLES[verdict]) for verdict, count in counted)


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
