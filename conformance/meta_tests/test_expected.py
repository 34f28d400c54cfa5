"""The file of expected failures is strict."""

from __future__ import annotations

import pytest
from refvec_conformance.judging.expected import Expectations, ExpectedFileError
from refvec_conformance.judging.results import ExitCode

CLEAR = "smallsuite.test_small::test_clear"
BROKEN = "def clear(self):\n    raise OSError('not yet')"


def written(tmp_path, **changes):
    entry = {"id": CLEAR, "kind": "notyet", "exception": "OSError", "reason": "#12", "suite": "0.1", **changes}
    lines = [f"{key} = {value!r}" for key, value in entry.items() if value is not None]
    path = tmp_path / "expected.toml"
    path.write_text("[[expected]]\n" + "\n".join(lines) + "\n")
    return path


def test_an_expected_failure_does_not_fail_the_run(bench, tmp_path):
    result = bench.judge(BROKEN, expected=written(tmp_path))
    assert {row.id: str(row.verdict) for row in result.clauses}["REMOVE-3"] == "expected-fail"
    assert not result.failures
    assert result.exit_code is ExitCode.VACUOUS  # the small suite holds few clauses


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"id": "REMOVE-3"}, "VACUOUS"),
        ({"exception": "builtins.OSError"}, "FAILS"),
        ({"exception": "Exception"}, "VACUOUS"),
        ({"exception": "ValueError"}, "FAILS"),
        ({"backend": "nasty"}, "VACUOUS"),
        ({"backend": "another"}, "FAILS"),
        ({"suite": "0.0"}, "FAILS"),
        ({"suite": "0.0", "kind": "never"}, "VACUOUS"),
        ({"id": "smallsuite.test_small::test_nothing"}, "FAILS"),
    ],
)
def test_only_what_is_written_is_expected(bench, tmp_path, changes, code):
    assert bench.judge(BROKEN, expected=written(tmp_path, **changes)).exit_code.name == code


@pytest.mark.parametrize("name", [CLEAR, "REMOVE-3"])
def test_an_unexpected_pass_is_an_error(bench, tmp_path, name):
    result = bench.judge(expected=written(tmp_path, id=name))
    assert result.exit_code is ExitCode.FAILS
    assert "passed unexpectedly" in result.messages[0]


def test_crashes_and_hangs_can_be_expected(bench, tmp_path):
    result = bench.judge("def clear(self):\n    os._exit(1)", expected=written(tmp_path, exception="Crash"))
    assert {row.id: str(row.verdict) for row in result.clauses}["REMOVE-3"] == "expected-fail"
    result = bench.judge(
        "def clear(self):\n    time.sleep(60)", expected=written(tmp_path, exception="Hang"), timeout=6.0
    )
    assert {row.id: str(row.verdict) for row in result.clauses}["REMOVE-3"] == "expected-fail"


def test_a_smoke_failure_that_is_expected_blocks_nothing(bench, tmp_path):
    path = written(tmp_path, id="ADD-1")
    result = bench.judge("def add_vector(self, chunk_id, vector):\n    raise OSError", expected=path)
    assert "blocked" not in {str(row.verdict) for row in result.clauses}


@pytest.mark.parametrize(
    "text", ["[[expected]]", "expected = 3", "[[expected]]\nid = 1", "]", "[[expected]]\nx = 1"]
)
def test_a_file_that_cannot_be_understood_is_refused(tmp_path, text):
    path = tmp_path / "expected.toml"
    path.write_text(text)
    with pytest.raises(ExpectedFileError):
        Expectations.read(path)


@pytest.mark.parametrize("changes", [{"kind": "someday"}, {"suite": "new"}, {"reason": None}, {"id": 3}])
def test_an_entry_with_wrong_values_is_refused(tmp_path, changes):
    with pytest.raises(ExpectedFileError, match="Expected failure 1"):
        Expectations.read(written(tmp_path, **changes))


def test_the_same_file_serves_the_pytest_plugin(bench, tmp_path, pytester_run):
    bench.suite()
    given = ["--pyargs", "smallsuite", "--refvec-backend", bench.backend(BROKEN)]
    assert pytester_run(*given).returncode == 1
    found = pytester_run(*given, "--refvec-expected", str(written(tmp_path)))
    assert "1 xfailed" in found.stdout
    assert found.returncode == 0
    found = pytester_run(
        "--pyargs", "smallsuite", "--refvec-backend", "python", "--refvec-expected", str(written(tmp_path))
    )
    assert "passed unexpectedly" in found.stdout
    assert found.returncode == 1
