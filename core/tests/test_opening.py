"""The arguments of the constructor, parsed once."""

import gc
import sys
from collections import Counter
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest
from refvec import OpenSpec, Url, VectorStore
from refvec.opening import parse_spec

GIVEN = {"precision": None, "path": None, "mode": "a", "options": {}}


def test_plain_arguments():
    assert parse_spec(384, 1000, False, None, **GIVEN) == OpenSpec(384)


@pytest.mark.parametrize(
    ("location", "needs"), [(None, ()), (Path("x"), ("durable",)), (Url("redis://h"), ("networked",))]
)
def test_what_a_place_needs(location, needs):
    assert OpenSpec(location=location).needs() == needs


@pytest.mark.parametrize("name", ["path", "mmap_path"])
def test_a_url_by_either_name(name):
    given = {**GIVEN, "path": "redis://h"} if name == "path" else GIVEN
    spec = parse_spec(None, 1000, name == "mmap_path", None if name == "path" else "redis://h", **given)
    assert spec.location == Url("redis://h")


def test_the_callers_code_runs_once():
    calls = Counter()

    class Given:
        def __index__(self):
            calls["index"] += 1
            return 5

        def __bool__(self):
            calls["bool"] += 1
            return True

        def __fspath__(self):
            calls["fspath"] += 1
            return "x"

    parse_spec(Given(), Given(), Given(), Given(), **{**GIVEN, "precision": Given()})
    assert calls == {"index": 3, "bool": 1, "fspath": 1}


def test_a_spec_is_frozen_and_replaceable():
    spec = OpenSpec(4)
    with pytest.raises(FrozenInstanceError):
        spec.dimension = 5
    assert replace(spec, dimension=5).dimension == 5


def test_neither_repr_nor_errors_show_secrets():
    url = "redis://u:hunter2@h?x=hunter2"
    assert "hunter2" not in repr(OpenSpec(location=Url(url), options={"token": "hunter2"}))
    wrong = [
        {"precision": url},
        {"mode": url},
        {"path": url, "mmap_path": url, "use_mmap": True},
        {"path": url},
        {"backend": url},
        {"dimension": url},
    ]
    for arguments in wrong:
        with pytest.raises((TypeError, ValueError, NotImplementedError)) as caught:
            VectorStore(**arguments)
        assert "hunter2" not in str(caught.value)


@pytest.mark.skipif(
    sys.version_info >= (3, 13), reason="a dict of attributes costs no call anything since Python 3.13"
)
@pytest.mark.parametrize("place", ["memory", "directory"])
@pytest.mark.parametrize("backend", ["rust", "numpy", "python"])
def test_opening_makes_no_dict_of_the_attributes(backend, place, tmp_path):
    """Where one is made, Python up to 3.12 looks into it before each call of a method."""
    with VectorStore(3, backend=backend, path=tmp_path / "store" if place == "directory" else None) as store:
        held = [one for one in gc.get_referents(store) if isinstance(one, dict) and "_spec" in one]
        assert not held
        vars(store)
        assert any(isinstance(one, dict) and "_spec" in one for one in gc.get_referents(store))


def test_a_reader_that_cannot_be_made_holds_nothing(tmp_path, monkeypatch):
    path = tmp_path / "s"
    with VectorStore(2, path=path, backend="numpy") as store:
        store.payloads.put({"a": b"text"})
        store.flush()
        with monkeypatch.context() as patch:
            patch.setattr("refvec.durable.opening.make_read_only", failing)
            with pytest.raises(OSError, match="it fails") as caught:
                VectorStore(path=path, mode="r", backend="numpy")
        assert store._durable.nobody_reads()
        assert caught.value


def failing(*_):
    raise OSError("it fails")
