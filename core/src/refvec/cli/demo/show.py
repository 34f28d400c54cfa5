"""What the demo prints."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .corpus import Corpus
from .killing import Killed
from .measure import Run

_SHOWN_IDS = 2


def show_runs(console: Console, runs: Sequence[Run], memory: Sequence[float | None]) -> None:
    """Print a row for each backend."""
    table = Table(title="The same job on every backend", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("backend", style="bold", no_wrap=True)
    for heading in ("add", "get", "search", "unique", "ids", "bytes", "answers"):
        table.add_column(heading, justify="right", no_wrap=True)
    slowest = max(run.add_seconds for run in runs)
    for run, size in zip(runs, memory, strict=True):
        total = run.store.total_references
        table.add_row(
            run.backend,
            f"{_seconds(run.add_seconds)} {slowest / run.add_seconds:2.0f}x",
            _seconds(run.get_seconds),
            _seconds(run.search_seconds),
            f"{len(run.store):,}",
            f"{total:,}",
            "-" if size is None else f"{size:,.0f}",
            Text("identical", "green") if run.agrees(runs[0]) else Text("DIFFERENT", "bold red"),
        )
    console.print(table)
    console.print(
        "[dim]add, get: all chunks, one call each; search: all queries; bytes: memory per unique vector[/dim]\n"
    )


def show_saving(console: Console, run: Run) -> None:
    """Print the share that was deduplicated."""
    unique, total = len(run.store), run.store.total_references
    raw = 4 * (run.store.dimension or 0)
    console.print(
        f"{total - unique:,} of {total:,} vectors ([bold]{(total - unique) / total:.0%}[/bold]) were "
        f"duplicates of another and cost no vector of their own: {unique * raw / 2**20:,.1f} MiB of floats "
        f"instead of {total * raw / 2**20:,.1f} MiB.\n"
    )


def show_killed(console: Console, killed: Killed) -> None:
    """Print what a killed process had done, and what each backend found of it."""
    console.print(
        f"[bold]On disk[/bold]: a process on {killed.backend} put {killed.step:,} ids at a time into a durable "
        f"store, each time with a flush ({_seconds(killed.flush_seconds)}), and was killed (SIGKILL) when "
        f"{killed.flushes} flushes had returned: {killed.acknowledged:,} ids."
    )
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("opened by", style="bold", no_wrap=True)
    for heading in ("in", "ids", "unique", "content"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in killed.reopened:
        verdict = Text("what was flushed", "green") if one.exact else Text("DIFFERENT", "bold red")
        table.add_row(one.backend, _seconds(one.seconds), f"{one.ids:,}", f"{one.vectors:,}", verdict)
    console.print(table)
    console.print("[dim]content: ids, indices and bits as after the last flush, and nothing else[/dim]\n")


def show_searches(console: Console, corpus: Corpus, queries: Sequence[int], run: Run) -> None:
    """Print the hits for each query, with the ids that share each vector."""
    rows, members = corpus.rows(), run.hits.ids or []
    console.print(f"[bold]More like this[/bold] (exact cosine, backend {run.backend})")
    for place, query in enumerate(queries):
        _print_line(console, f"\n? {corpus.texts[query]}", "bold cyan")
        hits = zip(run.hits.scores[place].tolist(), members[place], strict=True)
        for score, ids in [hit for hit in hits if corpus.ids[query] not in hit[1]]:
            first = rows[ids[0]]
            _print_line(console, f"  {score:.3f}  {corpus.texts[first]}")
            _print_line(console, f"         {_sharing(ids)}, {corpus.sources[first]}", "dim")


def _sharing(ids: Sequence[str]) -> str:
    named = ", ".join(ids[:_SHOWN_IDS])
    if len(ids) == 1:
        return f"id {named}"
    more = f" and {len(ids) - _SHOWN_IDS:,} more" if len(ids) > _SHOWN_IDS else ""
    return f"one vector for {len(ids):,} ids: {named}{more}"


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 0.1 else f"{1000 * value:.1f} ms"


def _print_line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style), no_wrap=True, overflow="ellipsis")
