"""Test beds: servers that a networked backend brings, and what becomes of the tests without them."""

from __future__ import annotations

import textwrap
from pathlib import Path

from refvec_conformance.judging.records import Outcome
from refvec_conformance.judging.results import BackendResult, ExitCode

NETWORKED = (
    "capabilities = dataclasses.replace(Base.capabilities, networked=True, schemes=('nasty',), durable=False)"
)
TESTS = """
@clause("OPEN-8", requires="networked", since="1.1")
def test_harmless(bed):
    assert bed.address("a") == "shared://a"

@clause("OPEN-8", requires="networked", since="1.1", needs=("kill",))
def test_kill(bed):
    bed.kill("one")
    assert bed.done == ["kill one"]

@clause("OPEN-8", requires="networked", since="1.1", needs=("kill",))
def test_restored(bed):
    assert bed.done == []

@clause("OPEN-8", requires="networked", since="1.1", needs=("cut", "kill"))
def test_cut(bed):
    bed.cut("one")
"""
BED = """
import contextlib

class Bed:
    lacking = {"cut": "nobody is root"}
    def __init__(self, kind):
        self.kind, self.done = kind, []
    def address(self, name):
        return f"{self.kind}://{name}"
    def kill(self, node):
        self.done.append(f"kill {node}")
    def restore(self):
        self.done.clear()

@contextlib.contextmanager
def open_bed(*, breakable):
    yield Bed("own" if breakable else "shared")

def broken(*, breakable):
    raise FileNotFoundError("no server is installed")
"""


def judged(bench, factory: str | None = None) -> BackendResult:
    if factory is not None:
        install(bench.folder, factory)
    return bench.judge(NETWORKED, more=TESTS)


def install(folder: Path, factory: str) -> None:
    """Write a distribution with a test bed."""
    (folder / "nasty_bed.py").write_text(textwrap.dedent(BED))
    info = folder / "nasty_bed-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: nasty-bed\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[refvec.testbeds]\nnasty = nasty_bed:{factory}\n")


def rows(result: BackendResult) -> dict[str, tuple[Outcome, str]]:
    found = {row.id.partition("::")[2]: row for row in result.tests if row.requires == "networked"}
    return {name: (row.outcome, row.reason) for name, row in found.items()}


def test_without_a_test_bed_the_clause_is_not_run_and_says_why(bench, verdicts):
    result = judged(bench)
    outcomes = rows(result)
    assert {outcome for outcome, _ in outcomes.values()} == {Outcome.NOT_RUN}
    assert all("no test bed is installed" in reason for _, reason in outcomes.values())
    assert verdicts(result)["OPEN-8"] == "not-run"
    assert result.exit_code is ExitCode.VACUOUS


def test_servers_that_do_not_start_fail_nobody(bench, verdicts):
    result = judged(bench, "broken")
    assert all("no server is installed" in reason for _, reason in rows(result).values())
    assert verdicts(result)["OPEN-8"] == "not-run"
    assert result.exit_code is ExitCode.VACUOUS


def test_a_test_has_the_servers_that_it_needs_and_leaves_them_whole(bench, verdicts):
    result = judged(bench, "open_bed")
    outcomes = rows(result)
    assert [outcomes[one][0] for one in ("test_harmless", "test_kill", "test_restored")] == [Outcome.PASSED] * 3
    assert outcomes["test_cut"] == (Outcome.NOT_RUN, "nobody is root")
    assert verdicts(result)["OPEN-8"] == "not-run"
    assert "nobody is root" in next(row.reason for row in result.clauses if row.id == "OPEN-8")
