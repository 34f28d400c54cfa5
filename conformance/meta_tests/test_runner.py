"""The runner on backends that crash, hang, exit, fork and print."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from refvec_conformance import run
from refvec_conformance.judging.results import ExitCode

GOOD = {
    "OPEN-1": "pass",
    "ADD-1": "pass",
    "REMOVE-1": "pass",
    "REMOVE-3": "pass",
    "GET-5": "pass",
    "SEARCH-1": "pass",
}


def judged(result):
    return {one: str(row.verdict) for row in result.clauses if (one := row.id) in GOOD}


def test_a_correct_backend_passes(bench):
    result = bench.judge()
    assert judged(result) == GOOD
    assert not result.failures
    assert result.name == "nasty"
    assert result.capabilities["search"] is True


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ("ctypes.string_at(0)", "crash", "SIGSEGV"),
        ("os.abort()", "crash", "SIGABRT"),
        ("os._exit(0)", "crash", "exited with status 0"),
        ("os._exit(7)", "crash", "exited with status 7"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "crash", "SIGKILL"),
        ("sys.exit(0)", "exception", "0"),
        ("raise KeyboardInterrupt", "exception", "raised KeyboardInterrupt"),
        ("assert False, 'told'", "assertion", "told"),
        ("time.sleep(600)", "hang", "hung"),
        ("threading.Lock().acquire() and threading.Event().wait()", "hang", "hung"),
    ],
)
def test_whatever_ends_a_test_is_told_with_test_and_clause_and_the_rest_is_reported(bench, body, kind, words):
    result = bench.judge(f"def clear(self):\n    {body}", timeout=8.0)
    assert judged(result) == {**GOOD, "REMOVE-3": "fail"}
    (broken,) = result.failures
    assert broken.id.endswith("test_small::test_clear")
    assert broken.failure.kind == kind
    assert words in broken.failure.message
    assert "test_clear" in broken.failure.command
    assert result.exit_code is ExitCode.FAILS


def test_several_deaths_are_all_told(bench):
    result = bench.judge("def clear(self):\n    os._exit(1)\ndef ids(self):\n    ctypes.string_at(0)")
    assert {row.id.partition("::")[2]: row.failure.kind for row in result.failures} == {
        "test_clear": "crash",
        "test_ids": "crash",
    }
    assert judged(result) == {**GOOD, "REMOVE-3": "fail", "GET-5": "fail"}


def test_a_crash_shows_where_it_was(bench):
    result = bench.judge("def clear(self):\n    ctypes.string_at(0)")
    assert "in clear" in result.failures[0].failure.traceback


SLOW = """
import time

@clause("GET-5")
def test_slow(store):
    time.sleep(2)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("late", ["os.fork()", "os.fork() or time.sleep(1)", "os.fork() and time.sleep(1)"])
def test_a_forked_child_that_comes_back_is_told(bench, late):
    """At once, or when its parent is some tests further, or long before it."""
    result = bench.judge(f"def clear(self):\n    {late}\n    super().clear()", more=SLOW)
    assert judged(result) == {**GOOD, "REMOVE-3": "fail"}
    assert [row.failure.kind for row in result.failures] == ["fork"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_children_left_behind_are_ended(bench, tmp_path):
    mark = tmp_path / "pid"
    bench.judge(
        f"""
        def clear(self):
            pid = os.fork()
            if pid == 0:
                time.sleep(600)
                os._exit(0)
            open({str(mark)!r}, "w").write(str(pid))
            super().clear()
        """
    )
    pid = int(mark.read_text())
    for _ in range(50):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state == "Z":
            return
        time.sleep(0.1)
    pytest.fail(f"process {pid} still runs")


def test_what_a_backend_prints_disturbs_nothing_and_is_kept_with_the_failure(bench, capfd):
    body = 'def clear(self):\n    print("from python")\n    os.write(1, b"from C")\n    assert False'
    result = bench.judge(body, before='print("while importing")')
    assert judged(result) == {**GOOD, "REMOVE-3": "fail"}
    assert "from python" in result.failures[0].failure.output
    assert "from C" in result.failures[0].failure.output
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("raise RuntimeError('no luck')", "RuntimeError: no luck"),
        ("import not_installed_anywhere", "not_installed_anywhere"),
        ("sys.exit(3)", "SystemExit"),
        ("os._exit(3)", "while it was imported the process exited with status 3"),
        ("ctypes.string_at(0)", "while it was imported the process was killed by SIGSEGV"),
        ("time.sleep(600)", "while it was imported the process hung"),
        ("Base = object", "subclass of refvec.VectorStore"),
        ("Base = type('Base', (Base,), {'capabilities': None})", "capabilities"),
    ],
)
def test_a_backend_that_does_not_import_cannot_be_run(bench, before, words):
    result = bench.judge(before=before, timeout=8.0)
    assert result.exit_code is ExitCode.CANNOT_RUN
    assert words in result.messages[0]
    assert {str(row.verdict) for row in result.clauses} == {"not-run"}
    assert result.earned == ()


@pytest.mark.parametrize("name", ["nobody", "no_module:Nasty", "nasty_module:Nobody", ":", "a:"])
def test_an_unknown_backend_cannot_be_run(bench, name):
    bench.backend("")
    assert bench.run(name).exit_code is ExitCode.CANNOT_RUN


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise RuntimeError('no disk')", "no disk"),
        ("sys.exit(0)", "SystemExit"),
        ("os._exit(0)", "exited with status 0"),
        ("ctypes.string_at(0)", "SIGSEGV"),
        ("time.sleep(600)", "hung"),
    ],
)
def test_a_store_that_does_not_open_is_the_factorys_fault(bench, body, words):
    result = bench.judge(f"def _open(self, spec, state):\n    {body}", timeout=8.0)
    assert result.exit_code is ExitCode.FAILS
    assert "Your factory is wrong" in result.messages[0]
    assert words in result.messages[0]
    assert {str(row.verdict) for row in result.clauses if row.id != "OPEN-1"} == {"blocked"}
    assert judged(result)["OPEN-1"] == "fail"


@pytest.mark.parametrize("end", ["assert False", "os._exit(0)", "ctypes.string_at(0)"])
def test_when_the_smoke_tier_fails_the_rest_is_blocked(bench, end):
    result = bench.judge(f"def add_vector(self, chunk_id, vector):\n    {end}")
    assert "Your backend is wrong" in result.messages[0]
    blocked = dict.fromkeys(["REMOVE-1", "REMOVE-3", "GET-5", "SEARCH-1"], "blocked")
    assert judged(result) == {"OPEN-1": "pass", "ADD-1": "fail", **blocked}


def test_a_process_that_dies_at_its_end_is_told(bench):
    result = bench.judge(before="import atexit; atexit.register(lambda: os._exit(9))")
    assert [row.clauses for row in result.failures] == [("ATOM-2",)]
    assert "after the last test" in result.failures[0].failure.message
    assert judged(result) == GOOD


def test_a_capability_that_is_not_declared_is_proven_to_be_refused(bench):
    lacking = "capabilities = dataclasses.replace(Base.capabilities, search=False)"
    result = bench.judge(lacking)
    assert judged(result) == {**GOOD, "SEARCH-1": "unsupported-proven"}
    outcomes = {row.id.partition("::")[2]: str(row.outcome) for row in result.tests}
    assert outcomes["test_search"] == "not-applicable"
    assert outcomes["test_search_is_refused"] == "passed"


def test_a_false_denial_fails(bench):
    body = """
    capabilities = dataclasses.replace(Base.capabilities, search=False)
    def search(self, *args, **kwargs):
        return None
    """
    assert judged(bench.judge(body))["SEARCH-1"] == "fail"


def test_several_backends_run_at_once_and_do_not_disturb_each_other(bench):
    names = [bench.backend("", "one"), bench.backend("def clear(self):\n    os._exit(1)", "two"), "nobody"]
    found = bench.run(*names, jobs=3)
    assert [one.name for one in found.backends] == ["one", "two", "nobody"]
    assert [one.exit_code for one in found.backends] == [
        ExitCode.VACUOUS,
        ExitCode.FAILS,
        ExitCode.CANNOT_RUN,
    ]
    assert found.exit_code is ExitCode.CANNOT_RUN


def test_a_run_leaves_nothing_behind_and_takes_no_configuration(bench, tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    (home / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (home / "conftest.py").write_text("raise RuntimeError('not for the suite')\n")
    monkeypatch.chdir(home)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setenv("REFVEC_BACKEND", "nobody")
    assert judged(bench.judge()) == GOOD
    assert sorted(path.name for path in home.iterdir()) == ["conftest.py", "pytest.ini"]


def test_only_the_named_tests_run(bench):
    found = bench.judge(only=["smallsuite.test_small::test_clear"])
    assert [row.id for row in found.tests if row.outcome == "passed"] == ["smallsuite.test_small::test_clear"]
    assert found.exit_code is ExitCode.CONFORMS
    assert found.earned == ()
    assert bench.judge(only=["nothing"]).exit_code is ExitCode.VACUOUS


@pytest.fixture
def beside(bench):
    """A module of the suite that nobody can import, beside one that is sound."""
    bench.suite()
    (bench.folder / "smallsuite" / "test_beside.py").write_text("raise RuntimeError('it was imported')")


@pytest.mark.usefixtures("beside")
@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("test_clear", "", ExitCode.CONFORMS),
        ("test_clear", "def clear(self): pass", ExitCode.FAILS),
        ("test_clear[no such case]", "", ExitCode.VACUOUS),
    ],
)
def test_only_the_modules_of_named_tests_are_imported(bench, name, body, code):
    found = bench.judge(body, only=[f"smallsuite.test_small::{name}"])
    assert found.exit_code is code
    # Nobody looked whether other modules judge its clause, too.
    assert set(judged(found).values()) == {"not-run", *(["fail"] if body else [])}


@pytest.mark.usefixtures("beside")
@pytest.mark.parametrize(
    "name", ["smallsuite.test_small::test_cleared", "smallsuite.test_smal::test_clear", "x"]
)
def test_a_name_that_is_not_found_is_looked_for_everywhere(bench, name):
    found = bench.judge(only=["smallsuite.test_small::test_clear", name])
    assert found.exit_code is ExitCode.CANNOT_RUN
    assert "it was imported" in found.messages[0]


@pytest.mark.usefixtures("beside")
def test_expected_failures_are_compared_with_all_tests(bench, tmp_path):
    (tmp_path / "expected.toml").write_text("")
    found = bench.judge(only=["smallsuite.test_small::test_clear"], expected=tmp_path / "expected.toml")
    assert found.exit_code is ExitCode.CANNOT_RUN


def test_a_suite_that_cannot_be_collected_cannot_be_run(bench):
    result = bench.judge(more="raise RuntimeError('broken suite')")
    assert result.exit_code is ExitCode.CANNOT_RUN
    assert "broken suite" in result.messages[0]


def test_the_same_seed_gives_the_same_run(bench):
    more = """
    @clause("GET-1")
    def test_order(store):
        assert list({"a", "b", "c", "d", "e"}) == []
    """
    first, again, other = (bench.judge(more=more, seed=seed) for seed in (1, 1, 2))
    assert first.failures[0].failure.message == again.failures[0].failure.message
    assert first.failures[0].failure.message != other.failures[0].failure.message


@pytest.mark.parametrize("wrong", [{"tier": "deep"}, {"as_of": "2.0"}, {"as_of": "x"}, {"expected": "nowhere"}])
def test_wrong_arguments_are_refused(wrong):
    with pytest.raises(ValueError, match=r"tier|contract|invalid|nowhere"):
        run("python", **wrong)
