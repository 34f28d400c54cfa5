"""The three doors: command, pytest plugin, Python function."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
import refvec_conformance
from refvec_conformance.cli import app
from refvec_conformance.judging.clauses import clauses
from typer.testing import CliRunner


@pytest.fixture
def command(tmp_path):
    home = tmp_path / "empty"
    home.mkdir()

    def call(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "refvec_conformance", *arguments],
            cwd=home,
            env={**os.environ, "PYTHONPATH": str(tmp_path), "COLUMNS": "120"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    call.home = home
    return call


def test_the_command_judges_in_an_empty_directory(command):
    found = command("python", "--tier", "smoke", "--report-dir", "out")
    assert found.returncode in (0, 3), found.stdout + found.stderr
    assert "exit code" in found.stdout
    assert re.match(r"python: \d+ tests, about 5 s if it is as fast as numpy", found.stdout)
    assert sorted(path.name for path in command.home.iterdir()) == ["out"]
    document = json.loads((command.home / "out" / "report.json").read_text())
    assert document["tier"] == "smoke"
    assert command("combine", "out/report.json", "--report-dir", "all").returncode == found.returncode
    assert "Nothing changed" in command("diff", "out/report.json", "all/report.json").stdout


def test_the_command_finds_a_class_in_the_working_directory(command):
    (command.home / "mine.py").write_text(
        "from refvec_backends.python import PythonVectorStore\n\n\n"
        "class Mine(PythonVectorStore):\n    backend = 'mine'\n    def clear(self): pass\n"
    )
    found = command("mine:Mine", "--test", "test_remove::test_clear_removes_every_id")
    assert found.returncode == 1, found.stdout + found.stderr
    assert "REMOVE-3" in found.stdout
    assert "removes every id in one step" in " ".join(found.stdout.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["nobody"],
        ["python", "--tier", "deep"],
        ["python", "--expected", "nowhere.toml"],
        ["python", "--as-of", "9.9"],
        ["combine", "nowhere.json"],
        ["diff", "nowhere.json", "nowhere.json"],
        ["python", "--no-such-option"],
    ],
)
def test_what_cannot_run_is_exit_code_2_with_a_reason_and_no_traceback(command, arguments):
    found = command(*arguments)
    assert found.returncode == 2
    assert found.stdout + found.stderr
    assert "Traceback" not in found.stderr


def test_help_teaches():
    text = CliRunner().invoke(app, ["--help"], terminal_width=120, color=False).output
    for word in (
        "smoke 5 s",
        "standard 2 minutes",
        "a first look",
        "Exit codes",
        "combine",
        "diff",
        "--expected",
        "pytest",
    ):
        assert word in text


def test_the_command_prints_the_clauses_with_their_tests(command):
    found = command("--clauses")
    assert found.returncode == 0, found.stderr
    assert all(one in found.stdout for one in clauses())
    assert "NO TEST" not in found.stdout


def test_the_plugin_judges_in_an_empty_directory(pytester_run):
    found = pytester_run(
        "--pyargs", "refvec_conformance", "--refvec-backend", "python", "--refvec-tier", "smoke"
    )
    assert found.returncode == 0, found.stdout
    assert f"python: of {len(clauses())} clauses" in found.stdout
    assert "skipped" not in found.stdout


def test_the_plugin_takes_every_installed_backend_by_default(pytester_run, bench):
    found = pytester_run("--pyargs", bench.suite(), "-v")
    assert "[python]" in found.stdout
    assert "[numpy]" in found.stdout


def test_the_plugin_answers_an_unknown_backend_with_2(pytester_run):
    found = pytester_run("--pyargs", "refvec_conformance", "--refvec-backend", "nobody")
    assert found.returncode == 2
    assert "No backend is called 'nobody'" in found.stdout + found.stderr


def test_the_plugin_blocks_after_the_smoke_tier(pytester_run, bench):
    body = "def add_vector(self, chunk_id, vector):\n    return 7"
    found = pytester_run("--pyargs", bench.suite(), "--refvec-backend", bench.backend(body))
    assert "1 failed, 1 passed" in found.stdout
    assert "blocked" in found.stdout


def test_the_plugin_leaves_strangers_alone(pytester_run, tmp_path):
    (tmp_path / "stranger" / "test_theirs.py").write_text(
        "import sys\nimport pytest\n\n\n@pytest.mark.parametrize('target', [1, 2])\ndef test_one(target):\n"
        "    assert 'refvec_backends' not in sys.modules\n"
    )
    found = pytester_run("-q", "--strict-markers")
    assert "2 passed" in found.stdout
    assert "refvec conformance" not in found.stdout


def test_the_function_returns_structured_results(bench):
    found = refvec_conformance.run("python", tests=bench.suite(), tier="smoke")
    assert isinstance(found, refvec_conformance.RunResult)
    assert [str(row.verdict) for row in found.backends[0].clauses if row.id in ("OPEN-1", "ADD-1")] == [
        "pass"
    ] * 2


def test_the_package_exports_what_it_says():
    assert refvec_conformance.__all__ == sorted(refvec_conformance.__all__)
    assert all(getattr(refvec_conformance, name) is not None for name in refvec_conformance.__all__)


DOORS = {
    "pytest": ("-m", "pytest", "-q", "--pyargs", "refvec_conformance", "--refvec-backend=python"),
    "command": ("-m", "refvec_conformance", "python", "--tier=smoke"),
    "function": ("-c", "from refvec_conformance import run; run('python', tier='smoke')"),
    "kill matrix": ("-m", "refvec_conformance.zoo.kill_matrix", "OPEN-1"),
}


@pytest.mark.parametrize("how", ["-O", "PYTHONOPTIMIZE"])
@pytest.mark.parametrize("door", DOORS)
def test_no_door_judges_without_assertions(tmp_path, door, how):
    optimised = {**os.environ, "COLUMNS": "500", **({"PYTHONOPTIMIZE": "1"} if how != "-O" else {})}
    flags = ["-O"] if how == "-O" else []
    found = subprocess.run(
        [sys.executable, *flags, *DOORS[door]],
        cwd=tmp_path,
        env=optimised,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == (2 if door in ("pytest", "command") else 1), found.stdout + found.stderr
    assert "cannot judge without assertions" in found.stdout + found.stderr
    assert "passed" not in found.stdout


def test_strangers_may_test_without_assertions(tmp_path):
    (tmp_path / "test_theirs.py").write_text("def test_theirs():\n    pass\n")
    command = [sys.executable, "-O", "-m", "pytest", "-q", "test_theirs.py"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
