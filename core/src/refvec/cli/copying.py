"""``refvec copy``: a store to another place."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Annotated

import typer
from rich.console import Console

from ..errors import RefvecError
from ..location import parse_location
from ..transfer import Copied, copy_store
from .bar import bar, rate, say
from .ending import INTERRUPTED, NOT_BEGUN, STOPPED, failed, is_usage, told
from .interchange import OnDuplicate


def copy(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SRC", help="The directory of a durable store, a saved file, or redis://HOST:PORT/NAME."
        ),
    ],
    target: Annotated[
        str,
        typer.Argument(
            metavar="DST",
            help="A new directory, an address with its options, or with --file a file.",
        ),
    ],
    as_file: Annotated[bool, typer.Option("--file", help="Write DST as one file, as save() does.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="With --file: replace a file.")] = False,
    append: Annotated[bool, typer.Option("--append", help="Add to a store that holds ids already.")] = False,
    on_duplicate: Annotated[
        OnDuplicate, typer.Option(help="For an id that is in DST: end, leave it out, or replace its vector.")
    ] = OnDuplicate.error,
    without_payloads: Annotated[
        bool, typer.Option("--without-payloads", help="Leave the payloads (texts, metadata) of SRC behind.")
    ] = False,
    backend: Annotated[
        str, typer.Option("--backend", "-b", help="Who opens DST where it is an address or is there.")
    ] = "auto",
) -> None:
    """Copy a store to another place: between directories, saved files and servers, any to any.

    Ids, vectors, who shares which, the order of the ids, dimension and precision
    are the same in all cases. A new directory, and a file, keep the indices as
    well, and appear when they are complete, or not at all. In servers, and in a
    store that was there, vectors get new indices; of a copy that ends early a part
    stays, it says how much, and it goes on with --append --on-duplicate skip.

    Payloads, as the texts and metadata of LangChain, Haystack and LlamaIndex, come
    along from directory to directory. Where DST is a file or in servers, which keep
    none, it does not begin without --without-payloads.

    SRC is only read: a directory as of its last flush, beside its writer; servers
    while others use them (what they change meanwhile may be in the copy or not).
    Neither vectors nor payloads are ever all in memory. User and password of an
    address may stand in the environment instead (see the backend), and are never
    shown.

    refvec copy corpus.refvec "redis://127.0.0.1:7101/corpus?buckets=1024"

    refvec copy redis://127.0.0.1:7101/corpus backup.refvec --file

    Exits with 1 if it ends early, with 2 if it cannot begin.
    """
    console, begun, name = Console(), time.perf_counter(), _shown(target)
    moved: list[int] = []
    try:
        with bar(console, "copying") as show:

            def progress(done: int, total: int) -> None:
                moved[:] = [done]
                show(done, total)

            copied = copy_store(
                source,
                target,
                as_file=as_file,
                overwrite=overwrite,
                append=append,
                on_duplicate=on_duplicate.value,
                payloads=not without_payloads,
                backend=backend,
                progress=progress,
            )
    except (RefvecError, OSError, ValueError, TypeError, ImportError, MemoryError, KeyboardInterrupt) as error:
        raise _ended(error, name, begun=any(moved)) from error
    _report(console, copied, name, begun)


def _shown(target: str) -> str:
    with suppress(TypeError, ValueError):
        return str(parse_location(target, "DST"))
    return "DST"


def _ended(error: BaseException, name: str, *, begun: bool) -> typer.Exit:
    notes = getattr(error, "__notes__", None) or [f"Nothing was left at {name}."]
    if isinstance(error, KeyboardInterrupt):
        return failed("interrupted", notes[0], INTERRUPTED)
    if is_usage(error) and not begun:
        return failed(told(error), "", NOT_BEGUN)
    return failed(told(error), notes[0], STOPPED)


def _report(console: Console, copied: Copied, name: str, begun: float) -> None:
    skipped = f", {copied.skipped:,} skipped" if copied.skipped else ""
    kept = "their indices are the same" if copied.indices_kept else "their indices are new"
    texts = f" with {copied.payloads:,} payloads" if copied.payloads else ""
    say(console, f"{copied.ids:,} ids{texts} copied to {name}{skipped}, {rate(copied.ids, begun)}; {kept}")
