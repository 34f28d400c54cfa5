"""A small suite and deliberately nasty backends, written where only the worker finds them."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from refvec_conformance import RunResult, run
from refvec_conformance.judging.results import BackendResult

SUITE = """
from refvec_conformance.judging.marks import clause, provisional

@clause("OPEN-1", tier="smoke")
def test_it_opens(make):
    assert len(make(4)) == 0

@clause("ADD-1", tier="smoke")
def test_add(store):
    assert store.add_vector("a", [1, 2, 3, 4]) == 0

@clause("REMOVE-1")
def test_remove(store):
    store.add_vector("a", [1, 2, 3, 4])
    assert store.remove_vector("a") is True

@clause("REMOVE-3")
def test_clear(store):
    store.add_vector("a", [1, 2, 3, 4])
    store.clear()
    assert store.ids() == []

@clause("GET-5")
def test_ids(store):
    assert store.ids() == []

@clause("SEARCH-1", requires="search")
def test_search(store):
    store.add_vector("a", [1, 2, 3, 4])
    assert store.search([1, 2, 3, 4]).indices.tolist() == [0]

@clause("SEARCH-1", "PLUGIN-3", requires="!search")
def test_search_is_refused(store):
    import pytest, refvec
    with pytest.raises(refvec.UnsupportedError):
        store.search([1, 2, 3, 4])

@clause("DUR-2", tier="thorough")
def test_close(store):
    store.close()
    assert store.closed
"""

HEAD = """
import ctypes, dataclasses, os, signal, sys, threading, time
from refvec_backends.python import PythonVectorStore as Base
"""


@dataclasses.dataclass
class Bench:
    """Runs the small suite on a backend given by its source."""

    folder: Path

    def suite(self, more: str = "", text: str = SUITE) -> str:
        """Write the small suite as a package of its own; return its name."""
        package = self.folder / "smallsuite"
        package.mkdir(exist_ok=True)
        (package / "__init__.py").touch()
        (package / "test_small.py").write_text(text + textwrap.dedent(more))
        return "smallsuite"

    def backend(self, body: str, name: str = "nasty", before: str = "") -> str:
        """Write a module with a backend; return its spelling."""
        lines = textwrap.indent(textwrap.dedent(body).strip() or "pass", "    ")
        source = f'{HEAD}\n{textwrap.dedent(before)}\nclass Nasty(Base):\n    backend = "{name}"\n{lines}\n'
        (self.folder / f"{name}_module.py").write_text(source)
        return f"{name}_module:Nasty"

    def judge(self, body: str = "", *, before: str = "", more: str = "", **options: Any) -> BackendResult:
        """Return the result of the small suite on that backend."""
        return self.run(self.backend(body, before=before), more=more, **options).backends[0]

    def run(self, *names: str, more: str = "", **options: Any) -> RunResult:
        """Run the small suite."""
        given = {"tests": self.suite(more), "tier": "quick", "timeout": 20.0, **options}
        return run(names, **given)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A place for backends, that workers import from."""
    monkeypatch.syspath_prepend(tmp_path)
    return Bench(tmp_path)


@pytest.fixture(scope="module")
def shared_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A place for backends, for what several tests look at."""
    folder = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield Bench(folder)


@pytest.fixture
def verdicts() -> Callable[[BackendResult], dict[str, str]]:
    """The verdicts of a backend by clause, for those clauses that a test judges."""
    return lambda result: {row.id: str(row.verdict) for row in result.clauses if row.tests}


@pytest.fixture
def pytester_run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run pytest in an empty directory, as a stranger does."""
    home = tmp_path / "stranger"
    home.mkdir()

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
            cwd=home,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return call


NASTY = """
def clear(self):
    os._exit(3)
def ids(self):
    print("<b>printed \\x07 \\ud800</b>")
    raise ValueError("<script>alert('&')</script> ]]> \\x00 \\ud800")
"""


@pytest.fixture(scope="session")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunResult]:
    """A run with a good backend, a bad, a blocked and a broken one."""
    folder = tmp_path_factory.mktemp("mixed")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        bench = Bench(folder)
        lacking = "capabilities = dataclasses.replace(Base.capabilities, search=False)\n"
        names = [
            bench.backend("", "good"),
            bench.backend(NASTY, "bad"),
            bench.backend(lacking + "def add_vector(self, chunk_id, vector): pass", "blocked"),
            bench.backend("", "broken", before="raise RuntimeError('<i>')"),
        ]
        yield bench.run(*names, jobs=2)
