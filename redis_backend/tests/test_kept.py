"""A store in servers as an earlier version laid it out is opened, and goes on (docs/upgrading.md)."""

import importlib.util
import json
import re
from pathlib import Path

import pytest
from refvec import VectorStore
from refvec_redis.founding import FORMAT

HERE = Path(__file__).parent / "kept"
NOTES = Path(__file__).parents[2] / "docs/upgrading.md"
FORMATS = sorted(int(path.stem.partition("-")[2]) for path in HERE.glob("servers-*.json"))

spec = importlib.util.spec_from_file_location("making_kept_servers", HERE / "make.py")
making = importlib.util.module_from_spec(spec)
spec.loader.exec_module(making)


def test_one_of_every_format_is_kept_and_named():
    assert list(range(1, int(FORMAT) + 1)) == FORMATS
    assert {*map(int, re.findall(r"\| servers (\d+) \|", NOTES.read_text("utf-8")))} == {*FORMATS}


@pytest.mark.parametrize("number", FORMATS)
def test_a_store_of_each_format_is_opened_and_goes_on(single, number):
    kept = json.loads((HERE / f"servers-{number}.json").read_text("utf-8"))
    making.put_back(single, kept["keys"])
    with VectorStore(path=making.url(single)) as store:
        assert making.holds(store) == kept["holds"]
        shared = store.add_vector("more", store.get_vector("last"))
        assert store.ids_at(shared) != ("more",)
        store.remove_vectors(store.ids())
        assert (len(store), store.total_references) == (0, 0)
        store.drop()
    assert single.ask(single.ports[0], b"KEYS", b"*kept*") == []


def test_what_is_kept_is_what_this_version_makes(single):
    kept = json.loads((HERE / f"servers-{FORMAT}.json").read_text("utf-8"))
    with VectorStore(3, path=making.url(single, "&buckets=2"), precision=3) as store:
        making.fill(store)
        assert making.holds(store) == kept["holds"]
        store.drop()
