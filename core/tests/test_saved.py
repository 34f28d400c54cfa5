"""What an earlier version saved is read by this one, on every backend (docs/upgrading.md)."""

import importlib.util
import json
import pickle
import re
from pathlib import Path

import pytest
from refvec import VectorStore, backends
from refvec.durable import records
from refvec.savefile.format import FORMAT

HERE = Path(__file__).parent / "saved"
ROOT = Path(__file__).parents[2]
FORMATS = sorted(int(path.stem.partition("-")[2]) for path in HERE.glob("file-*.refvec"))
IN_MEMORY = [row.name for row in backends() if row.capabilities is not None and not row.capabilities.networked]

spec = importlib.util.spec_from_file_location("making_saved_files", HERE / "make.py")
making = importlib.util.module_from_spec(spec)
spec.loader.exec_module(making)


def wanted(number):
    return json.loads((HERE / f"content-{number}.json").read_text("utf-8"))


def test_one_of_every_format_is_kept():
    assert list(range(1, FORMAT + 1)) == FORMATS


@pytest.mark.parametrize("backend", IN_MEMORY)
@pytest.mark.parametrize("number", FORMATS)
def test_a_file_of_each_format_is_read_and_saved_again(backend, number, tmp_path):
    store = VectorStore.load(HERE / f"file-{number}.refvec", backend=backend)
    assert making.content(store) == wanted(number)
    store.save(tmp_path / "again.refvec")
    assert making.content(VectorStore.load(tmp_path / "again.refvec")) == wanted(number)


@pytest.mark.parametrize("number", FORMATS)
def test_a_pickle_of_each_format_is_read(number):
    store = pickle.loads((HERE / f"pickle-{number}.pickle").read_bytes())
    assert making.content(store) == wanted(number)


def test_what_is_kept_is_what_this_version_makes():
    assert making.content(making.made()) == wanted(FORMAT)


def test_the_notes_name_every_format():
    text = (ROOT / "docs/upgrading.md").read_text("utf-8")
    named = {kind: set(map(int, re.findall(rf"\| {kind} (\d+) \|", text))) for kind in ("file", "directory")}
    assert named == {"file": set(FORMATS), "directory": set(range(1, records.FORMAT + 1))}
