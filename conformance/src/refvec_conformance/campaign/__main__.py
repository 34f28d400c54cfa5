"""Kill writers at random moments and look at what they leave: ``nox -s crash``.

::

    python -m refvec_conformance.campaign --kills 1000 --backend rust --seed 7 --log crash.jsonl

The same seed makes the same calls; when the signal comes is the machine's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path

from refvec import backends
from rich.progress import Progress, TextColumn

from ..judging.target import resolved
from ..probes.durability import folder
from .campaign import Campaign
from .report import Kill, Tally, table


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it, and print the table; 1 if anything was lost."""
    given = _parser().parse_args(arguments)
    names = given.backend or [
        row.name for row in backends() if row.capabilities is not None and row.capabilities.durable
    ]
    tallies = []
    with ExitStack() as stack:
        log = stack.enter_context(given.log.open("w", encoding="utf-8")) if given.log else None

        def note(kill: Kill) -> None:
            if log is not None:
                print(kill.line(), file=log, flush=True)

        tallies = [_run(name, given, note) for name in names]
        report = "\n".join(
            [f"seed {given.seed}", "", table(tallies), *(line for one in tallies for line in one.complaints)]
        )
        print(report)
        if log is not None:
            print(report, file=log)
    return int(any(one.complaints for one in tallies))


def _run(name: str, given: argparse.Namespace, note: Callable[[Kill], None]) -> Tally:
    columns = (*Progress.get_default_columns(), TextColumn("{task.fields[flushes]} flushes acknowledged"))
    place = folder() if given.place is None else nullcontext(given.place)
    with resolved(name) as target, place as found, Progress(*columns) as progress:
        task = progress.add_task(name, total=given.kills, flushes=0)

        def step(kill: Kill, tally: Tally) -> None:
            note(kill)
            progress.update(task, advance=1, flushes=tally.counts["acknowledged"])

        return Campaign(target, Path(found), given.seed, step).run(given.kills)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nox -s crash --", description="Kill writers at random moments.")
    parser.add_argument("--backend", action="append", metavar="NAME", help="default: every durable one")
    parser.add_argument("--kills", type=int, default=1000, help="of each backend (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--place", type=Path, help="a directory for the stores (default: in memory)")
    parser.add_argument("--log", type=Path, help="write a line of JSON for every kill, and the table")
    return parser


if __name__ == "__main__":
    sys.exit(main())
