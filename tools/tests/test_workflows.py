"""The workflows call nothing but sessions that there are, and leave out none that decides what lands."""

import itertools
import re
import shlex
import subprocess
import sys

import pytest
import yaml
from projects import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
MISSING = "--error-on-missing-interpreters"


def jobs(path):
    return yaml.safe_load(path.read_text("utf-8"))["jobs"].items()


def combinations(job):
    """Return the values of a matrix, each combination a dict."""
    matrix = dict(job.get("strategy", {}).get("matrix", {}))
    included = matrix.pop("include", [])
    if not matrix:
        return included or [{}]
    crossed = itertools.product(*matrix.values())
    return [dict(zip(matrix, values, strict=True)) for values in crossed]


def filled(command, values):
    return re.sub(r"\$\{\{ matrix\.(\w+) \}\}", lambda found: str(values[found[1]]), command)


def called(path):
    """Return the sessions that a workflow calls."""
    for _, job in jobs(path):
        commands = [step["run"] for step in job["steps"] if step.get("run", "").startswith("nox")]
        for command, values in itertools.product(commands, combinations(job)):
            nox, *words = (word for word in shlex.split(filled(command, values)) if word != MISSING)
            assert (nox, words[0]) == ("nox", "-s"), command
            yield from words[1:]


@pytest.fixture(scope="module")
def sessions():
    command = [sys.executable, "-m", "nox", "--list"]  # as JSON it lists those that are selected only
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"^[*-] (\S+) -> ", listed, re.MULTILINE))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_session_that_is_called_exists(path, sessions):
    names = set(called(path))
    assert names
    assert names <= sessions


def test_all_that_decides_what_lands_is_called():
    names = set(called(ROOT / ".github/workflows/tests.yml"))
    landing = re.search(r"nox\.options\.sessions = \[(.*?)\]", (ROOT / "noxfile.py").read_text(), re.DOTALL)[1]
    expected = set(re.findall(r'"(.+?)"', landing)) - {"tests"}
    assert len(expected) > 5
    assert expected <= names
    assert {"tests-3.11", "tests-3.12", "tests-3.13", "tests-3.14", "tests-3.14t"} <= names


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_step_does_what_no_session_does(path):
    preparing = ("nox ", "rustup ", "sudo apt-get ", 'python -m pip install "nox[uv]"')
    for name, job in jobs(path):
        for command in (step["run"] for step in job["steps"] if "run" in step):
            assert all(part.strip().startswith(preparing) for part in command.split("&&")), f"{name}: {command}"
