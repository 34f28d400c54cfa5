"""The fault matrix: what becomes of a durable store, by fault and by place.

``python -m refvec_conformance.campaign.matrix numpy --markdown docs/fault-matrix.md`` writes
the page. Faults of the disk are injected into one flush, each before and after everything that it
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
from refvec import VectorStore

from ..judging.target import Target, resolved
from ..probes.damaging import DAMAGES, FILES, REFUSED, SAME, Damaged, places
from ..probes.durability import flushes, folder, held, kept
from ..probes.journals import step
from ..probes.losing import Losing
from ..probes.seam import Operation, operations

Table = dict[tuple[str, str], dict[str, set[str]]]  # by what and where, and by fault: what came of it

BEFORE, AFTER = "the flush before", "this flush"
SOUND = frozenset(
    {BEFORE, AFTER, REFUSED, SAME}
    | {f"{how}, {what}" for how in ("raised", "returned") for what in (BEFORE, AFTER)}
)
NUMBERS = {"disk full": errno.ENOSPC, "I/O error": errno.EIO}
SEED = 5


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


class _Flush:
    """One flush, which something happens to on its way."""

    def __init__(self, target: Target, path: Path) -> None:
        self.target, self.path = target, path
        self.store = target.open(2, 2, path=path)
        *_, self.before = flushes(self.store, SEED, 3)
        _change(self.store, SEED + 1)
        self.after = held(self.store)

    def found(self, path: Path) -> str:
        """Return which flush a directory holds."""
        state = kept(self.target, path)
        return BEFORE if state == self.before else AFTER if state == self.after else "something else"

    def failing(self, point: int, number: int) -> tuple[Operation, str]:
        """Flush with an error at a point; return where that was, and what came of it."""
        seen: list[Operation] = []

        def at(operation: Operation) -> None:
            seen.append(operation)
            if len(seen) == point + 1:
                raise OSError(number, os.strerror(number))

        raised = False
        with operations(at, at):
            try:
                self.store.flush()
            except OSError:
                raised = True
        found = self.found(self.path)
        self.store.flush()
        if self.found(self.path) != AFTER or held(self.store) != self.after:
            found = "a later flush does not succeed"
        self.store.close(flush=False)
        return seen[point], f"{'raised' if raised else 'returned'}, {found}"


def _change(store: VectorStore, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(6):
        step(rng, store)


def where(operation: Operation) -> tuple[str, str]:
    """Return who asks for what, in words that hold for every store."""
    name = operation.path.name
    what = operation.name.replace("_", " ").replace("allocate", "reserve space")
    if operation.name == "sync_directory":
        name = "the directory"
    return ("sqlite" if operation.by_sqlite else "core"), f"{what} {name}".strip()


def of_disks(target: Target, place: Path) -> Table:
    """Return what becomes of a flush whose disk fails at one point, is killed there, or loses power."""
    table = Table()
    with operations():
        seen = _points(_Flush(target, place / "counted"), place, table)
        for fault, number in NUMBERS.items():
            for point in range(seen):
                operation, outcome = _Flush(target, place / f"{fault} {point}").failing(point, number)
                table.setdefault(where(operation), {}).setdefault(fault, set()).add(outcome)
    return table


def _points(flush: _Flush, place: Path, table: Table) -> int:
    """Flush, and note what a kill or a loss of power would leave at each point; return how many there are."""
    losing = Losing(flush.path, np.random.default_rng(SEED), 12)
    copies: list[tuple[Operation, Path]] = []

    def at(operation: Operation) -> None:
        copies.append((operation, place / f"killed {len(copies)}"))
        shutil.copytree(flush.path, copies[-1][1], ignore=shutil.ignore_patterns("*-shm"))
        losing.allowed = (len(copies) - 1,)
        losing.look()

    with losing.watching(), operations(at, at):
        flush.store.flush()
    flush.store.close()
    for operation, path in copies:
        table.setdefault(where(operation), {}).setdefault("killed", set()).add(flush.found(path))
    for number, ((one,), image) in enumerate(losing.images):
        path = place / f"lost {number}"
        path.mkdir()
        for name, content in image.items():
            (path / name).write_bytes(content)
        if one < len(copies):
            found = flush.found(path)
            table[where(copies[one][0])].setdefault("power lost", set()).add(found)
    return len(copies)


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

## A flush, and what happens to it on its way

What a store holds afterwards, if one thing that its flush asks of the disk fails, before it happens or
after; if the process is killed there; if the power fails there, whatever part of what was not synced
has reached the disk. After an error the store in memory is as it was and has its lock, and the next
flush succeeds.

{disks}

## Damaged bytes

*refused*: to open, or to read the row, raises `CorruptStoreError` naming the file, `verify` names it,
and nothing is changed. *same content*: bit for bit what was flushed last.

{damage}
"""


def page(target: Target, place: Path, count: int) -> str:
    """Return the whole matrix."""
    disks = markdown(of_disks(target, place / "disks"), ("who", "asks to"), (*NUMBERS, "killed", "power lost"))
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
