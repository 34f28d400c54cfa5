"""The command ``refvec conformance``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from refvec import backends
from rich.console import Console
from typer.core import TyperGroup

from . import reports
from .judging.assertions import NoAssertionsError
from .judging.clauses import contract_version
from .judging.inventory import inventory
from .judging.marks import TIERS
from .judging.results import ExitCode, RunResult
from .reports.terminal import metered, show, show_changes, show_clauses
from .runner import run as run_suite
from .runner.pace import of_tier, words

_EPILOG = """
[bold]Begin with[/bold]  refvec conformance NAME --tier smoke, a first look: does it work at all?
When it passes, --tier quick while you work, and without --tier for the verdict.

[bold]Tiers[/bold]  {durations}; levels need standard. So long on the numpy backend and two cores:
a run says at its beginning how long it will be, and corrects that by your backend's own speed.

[bold]Exit codes[/bold]  0 holds what was run; 1 broken clauses; 2 cannot run; 3 vacuous: too little was run.

[bold]Also[/bold]  refvec conformance combine A.json B.json --report-dir D,
refvec conformance diff A.json B.json.

[bold]In Python[/bold]  pytest --pyargs refvec_conformance --refvec-backend NAME,
or refvec_conformance.run(NAME).
"""

_EPILOG = _EPILOG.format(durations=", ".join(f"{one} {words(of_tier(one))}" for one in TIERS))

Reports = Annotated[Path | None, typer.Option("--report-dir", help="Write all reports into this directory.")]


class DefaultGroup(TyperGroup):
    """A group whose command ``run`` need not be named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put ``run`` before arguments that name no command."""
        if not args or args[0] not in self.commands:
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=DefaultGroup,
    add_completion=False,
    rich_markup_mode="rich",
    help="Judge backends by the contract, clause by clause.",
)


@app.command(epilog=_EPILOG)
def run(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Backends, or module:Class. Default: every installed one."),
    ] = None,
    tier: Annotated[str, typer.Option(help=f"How deep: {', '.join(TIERS)}.")] = "standard",
    seed: Annotated[int, typer.Option(help="The same seed gives the same run.")] = 0,
    expected: Annotated[Path | None, typer.Option(help="TOML file of expected failures; strict.")] = None,
    test: Annotated[list[str] | None, typer.Option(help="Only the test of this id; repeatable.")] = None,
    as_of: Annotated[
        str | None, typer.Option(help=f"Version of the contract; now {contract_version()}.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Backends to run at once.")] = 1,
    timeout: Annotated[float | None, typer.Option(help="Seconds that one test may take.")] = None,
    report_dir: Reports = None,
    list_clauses: Annotated[
        bool, typer.Option("--clauses", help="Print the clauses with the tests that hold them; run nothing.")
    ] = False,
) -> None:
    """Judge backends by the contract, clause by clause.

    Every backend runs in a process of its own: one that hangs, crashes or exits is told from one that is
    wrong, and the rest is still reported. Each failure comes with the clause's words, the seed, and a
    command that runs its test alone.
    """
    console = Console()
    if list_clauses:
        show_clauses(console, inventory(as_of))
        return
    chosen = names or [row.name for row in backends()]
    if not chosen:
        _stop("No backend is installed, and none is named: refvec conformance NAME, or module:Class.")
    with metered(console, tier) as hear:
        try:
            found = run_suite(
                chosen,
                tier=tier,
                seed=seed,
                expected=expected,
                only=test or (),
                as_of=as_of,
                jobs=jobs,
                timeout=timeout,
                hear=hear,
            )
        except (ValueError, NoAssertionsError) as error:
            _stop(str(error))
    show(console, found)
    _finish(console, found, report_dir)


@app.command()
def combine(
    files: Annotated[list[Path], typer.Argument(help="JSON reports; the last result of a backend counts.")],
    report_dir: Reports = None,
) -> None:
    """Make one matrix of several JSON reports."""
    try:
        found = reports.combine(reports.read(path) for path in files)
    except ValueError as error:
        _stop(str(error))
    console = Console()
    show(console, found)
    _finish(console, found, report_dir)


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(help="JSON report of the older run.")],
    after: Annotated[Path, typer.Argument(help="JSON report of the newer run.")],
) -> None:
    """Show what changed between two JSON reports; exit code 1 if anything got worse."""
    try:
        changes = reports.diff(reports.read(before), reports.read(after))
    except ValueError as error:
        _stop(str(error))
    show_changes(Console(), changes)
    raise typer.Exit(int(any(change.worse for change in changes)))


def _finish(console: Console, found: RunResult, report_dir: Path | None) -> NoReturn:
    if report_dir is not None:
        try:
            reports.write(found, report_dir)
        except OSError as error:
            _stop(f"The reports cannot be written: {error}")
        console.print(f"Reports: {report_dir / 'report.html'}, and beside it JSON, Markdown, JUnit, badges.")
    raise typer.Exit(int(found.exit_code))


def _stop(message: str) -> NoReturn:
    Console(stderr=True).print(message, style="red", markup=False, highlight=False)
    raise typer.Exit(int(ExitCode.CANNOT_RUN))
