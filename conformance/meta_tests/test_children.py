"""Children that are forked behave as those that start an interpreter of their own."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest
from refvec_conformance.probes import children
from refvec_conformance.probes.children import output_of, run_child

either = pytest.mark.parametrize("fresh", [True, False], ids=["fresh", "forked"])


@either
def test_a_child_prints_into_its_own_files(fresh):
    done = run_child("import os, sys; os.write(1, b'one'); print('two', file=sys.stderr)", fresh=fresh)
    assert (done.stdout, done.stderr, done.returncode) == ("one", "two\n", 0)


@either
@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("raise SystemExit(7)", 7),
        ("raise RuntimeError('told')", 1),
        ("import warnings; warnings.warn('told')", 1),
        ("import os; os._exit(9)", 9),
        ("import os; os.abort()", -signal.SIGABRT),
        ("import os, signal; os.kill(os.getpid(), signal.SIGINT)", -signal.SIGINT),
        ("import atexit, os; atexit.register(os._exit, 5)", 5),
    ],
)
def test_the_way_a_child_ended_is_told(end, code, fresh):
    done = run_child(end, fresh=fresh)
    assert done.returncode == code
    assert ("told" in done.stderr) == ("told" in end)


@either
def test_a_child_has_its_arguments_its_environment_and_its_path(tmp_path, monkeypatch, fresh):
    (tmp_path / "a_module_of_theirs.py").write_text("here = 'found'")
    monkeypatch.setenv("REFVEC_BACKEND", "nobody")
    monkeypatch.chdir(tmp_path)
    code = """
        code = 1
        import os, sys, a_module_of_theirs
        print(sys.argv, os.environ["GIVEN"], os.environ.get("REFVEC_BACKEND"), a_module_of_theirs.here)
        print(os.getcwd(), __name__, sys.modules["__main__"].code, sys.path[0] == "")
        """
    found = output_of(code, "a", "b", env={"GIVEN": "x"}, path=tmp_path, fresh=fresh)
    assert found.splitlines() == ["['-c', 'a', 'b'] x None found", f"{tmp_path} __main__ 1 True"]


@either
def test_a_change_of_the_environment_or_the_path_reaches_the_next_child(tmp_path, monkeypatch, fresh):
    for value in ("one", "other"):
        folder = tmp_path / value
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(f"import builtins; builtins.started_with = {value!r}")
        with monkeypatch.context() as patch:
            patch.syspath_prepend(folder)
            patch.setenv("GIVEN", value)
            assert (
                output_of("import os; print(started_with, os.environ['GIVEN'])", fresh=fresh)
                == f"{value} {value}"
            )


@either
def test_a_child_leaves_nothing_to_the_next(fresh):
    output_of("import os, sys, refvec; sys.left = refvec.left = os.environ['LEFT'] = 'left'", fresh=fresh)
    code = "import os, sys, refvec; print(hasattr(sys, 'left'), hasattr(refvec, 'left'), 'LEFT' in os.environ)"
    assert output_of(code, fresh=fresh) == "False False False"


@either
def test_a_child_that_takes_too_long_is_killed(monkeypatch, fresh):
    monkeypatch.setattr(children, "PATIENCE", 3.0)
    with pytest.raises(subprocess.TimeoutExpired) as raised:
        run_child("import time; print('begun', flush=True); time.sleep(600)", fresh=fresh)
    assert "begun" in str(raised.value.stdout)
    monkeypatch.undo()
    assert output_of("print(1)", fresh=fresh) == "1"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_of_the_tests_process_has_a_server_of_its_own():
    output_of("print(1)")
    child = os.fork()
    if not child:
        os._exit(0 if output_of("print(2)") == "2" else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert output_of("print(3)") == "3"


def test_no_backend_is_imported_before_the_child_does():
    assert (
        output_of("import sys; print({'refvec_backends', 'rust_vector_store'} & set(sys.modules))") == "set()"
    )
