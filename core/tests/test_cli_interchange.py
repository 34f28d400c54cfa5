"""``refvec export`` and ``refvec import``, as their user types them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from refvec import VectorStore
from refvec.interchange import source
from refvec_command.app import app
from typer.testing import CliRunner


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments, code=0):
        result = CliRunner().invoke(app, arguments, env={"COLUMNS": "120"})
        assert result.exit_code == code, result.output
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.output

    return run


def save(name, array, ids=None):
    np.save(f"{name}.npy", array)
    ids = [f"{row}" for row in range(len(array))] if ids is None else ids
    with open(f"{name}.ids.jsonl", "w") as file:
        file.writelines(json.dumps(one) + "\n" for one in ids)


def ids_in(path):
    with VectorStore(path=path, mode="r", backend="numpy") as store:
        return store.ids()


@pytest.mark.parametrize("end", ["npy", "safetensors"])
def test_there_and_back(run, end):
    save("x", np.eye(3), ["a", "line\nbreak", "🦀"])
    assert "3 rows" in run("import", "x.npy", "one", "--backend", "python")
    assert "3 ids in y." in run("export", "one", f"y.{end}")
    assert "references=3" in run("import", f"y.{end}", "two", "--mode", "x", "--precision", "exact")
    assert ids_in("two") == ["a", "line\nbreak", "🦀"]
    with VectorStore(path="two", mode="r", backend="numpy") as store:
        assert store.precision == "exact"


def test_duplicates(run):
    save("x", np.eye(3))
    run("import", "x.npy", "one")
    output = run("import", "x.npy", "one", code=1)
    assert "x.npy, row 0" in output
    assert "--on-duplicate" in output
    assert "Nothing was imported into one" in output
    assert "3 skipped" in run("import", "x.npy", "one", "--on-duplicate", "skip")
    run("import", "x.npy", "one", "--on-duplicate", "upsert", "--mode", "r+")


def test_what_was_flushed_is_told_and_stays(run, monkeypatch):
    monkeypatch.setattr(source, "MOST_ROWS", 5)
    array = np.zeros((20, 2))
    array[12] = 1e300
    save("x", array)
    output = run("import", "x.npy", "one", "--flush-every", "5", code=1)
    assert "row 12" in output
    assert "The first 10 rows are in one; --on-duplicate skip goes on" in output
    assert ids_in("one") == [f"{row}" for row in range(10)]
    output = run("import", "x.npy", "two", "--flush-every", "0", code=1)
    assert "Nothing was imported into two, which is an empty store." in output
    assert ids_in("two") == []


@pytest.mark.parametrize("end", ["npy", "safetensors"])
def test_a_flush_comes_after_as_few_rows_as_are_asked_for(run, end):
    array = np.arange(40.0).reshape(20, 2)
    save("x", array)
    run("import", "x.npy", "all")
    run("export", "all", f"y.{end}")
    with VectorStore(path="some", backend="numpy") as store:
        store.add_vector("13", [9, 9])
    output = run("import", f"y.{end}", "some", "--flush-every", "4", code=1)
    assert "The first 12 rows are in some" in output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("import", "none.npy", "one"), "none.npy: No such file"),
        (("import", "x.csv", "one"), "choose of npy, safetensors, parquet"),
        (("import", "text.npy", "one"), "no npy file"),
        (("import", "x.npy", "one", "--ids", "none"), "none: No such file"),
        (("import", "x.npy", "one", "--backend", "nunpy"), "Did you mean 'numpy'"),
        (("import", "x.npy", "one", "--mode", "r+"), "There is no store"),
        (("import", "x.npy", "one", "--precision", "9"), "precision must be"),
        (("import", "x.npy", "text.npy"), "no directory"),
        (("export", "none", "y.npy"), "none: No such file"),
        (("export", "empty", "y.npy"), "There is no store"),
        (("export", "x.npy", "y.csv"), "choose of"),
        (("export", "kept", "x.npy"), "--overwrite"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_begin_changes_nothing(run, arguments, words):
    save("x", np.eye(2))
    run("import", "x.npy", "kept")
    for name in ("text.npy", "x.csv"):
        with open(name, "w") as file:
            file.write("text")
    Path("empty").mkdir()
    before = sorted(Path.cwd().rglob("*"))
    output = run(*arguments, code=2)
    assert words in " ".join(output.split())
    assert sorted(Path.cwd().rglob("*")) == before


def test_a_damaged_store_is_not_exported(run):
    save("x", np.eye(2))
    run("import", "x.npy", "one")
    with open("one/rows-00000001.f32", "r+b") as rows:
        rows.seek(4096)
        rows.write(b"damage")
    assert "index 0" in run("export", "one", "y.npy", code=1)
    assert not Path("y.npy").exists()


def test_a_store_of_another_dimension(run):
    save("x", np.eye(2))
    run("import", "x.npy", "one")
    save("y", np.eye(3), ["a", "b", "c"])
    assert "expected 2, got 3" in run("import", "y.npy", "one", code=1)
    assert ids_in("one") == ["0", "1"]


def test_a_store_that_is_open_elsewhere(run):
    save("x", np.eye(2))
    with VectorStore(path="one", backend="numpy"):
        assert "Another writer" in run("import", "x.npy", "one", code=2)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_an_interrupt_says_what_is_there(run):
    save("x", np.arange(40.0).reshape(20, 2))
    code = (
        "import os, signal, sys\n"
        "from refvec.interchange import npy, source\n"
        "source.MOST_ROWS = 5\n"
        "batches = npy._NpySource.batches\n"
        "def interrupted(self, most=None):\n"
        "    for number, batch in enumerate(batches(self)):\n"
        "        if number == 3: signal.raise_signal(signal.SIGINT)\n"
        "        yield batch\n"
        "npy._NpySource.batches = interrupted\n"
        "from refvec_command import main\n"
        "sys.argv = ['refvec', 'import', 'x.npy', 'one', '--flush-every', '10']\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 128 + signal.SIGINT
    assert "The first 10 rows are in one" in done.stderr
    assert len(ids_in("one")) == 10
