"""Sessions that measure: speed and memory, beside others and over commits."""

from __future__ import annotations

import os
import shutil

import nox
from projects import INTEGRATIONS, REDIS, ROOT

from sessions.common import ASV, PLOTLY, TESTING, install

# Scripts that asv's own pages load from the network; as old as those pages, so built with an old setuptools.
ASV_SCRIPTS = ("XStatic-jQuery==3.3.1.1", "XStatic-Bootstrap==3.1.1.2", "js.jquery_flot==0.8.1")


@nox.session
def bench(session: nox.Session) -> None:
    """Compare the backends' speed side by side (pytest-benchmark); not part of what lands."""
    install(session, *TESTING)
    session.env.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1"))
    session.run("pytest", "asv_bench/side_by_side", "-q", "--benchmark-group-by=group", *session.posargs)


@nox.session
def peers(session: nox.Session) -> None:
    """Compare exact search with numpy, faiss and usearch; ``nox -s peers -- --data DIR`` on real embeddings."""
    install(session, "faiss-cpu", "usearch")
    session.run("python", "asv_bench/side_by_side/peers.py", *session.posargs)


@nox.session
def targets(session: nox.Session) -> None:
    """Measure what had a goal, and print it beside that; ``nox -s targets -- TOPIC…`` some of it."""
    install(session)
    session.run("python", "asv_bench/side_by_side/targets.py", *session.posargs)


@nox.session
def durable(session: nox.Session) -> None:
    """Compare durable stores with np.memmap, sqlite3, lmdb and usearch; ``-- --folder DIR`` on another disk."""
    install(session, "lmdb", "usearch")
    session.run("python", "asv_bench/side_by_side/durable.py", *session.posargs)


@nox.session
def servers(session: nox.Session) -> None:
    """Compare stores in servers with plain redis-py; ``-- --grow 1000000`` shows what growing costs."""
    install(session, also=[REDIS])
    session.run("python", "asv_bench/side_by_side/servers.py", *session.posargs)


@nox.session
def frameworks(session: nox.Session) -> None:
    """Compare the adapters with the stores in memory of their frameworks; ``-- --data DIR`` on real texts."""
    install(session, also=INTEGRATIONS)
    session.run("python", "asv_bench/side_by_side/frameworks.py", *session.posargs)


@nox.session(name="larger-than-memory")
def larger_than_memory(session: nox.Session) -> None:
    """Fill and use a store of 3 GB of rows in 2 GiB of memory (Linux, as root)."""
    install(session)
    session.run("python", "asv_bench/side_by_side/larger_than_memory.py", *session.posargs)


@nox.session
def asv(session: nox.Session) -> None:
    """Measure commits: ``nox -s asv -- run A..B``, ``-- continuous A B``; the last commit by default."""
    session.install(*ASV)
    session.chdir("asv_bench")
    session.run("asv", "machine", "--yes", silent=True)
    session.run("asv", *(session.posargs or ("run", "HEAD^!")))


@nox.session
def dashboard(session: nox.Session) -> None:
    """Measure the last commit (``-- A..B`` others, ``-- --reuse`` none), make asv_bench/html/dashboard.html."""
    session.install(*ASV, PLOTLY, "setuptools<80", "wheel")
    session.install("--no-deps", "--no-build-isolation", *ASV_SCRIPTS, success_codes=range(256))
    session.chdir("asv_bench")
    if "--reuse" not in session.posargs:
        session.run("asv", "machine", "--yes", silent=True)
        session.run("asv", "run", *(session.posargs or ("HEAD^!",)))
    session.run("asv", "publish", silent=True)
    session.run("python", "-m", "dashboard", "--asv-page", "html")
    # Where there is no screen, webbrowser would fill the terminal.
    if session.interactive and (
        os.name == "nt" or {"DISPLAY", "WAYLAND_DISPLAY", "TERM_PROGRAM"} & set(os.environ)
    ):
        session.run("python", "-m", "webbrowser", "-t", (ROOT / "asv_bench/html/dashboard.html").as_uri())


@nox.session
def instructions(session: nox.Session) -> None:
    """Count what the Rust core executes (callgrind), and compare with rust_ext/instructions.json.

    Not part of what lands: the counts hold for one compiler and one C library. ``-- --keep`` keeps new ones.
    """
    if shutil.which("valgrind") is None:
        session.skip("valgrind is not installed")
    target = session.create_tmp() + "/target"
    build = ("cargo", "build", "--release", "--no-default-features", "--example", "instructions")
    symbols = ("--config", "profile.release.debug=1", "--manifest-path", "rust_ext/Cargo.toml")
    session.run(*build, *symbols, "--target-dir", target, external=True)
    program = f"{target}/release/examples/instructions"
    session.run("python", "tools/count_instructions.py", program, *session.posargs)
