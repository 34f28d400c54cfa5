"""``refvec serve-local``: a throw-away cluster to try the backend on; ``refvec vacuum URL``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Annotated

import typer
from refvec import RefvecError

from .cluster import LocalCluster
from .settings import VARIABLE
from .store import RedisVectorStore


def serve_local(
    command: Annotated[
        list[str] | None, typer.Argument(help="Run this instead of waiting for Ctrl-C; its code is ours.")
    ] = None,
    masters: Annotated[int, typer.Option(min=1, max=16, help="How many servers share the vectors.")] = 3,
    replicas: Annotated[int, typer.Option(min=0, max=2, help="Copies of each.")] = 1,
    options: Annotated[str, typer.Option(help="Of the addresses: 'buckets=16&timeout=5'.")] = "",
) -> None:
    """Start a throw-away cluster of redis-server on this machine; Ctrl-C ends it and removes its data.

    While a command runs, REFVEC_REDIS_URL leads its temporary stores there:
    refvec serve-local -- pytest tests
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    query = "&".join(filter(None, (options, "" if replicas else "replicas=0")))
    code = 0
    try:
        with LocalCluster(masters, replicas) as cluster:
            if command:
                code = _run(command, f"{cluster.url}?{query}")
            else:
                _tell(cluster, query)
                signal.pause()
    except FileNotFoundError as error:
        raise typer.BadParameter(str(error)) from error
    except KeyboardInterrupt:
        typer.echo("\nThe servers have gone.")
    raise typer.Exit(code)


def _run(command: list[str], url: str) -> int:
    return subprocess.run(command, env=os.environ | {VARIABLE: url}, check=False).returncode


def _tell(cluster: LocalCluster, query: str) -> None:
    address = f"{cluster.url}corpus?{query}".rstrip("?")
    typer.echo(f"{len(cluster.ports)} servers are up. In another window:\n")
    typer.echo("    from refvec import VectorStore")
    typer.echo(f'    store = VectorStore(384, path="{address}")\n')
    typer.echo("Ctrl-C ends them and removes what they hold.")
    sys.stdout.flush()  # it may be a file, and nothing else is printed for long


def vacuum(
    address: Annotated[str, typer.Argument(metavar="URL", help="The address of a store.")],
    min_age: Annotated[float, typer.Option(min=0, help="Leave alone what is younger, in seconds.")] = 600.0,
) -> None:
    """Collect what clients left behind that died in the middle of a call; others go on meanwhile."""
    try:
        with RedisVectorStore(path=address, mode="r+") as store:
            typer.echo(f"{store.vacuum(min_age)} references collected")
    except (RefvecError, OSError, ValueError) as error:
        raise typer.BadParameter(str(error)) from error
