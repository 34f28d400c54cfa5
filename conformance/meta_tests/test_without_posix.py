"""On a system without fork, flock and resource limits the suite runs, and says what it did not run.

It is simulated: `without_posix` takes away what Windows has not got. Windows itself was never tried.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest
from refvec_conformance.judging.systems import lacking, lacking_in_child

HERE = Path(__file__).parent / "without_posix"
IMPORT_ALL = """
import importlib, pkgutil, refvec_conformance, refvec, refvec_backends
for package in (refvec, refvec_backends, refvec_conformance):
    for one in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not one.name.endswith("__main__") and ".in_children" not in one.name:
            importlib.import_module(one.name)
"""
USE = """
import sys, refvec
for backend in ("python", "numpy", "rust"):
    store = refvec.VectorStore(3, backend=backend)
    store.add_vectors(["a", "b"], [[1, 2, 3], [4, 5, 6]])
    for _ in range(2):
        store.save(sys.argv[1])
    assert refvec.VectorStore.load(sys.argv[1], backend=backend).search([1, 2, 3], 1).ids == [("a",)]
    try:
        refvec.VectorStore(3, path=sys.argv[1] + "-store", backend=backend)
    except refvec.UnsupportedError as error:
        print(error)
"""
# What asks for something that Windows has not got, in this process or in a child, and one that does not.
TESTS = {
    "test_add::test_add_vector_returns_an_int": None,
    "test_durable_format::test_the_bytes_are_those_of_the_format": "flock()",
    "test_fork::test_children_of_a_process_that_has_searched_search": "signal.alarm",
    "test_memory::test_a_look_without_memory_raises_memory_error[get_vectors]": "os.fork",
    "test_saving_over::test_a_failed_save_names_the_path_and_leaves_no_draft[full disk]": "resource",
    "test_saving_over::test_a_replaced_file_keeps_its_mode[0o444]": "modes of files",
    "test_saving_over::test_what_is_no_plain_file_is_refused_and_stays[FIFO]": "os.mkfifo",
    "test_saving_over::test_what_is_no_plain_file_is_refused_and_stays[socket]": "socket.AF_UNIX",
}


def without_posix(*command, folder):
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), *filter(None, sys.path)])}
    environ.pop("REFVEC_BACKEND", None)
    done = subprocess.run(
        [sys.executable, "-W", "error", *command],
        env=environ,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 3), done.stdout + done.stderr
    return done.stdout


def test_every_module_is_imported(tmp_path):
    without_posix("-c", IMPORT_ALL, folder=tmp_path)


def test_stores_in_memory_work_and_a_path_is_refused(tmp_path):
    printed = without_posix("-c", USE, "saved", folder=tmp_path)
    assert (
        printed.splitlines()
        == ["Durable stores need flock(), which this system lacks; keep the store in memory and save() it"] * 3
    )


def test_the_smoke_tier_passes(tmp_path):
    report = judged("--tier", "smoke", folder=tmp_path)
    ended = [row["outcome"] for row in report["tests"] if row["outcome"] not in ("too-deep", "not-applicable")]
    assert {*ended} == {"passed"}
    assert len(ended) > 30


def test_what_needs_more_has_not_run_and_says_why(tmp_path):
    named = [word for one in TESTS for word in ("--test", one)]
    report = judged("--tier", "standard", *named, folder=tmp_path)
    found = {row["id"]: (row["outcome"], row["reason"]) for row in report["tests"] if row["id"] in TESTS}
    assert found == {
        test: ("passed", "") if lacks is None else ("not-run", f"this system has no {lacks}")
        for test, lacks in TESTS.items()
    }


def judged(*options, folder):
    without_posix("-m", "refvec", "conformance", "numpy", *options, "--report-dir", "out", folder=folder)
    (found,) = json.loads((folder / "out" / "report.json").read_text("utf-8"))["backends"]
    return found


def raised(code, file):
    """Return the error of some code that stands in a file."""
    try:
        exec(compile(code, file, "exec"), {"os": types.ModuleType("os")})  # noqa: S102 - ours
    except Exception as error:
        return error
    raise AssertionError(f"{code} raised nothing")


OURS = str(Path(sys.modules[lacking.__module__].__file__).parents[1] / "tests" / "test_fork.py")


@pytest.mark.parametrize(
    ("code", "file", "reason"),
    [
        ("os.fork()", OURS, "this system has no os.fork"),
        ("os.fork()", "/somewhere/backend.py", None),
        ("os.frok()", OURS, None),
        ("open('/proc/none/of/it')", OURS, "this system has no /proc"),
        ("open('/proc/none/of/it')", "/somewhere/backend.py", None),
        ("import none_of_these", OURS, None),
    ],
)
def test_only_what_the_suite_itself_asks_for_is_an_excuse(code, file, reason):
    error = raised(code, file)
    assert lacking(error) == reason
    printed = f'Traceback (most recent call last):\n  File "{file}", line 1, in <module>\n    {code}\n'
    assert lacking_in_child(f"{printed}{type(error).__name__}: {error}\n") == reason
