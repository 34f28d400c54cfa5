"""The fault matrix: what becomes of a durable store, by fault and by place.

``python -m refvec_conformance.campaign.matrix numpy --markdown docs/fault-matrix.md`` writes
the page. Faults of the disk are injected into each act of a store, before and after everything that it
asks of the disk; a kill is told by what the files hold at that moment. Damage is done to each part
of every file.
"""

from __future__ import annotations

import argparse
import errno
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np

from ..judging.target import Target, resolved
from ..probes.damaging import DAMAGES, FILES, REFUSED, SAME, Damaged, places
from ..probes.durability import folder
from ..probes.losing import Losing
from ..probes.seam import Operation, operations
from .acts import ACTS, SEED, STUCK, Act, Close, Compaction, Creation, Flush, Recovery

Table = dict[tuple[str, str], dict[str, set[str]]]  # by what and where, and by fault: what came of it

STATES = {name for act in ACTS for name in act.names}
SOUND = frozenset(
    {REFUSED, SAME} | STATES | {f"{how}, {state}" for how in ("raised", "returned") for state in STATES}
)
NUMBERS = {"disk full": errno.ENOSPC, "I/O error": errno.EIO}


def of_damage(target: Target, place: Path, count: int) -> Table:
    """Return what becomes of damaged bytes, at so many places of each part of each file."""
    rng, table = np.random.default_rng(SEED), Table()
    for name in FILES:
        (place / name).mkdir()
        damaged = Damaged(target, place / name / "store", SEED)
        for region, spans in damaged.regions(name).items():
            row = table.setdefault((name, region), {})
            for kind, damage in DAMAGES.items():
                offsets = places(spans, count, rng)
                row[kind] = {damaged.outcome(name, partial(damage, at=at)) for at in offsets}
    return table


def where(operation: Operation) -> tuple[str, str]:
    """Return who asks for what, in words that hold for every store."""
    name = operation.path.name
    what = operation.name.replace("_", " ").replace("allocate", "reserve space")
    if operation.name == "sync_directory":
        name = "the directory"
    return ("sqlite" if operation.by_sqlite else "core"), f"{what} {name}".strip()


def of_disks(target: Target, place: Path, act: type[Act], every: int = 1, most: int = 12) -> Table:
    """Return what becomes of an act whose disk fails at one of its points, is killed there, or loses power.

    Parameters
    ----------
    target : Target
        The backend.
    place : Path
        An empty directory.
    act : type
        Which act.
    every : int
        Of so many points, the disk fails at one.
    most : int
        Combinations of what is lost that are looked at for each moment.
    """
    table = Table()
    with operations():
        seen = _points(act(target, place / "counted"), place, table, most)
        for start, (fault, number) in enumerate(NUMBERS.items()):
            for point in range(start % every, seen, every):
                operation, outcome = _failing(act(target, place / f"{fault} {point}"), point, number)
                table.setdefault(where(operation), {}).setdefault(fault, set()).add(outcome)
    return table


def _failing(act: Act, point: int, number: int) -> tuple[Operation, str]:
    """Act with an error at a point; return where that was, and what came of it."""
    seen: list[Operation] = []

    def at(operation: Operation) -> None:
        seen.append(operation)
        if len(seen) == point + 1:
            raise OSError(number, os.strerror(number))

    raised = False
    with operations(at, at):
        try:
            act.run()
        except OSError:
            raised = True
    found = act.found(act.path)
    if not act.succeeds():
        found = STUCK
    act.end()
    return seen[point], f"{'raised' if raised else 'returned'}, {found}"


def _points(act: Act, place: Path, table: Table, most: int) -> int:
    """Act, and note what a kill or a loss of power would leave at each point; return how many there are."""
    losing = Losing(act.path, np.random.default_rng(SEED), most)
    copies: list[tuple[Operation, Path]] = []

    def at(operation: Operation) -> None:
        copies.append((operation, place / f"killed {len(copies)}"))
        if act.path.is_dir():
            shutil.copytree(act.path, copies[-1][1], ignore=shutil.ignore_patterns("*-shm"))
        losing.allowed = (len(copies) - 1,)
        losing.look()

    with losing.watching(), operations(at, at):
        act.run()
    act.end()
    for operation, path in copies:
        table.setdefault(where(operation), {}).setdefault("killed", set()).add(_left(act, path))
    for number, ((one,), image) in enumerate(losing.images):
        path = place / f"lost {number}"
        path.mkdir()
        for name, content in image.items():
            (path / name).write_bytes(content)
        if one < len(copies):
            table[where(copies[one][0])].setdefault("power lost", set()).add(_left(act, path))
    return len(copies)


def _left(act: Act, path: Path) -> str:
    """Return what a reader, a writer and then a reader find, and throw it away."""
    found = act.found(path, "r+", "r")
    shutil.rmtree(path, ignore_errors=True)
    return found


def _cell(found: set[str]) -> str:
    return "; ".join(sorted(found)) or "-"


def markdown(table: Table, heads: Sequence[str], faults: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a table."""
    yield f"| {' | '.join((*heads, *faults))} |"
    yield "|" + "---|" * (len(heads) + len(faults))
    for (one, other), row in table.items():
        yield f"| {one} | {other} | {' | '.join(_cell(row.get(fault, set())) for fault in faults)} |"


PAGE = """# Fault matrix

Generated by `python -m refvec_conformance.campaign.matrix numpy --markdown docs/fault-matrix.md`; a
test compares it with what it finds. Where something were wrong - lost, half-applied, wrong data - a cell
would say so.

{disks}
## Damaged bytes

*refused*: to open, or to read the row, raises `CorruptStoreError` naming the file, `verify` names it,
and nothing is changed. *same content*: bit for bit what was flushed last.

{damage}
"""

ACTED = """## {title}

{text}

{table}
"""
TEXTS: dict[type[Act], tuple[str, str]] = {
    Flush: (
        "A flush, and what happens to it on its way",
        """What a store holds afterwards, if one thing that its flush asks of the disk fails, before it happens
or after; if the process is killed there; if the power fails there, whatever part of what was not synced
has reached the disk. After an error the store in memory is as it was and has its lock, and the next
flush succeeds.""",
    ),
    Close: (
        "A close",
        """It flushes what was not flushed, and then sqlite puts its log into the database. After an error the
store is open and the next close succeeds.""",
    ),
    Compaction: (
        "A compaction",
        """Of a store with changes that are not flushed, so it flushes first. After an error the store is as it
was, and the next compaction succeeds.""",
    ),
    Creation: ("The first opening", "After an error, a kill or a loss of power, the next opening succeeds."),
    Recovery: (
        "An opening that recovers",
        """Of a store whose compaction was killed when the new rows were in place, and not committed. Whoever is
killed while he opens it leaves it as readable as before.""",
    ),
}


def _acted(target: Target, place: Path, act: type[Act]) -> str:
    title, text = TEXTS[act]
    place.mkdir()
    table = markdown(of_disks(target, place, act), ("who", "asks to"), (*NUMBERS, "killed", "power lost"))
    return ACTED.format(title=title, text=text, table="\n".join(table))


def page(target: Target, place: Path, count: int) -> str:
    """Return the whole matrix."""
    disks = [_acted(target, place / "disks" / act.__name__, act) for act in ACTS]
    damage = markdown(of_damage(target, place / "damage", count), ("file", "part"), tuple(DAMAGES))
    return PAGE.format(disks="\n".join(disks), damage="\n".join(damage))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the page, or write it."""
    parser = argparse.ArgumentParser(prog="python -m refvec_conformance.campaign.matrix", description=__doc__)
    parser.add_argument("backend")
    parser.add_argument("--count", type=int, default=60, help="places of each part (default: %(default)s)")
    parser.add_argument("--markdown", type=Path, help="write the page here")
    given = parser.parse_args(arguments)
    with resolved(given.backend) as target, folder() as place, suppress(BrokenPipeError):
        for name in ("disks", "damage"):
            (place / name).mkdir()
        text = page(target, place, given.count)
    if given.markdown:
        given.markdown.write_text(text, "utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
