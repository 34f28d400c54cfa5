"""The suite about itself: every clause has a test, every test a clause, and its source keeps the rules."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import refvec_conformance
from refvec_conformance.judging.clauses import Clause, clauses
from refvec_conformance.judging.marks import TIERS

PACKAGE = Path(refvec_conformance.__file__).parent
TESTS = sorted(PACKAGE.joinpath("tests").glob("test_*.py"))
# What judges a backend. The zoo names what it breaks, and whoever runs processes has to wait for them.
MACHINERY = {"zoo", "runner", "reports", "cli.py"}
SOURCES = [path for path in sorted(PACKAGE.rglob("*.py")) if not MACHINERY & {*path.relative_to(PACKAGE).parts}]
TESTABLE = [one for one in clauses().values() if one.keyword == "MUST" and one.planned is None]
BACKENDS = {"rust", "numpy", "python"}
NETWORKED = ("redis", "valkey")
CLOCKS = {"time", "timeit", "perf_counter", "monotonic", "process_time", "perf_counter_ns", "time_ns"}
GLOBAL_RANDOM = {
    "rand",
    "randn",
    "randint",
    "random",
    "shuffle",
    "choice",
    "permutation",
    "seed",
    "standard_normal",
}


def functions_in(path: Path) -> Iterator[ast.FunctionDef]:
    """Yield the test functions of a module."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node


def marks_of(test: ast.FunctionDef) -> list[ast.Call]:
    """Return the calls of ``clause`` that decorate a test."""
    calls = [node for node in test.decorator_list if isinstance(node, ast.Call)]
    return [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "clause"]


def judged_by(test: ast.FunctionDef) -> set[str]:
    """Return the ids of the clauses that a test names."""
    return {str(arg.value) for mark in marks_of(test) for arg in mark.args if isinstance(arg, ast.Constant)}


def keyword(test: ast.FunctionDef, name: str) -> str | None:
    """Return an argument that a test gives to ``clause`` by keyword."""
    found = [one.value for mark in marks_of(test) for one in mark.keywords if one.arg == name]
    return str(found[0].value) if found and isinstance(found[0], ast.Constant) else None


ALL_TESTS = [test for path in TESTS for test in functions_in(path)]
by_path = pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))


@pytest.mark.parametrize("clause", TESTABLE, ids=lambda one: one.id)
def test_every_must_has_a_test(clause: Clause) -> None:
    assert [test.name for test in ALL_TESTS if clause.id in judged_by(test)]


@pytest.mark.parametrize("clause", TESTABLE, ids=lambda one: one.id)
def test_every_must_has_a_test_that_an_ordinary_run_makes(clause: Clause) -> None:
    tiers = [keyword(test, "tier") or "quick" for test in ALL_TESTS if clause.id in judged_by(test)]
    assert set(tiers) - {"thorough"}


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_every_test_has_one_clause_mark(path: Path) -> None:
    assert [test.name for test in functions_in(path) if len(marks_of(test)) != 1 or not judged_by(test)] == []


def test_every_test_names_clauses_that_exist() -> None:
    assert {one for test in ALL_TESTS for one in judged_by(test)} <= clauses().keys()


def test_no_planned_clause_is_judged_yet() -> None:
    planned = {one.id for one in clauses().values() if one.planned}
    assert [test.name for test in ALL_TESTS if judged_by(test) & planned] == []


@pytest.mark.parametrize("capability", ["search", "durable", "dense_indices", "ordered_ids", "interrupt_safe"])
def test_a_capability_is_tested_when_it_is_not_declared(capability: str) -> None:
    assert [test.name for test in ALL_TESTS if keyword(test, "requires") == f"!{capability}"]


def test_servers_are_asked_for_only_by_tests_of_networked_backends() -> None:
    asking = [test for test in ALL_TESTS if {"bed", "site"} & {arg.arg for arg in test.args.args}]
    assert asking
    assert [test.name for test in asking if keyword(test, "requires") != "networked"] == []


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_names_of_tests_are_unique(path: Path) -> None:
    names = [test.name for test in functions_in(path)]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_the_smoke_tier_is_small() -> None:
    smoke = [test.name for test in ALL_TESTS if keyword(test, "tier") == TIERS[0]]
    assert 10 <= len(smoke) <= 45


def nodes(path: Path) -> list[ast.AST]:
    """Return every node of a module."""
    return list(ast.walk(ast.parse(path.read_text("utf-8"))))


def name_of(node: ast.AST) -> str:
    """Return the dotted name of an expression, as far as it is one."""
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def calls(path: Path) -> list[str]:
    """Return the dotted names of all that a module calls."""
    return [name_of(node.func) for node in nodes(path) if isinstance(node, ast.Call)]


@by_path
def test_no_module_imports_a_backend(path: Path) -> None:
    imported = [alias.name for node in nodes(path) if isinstance(node, ast.Import) for alias in node.names]
    imported += [node.module or "" for node in nodes(path) if isinstance(node, ast.ImportFrom)]
    assert [name for name in imported if name.split(".")[0] in {"refvec_backends", "rust_vector_store"}] == []


@by_path
def test_no_backend_is_named(path: Path) -> None:
    """The tests of OPEN-3 name them, because the contract does."""
    named = [node.value for node in nodes(path) if isinstance(node, ast.Constant) and node.value in BACKENDS]
    assert not named or path.name == "test_auto.py"


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_networked_backend_is_known(path: Path) -> None:
    """Not even in a comment: what the suite does to servers, it does to any."""
    assert [name for name in NETWORKED if name in path.read_text("utf-8").lower()] == []


@by_path
def test_no_test_asks_for_a_concrete_store(path: Path) -> None:
    tested = [
        name_of(kind)
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and name_of(node.func) in {"isinstance", "issubclass"}
        and len(node.args) == 2
        for kind in ast.walk(node.args[1])
    ]
    assert [name for name in tested if name.endswith("VectorStore") and name != "VectorStore"] == []


@by_path
def test_nothing_sleeps(path: Path) -> None:
    # A campaign is no test: it watches servers and clients for minutes.
    sleeping = [name for name in calls(path) if name.split(".")[-1] == "sleep"]
    assert sleeping == [] or "campaign" in path.parts


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_no_test_looks_at_a_clock(path: Path) -> None:
    assert [name for name in calls(path) if name.split(".")[-1] in CLOCKS] == []


@by_path
def test_nothing_random_is_without_a_seed(path: Path) -> None:
    unseeded = [
        name_of(node.func)
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and name_of(node.func).split(".")[-1] in {"default_rng", "Random", "RandomState"}
        and not node.args
    ]
    imported = [alias.name for node in nodes(path) if isinstance(node, ast.Import) for alias in node.names]
    modules = (["np", "random"], ["random"]) if "random" in imported else (["np", "random"],)
    shared = [name for name in calls(path) if name.split(".")[:-1] in modules]
    assert unseeded + [name for name in shared if name.split(".")[-1] in GLOBAL_RANDOM] == []


@by_path
def test_nothing_is_skipped(path: Path) -> None:
    assert [
        name for name in calls(path) if name in {"pytest.skip", "pytest.importorskip", "pytest.xfail"}
    ] == []


def test_the_ids_of_the_tests_are_the_same_in_every_process() -> None:
    # Of one backend: its name is all that tells the ids of others apart.
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "--pyargs", "refvec_conformance"]
    both = [
        subprocess.Popen([*command, "--refvec-backend=python"], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    first, second = ([line for line in one.communicate()[0].splitlines() if "::" in line] for one in both)
    assert first
    assert first == second
    assert not [line for line in first if " at 0x" in line]
