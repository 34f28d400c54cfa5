"""The command, as its user types it."""

import json
from importlib import metadata

import numpy as np
import pytest
from refvec import backends
from refvec.cli.app import app
from typer.testing import CliRunner


@pytest.fixture
def run():
    def run(*arguments):
        return CliRunner().invoke(app, arguments, env={"COLUMNS": "120"})

    return run


def test_demo_on_the_sample(run):
    result = run("demo")
    assert result.exit_code == 0, result.output
    assert "147 of 320 vectors (46%)" in result.output
    assert result.output.count("identical") == len(backends())
    assert "one vector for" in result.output


def test_demo_searches_for_more_like_a_text(run):
    result = run("demo", "--backend", "numpy", "--like", "THREAD")
    assert result.exit_code == 0, result.output
    assert "? " in result.output


def test_demo_on_own_data(run, tmp_path):
    chunks = [{"id": f"{row}", "source": "s", "text": f"text {row}"} for row in range(4)]
    (tmp_path / "chunks.jsonl").write_text("\n".join(map(json.dumps, chunks)))
    np.save(tmp_path / "embeddings.npy", np.array([[1, 0], [0, 1], [1, 0], [1, 1]], np.float32))
    result = run("demo", "--data", str(tmp_path), "--backend", "python")
    assert result.exit_code == 0, result.output
    assert "1 of 4 vectors (25%)" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["demo", "--backend", "nunpy"], "Did you mean 'numpy'?"),
        (["demo", "--data", "/nowhere"], "has no chunks.jsonl"),
        (["demo", "--like", "no such text at all"], "no chunk contains"),
        (["demo", "--backend", "[/x]"], "No backend is called '[/x]'"),
    ],
)
def test_mistakes_are_explained(run, arguments, words):
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in result.output


@pytest.mark.parametrize(
    ("ids", "array", "words"),
    [
        ("aa", np.zeros((2, 2)), "more than once"),
        ("ab", np.zeros((3, 2)), "one row a line"),
        ("ab", b"", "read as an array"),
    ],
)
def test_bad_data_is_explained(run, tmp_path, ids, array, words):
    (tmp_path / "chunks.jsonl").write_text("\n".join(json.dumps({"id": one, "text": "t"}) for one in ids))
    (tmp_path / "embeddings.npy").write_bytes(array) if isinstance(array, bytes) else np.save(
        tmp_path / "embeddings.npy", array
    )
    result = run("demo", "--data", str(tmp_path))
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())


def test_a_command_that_does_not_load_does_not_hide_the_others(run, monkeypatch):
    broken = metadata.EntryPoint("broken", "no_such_module:app", "refvec.commands")
    monkeypatch.setattr("refvec.cli.app.metadata.entry_points", lambda **_: metadata.EntryPoints([broken]))
    output = run("--help").output
    assert "demo" in output
    assert "Does not load: No module named 'no_such_module'" in output
    assert run("broken").exit_code == 2


def test_backends_are_listed(run):
    result = run("backends", "--json")
    assert {row["name"] for row in json.loads(result.output)} == {row.name for row in backends()}
    assert "dense_indices" in run("backends").output


def test_info_is_for_bug_reports(run):
    facts = json.loads(run("info", "--json").output)
    assert facts["contract"] == "1.0"
    assert "numpy" in run("info").output


def test_help_names_every_command(run):
    output = run("--help").output
    assert all(name in output for name in ("demo", "backends", "info"))
