"""The command, as its user types it."""

import json
import os
import re
import subprocess
import sys
from importlib import metadata

import numpy as np
import pytest
from refvec import (
    CONTRACT_VERSION,
    Backend,
    BackendPlugin,
    Capabilities,
    UnsupportedError,
    VectorStore,
    backends,
)
from refvec.cli.demo import command, killing
from refvec.registry import provided
from refvec_backends.python import PythonVectorStore


def test_demo_on_the_sample(run):
    result = run("demo")
    assert result.exit_code == 0, result.output
    assert "147 of 320 vectors (46%)" in result.output
    assert result.output.count("identical") == sum(not row.capabilities.networked for row in backends())
    assert "one vector for" in result.output
    durable = [row for row in backends() if row.capabilities and row.capabilities.durable]
    assert "was killed (SIGKILL)" in " ".join(result.output.split())
    assert result.output.count("what was flushed") == len(durable)


@pytest.mark.parametrize("lost", [True, False])
def test_demo_tells_of_a_store_that_is_not_what_was_flushed(run, monkeypatch, lost):
    def filled(backend, path, corpus, step):
        with VectorStore(path=path, backend=backend) as store:
            store.add_vectors(corpus.ids[: 3 * step - lost], corpus.vectors[: 3 * step - lost])
        return [0.001] * 3

    monkeypatch.setattr(killing, "_killed", filled)
    result = run("demo", "--backend", "numpy")
    assert result.exit_code == lost
    assert ("DIFFERENT" in result.output) == lost


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


def test_demo_leaves_out_who_needs_servers(run, monkeypatch):
    rows = [
        Backend("far", "refvec-far", "1.0", Capabilities(networked=True, schemes=("far",))),
        Backend("broken", "refvec-broken", "1.0", error="no"),
        Backend("numpy", "refvec-backends", "1.0", Capabilities()),
    ]
    monkeypatch.setattr(command, "backends", lambda: rows)
    result = run("demo")
    assert result.exit_code == 0, result.output
    assert "numpy" in result.output
    assert "far" not in result.output.split()


def test_demo_says_what_a_backend_lacks_that_was_asked_for(run):
    class Far(PythonVectorStore):
        backend = "far"

        def _open(self, spec, state):
            raise UnsupportedError("name the servers")

    with provided("far", BackendPlugin(Far)):
        result = run("demo", "--backend", "far")
    assert result.exit_code == 2
    assert result.output.strip() == "refvec demo: name the servers"


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
    monkeypatch.setattr("refvec_command.app.installed", lambda: {"broken": broken})
    output = run("--help").output
    assert "demo" in output
    assert "broken" in output
    result = run("broken")
    assert result.exit_code == 2
    assert "No module named 'no_such_module'" in result.output


def test_a_distribution_that_cannot_be_read_does_not_hide_the_commands_of_others(run, tmp_path, monkeypatch):
    for name, listed in (
        ("bad", b"[refvec.commands]\n\xff\n"),
        ("good", b"[refvec.commands]\nlast = json:loads\n"),
    ):
        info = tmp_path / f"{name}-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: {name}\nVersion: 1\nSummary: From elsewhere.\n")
        (info / "entry_points.txt").write_bytes(b"[refvec.commands]\n" + listed)
    monkeypatch.syspath_prepend(tmp_path)
    assert re.search(r"last +From elsewhere\.", run("--help").output)


def test_a_command_of_a_distribution_that_is_missing_names_it(run, monkeypatch):
    monkeypatch.setattr("refvec_command.app.installed", dict)
    result = run("conformance")
    assert result.exit_code == 2
    assert "refvec-conformance" in result.output
    assert "pip install ./conformance" in " ".join(result.output.replace("│", " ").split())


@pytest.mark.parametrize(("command", "folder"), [("serve-local", "redis_backend"), ("vacuum", "redis_backend")])
def test_a_command_that_is_missing_is_not_unknown(run, monkeypatch, command, folder):
    monkeypatch.setattr("refvec_command.app.installed", dict)
    result = run(command)
    assert result.exit_code == 2
    output = " ".join(result.output.replace("│", " ").split())
    assert f"pip install refvec-redis; from a clone of refvec: pip install ./{folder}" in output


def test_two_commands_of_one_distribution_have_a_summary_each(run, tmp_path, monkeypatch):
    for name in ("refvec_redis", "somebody"):
        info = tmp_path / f"{name}-9.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: {name.replace('_', '-')}\nVersion: 9\nSummary: Of {name}.\n")
        lines = (
            "serve-local = json:loads\nvacuum = json:loads" if name == "refvec_redis" else "other = json:loads"
        )
        (info / "entry_points.txt").write_text(f"[refvec.commands]\n{lines}\n")
    monkeypatch.syspath_prepend(tmp_path)
    output = run("--help").output
    assert re.search(r"serve-local +Start a throw-away cluster", output)
    assert re.search(r"vacuum +Collect what", output)
    assert re.search(r"other +Of somebody\.", output)


def test_backends_are_listed(run):
    result = run("backends", "--json")
    assert {row["name"] for row in json.loads(result.output)} == {row.name for row in backends()}
    assert "dense_indices" in run("backends").output


def test_info_is_for_bug_reports(run):
    facts = json.loads(run("info", "--json").output)
    assert facts["contract"] == CONTRACT_VERSION
    assert "numpy" in run("info").output


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "URL"),
        ("info", "URL"),
        ("compact", "URL"),
        ("export", "URL", "x.npy"),
        ("export", "x", "URL"),
        ("import", "URL", "x"),
    ],
    ids=" ".join,
)
def test_a_command_for_files_says_what_is_for_servers(run, arguments):
    url = "redis://me:secret@127.0.0.1:1/corpus"
    result = run(*(url if one == "URL" else one for one in arguments))
    output = " ".join(result.output.replace("│", " ").split())
    assert result.exit_code == 2
    assert "redis://***@127.0.0.1:1/corpus is an address" in output
    assert "refvec copy" in output
    assert "secret" not in output


def test_help_names_every_command(run):
    output = run("--help").output
    names = ("demo", "backends", "info", "verify", "compact", "export", "import")
    assert all(name in output for name in names)


def child(*arguments, **given):
    return subprocess.run([sys.executable, "-m", "refvec", *arguments], text=True, check=False, **given)


def test_the_package_is_the_command():
    assert child("--version", capture_output=True).stdout.startswith("refvec ")


def test_the_missing_extra_is_named():
    code = "import sys; sys.modules['typer'] = None; import refvec_command; refvec_command.main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "refvec-core[cli]" in done.stderr


def test_help_waits_for_neither_a_command_nor_numpy():
    code = (
        "import sys, refvec_command.app as app\n"
        "try: app.app(['--help'])\n"
        "finally: print(sorted(name for name in sys.modules if name.startswith(('refvec', 'numpy'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    own = [f"refvec_command{end}" for end in ("", ".app", ".elsewhere", ".output")]
    assert done.stdout.splitlines()[-1] == str(own)


COMMANDS = [("--help",), ("backends",), ("info",), ("info", "--json"), ("demo", "-b", "python")]
commands = pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)


@commands
def test_output_that_knows_only_ascii(arguments):
    environ = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = child(*arguments, capture_output=True, env=environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()


@commands
def test_a_full_disk_is_one_line(arguments):
    with open("/dev/full", "w") as full:
        done = child(*arguments, stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr.count("\n")) == (74, 1)
    assert "No space left" in done.stderr


@commands
def test_a_reader_that_has_gone_is_one_line(arguments):
    reading, writing = os.pipe()
    os.close(reading)
    done = child(*arguments, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (done.returncode, done.stderr.count("\n")) == (74, 1)
