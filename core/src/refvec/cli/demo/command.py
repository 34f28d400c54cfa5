"""The command ``refvec demo``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ... import RefvecError, VectorStore, backends
from .corpus import Corpus, load_corpus
from .killing import kill_in_the_middle
from .measure import Run, run_backend
from .memory import bytes_per_vector
from .show import show_killed, show_runs, show_saving, show_searches

HITS = 4
QUERIES = 3


def demo(
    backend: Annotated[
        list[str] | None,
        typer.Option(
            "--backend", "-b", help="A backend; repeatable. Default: all installed ones that need no servers."
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="A folder with chunks.jsonl and embeddings.npy. Default: a built-in sample."),
    ] = None,
    like: Annotated[
        str | None, typer.Option(help="Search for chunks like the first one that contains this text.")
    ] = None,
) -> None:
    """Put real text embeddings into a store on every backend and compare the answers.

    Adds every chunk, gets it back, shows how many vectors were duplicates,
    what it cost in time and memory, fills a durable store in a process that is
    killed, and searches for "more like this". Exits with 1 if two backends do
    not answer alike, or if the durable store is not what was flushed.
    """
    console = Console()
    try:
        corpus = load_corpus(data)
        names = _names(backend)
        queries = _queries(corpus, like)
    except (ValueError, RefvecError) as error:
        console.print(f"[red]refvec demo:[/red] {escape(str(error))}", highlight=False)
        raise typer.Exit(2) from error
    console.print(f"{len(corpus.ids):,} chunks of {corpus.dimension} components from {escape(corpus.label)}\n")
    runs, memory = _run_all(console, names, corpus, queries)
    show_runs(console, runs, memory)
    show_saving(console, runs[0])
    with console.status("filling a durable store in a process that will be killed"):
        killed = kill_in_the_middle(names, corpus)
    if killed is not None:
        show_killed(console, killed)
    show_searches(console, corpus, queries, runs[-1])
    if not all(run.agrees(runs[0]) for run in runs) or (killed is not None and not killed.exact):
        raise typer.Exit(1)


def _names(given: Sequence[str] | None) -> list[str]:
    # One that keeps its stores in servers has none unless it is told of some.
    here = [row.name for row in backends() if row.capabilities and not row.capabilities.networked]
    names = list(dict.fromkeys(given or [])) or here
    if not names:
        raise ValueError("no backend is installed; install refvec to have rust, numpy and python")
    for name in names:
        VectorStore(1, backend=name).close()  # raises, and says why, before anything is shown
    return sorted(names, key=lambda name: ["python", "numpy", "rust"].index(name) if name in _OURS else -1)


_OURS = {"python", "numpy", "rust"}


def _queries(corpus: Corpus, like: str | None) -> list[int]:
    if like is not None:
        found = [row for row, text in enumerate(corpus.texts) if like.casefold() in text.casefold()]
        if not found:
            raise ValueError(f"no chunk contains {like!r}")
        return found[:1]
    distinct = {text: row for row, text in enumerate(corpus.texts)}
    prose = [row for text, row in distinct.items() if len(text) > 60 and ">>>" not in text]
    rows = prose or list(distinct.values())
    return rows[:: max(1, len(rows) // QUERIES)][:QUERIES]


def _run_all(
    console: Console, names: Sequence[str], corpus: Corpus, queries: list[int]
) -> tuple[list[Run], list[float | None]]:
    runs: list[Run] = []
    memory: list[float | None] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        for name in names:
            task = progress.add_task(f"{name}: adding", total=len(corpus.ids))
            runs.append(
                run_backend(
                    name,
                    corpus,
                    corpus.vectors[queries],
                    HITS + 1,
                    lambda done, task=task: progress.advance(task, done),  # type: ignore[misc]
                )
            )
            progress.update(task, description=f"{name}: memory, in a process of its own")
            memory.append(bytes_per_vector(name, corpus.ids, corpus.vectors))
            progress.update(task, description=f"{name}: done")
    return runs, memory
