"""The commands for durable stores, as their user types them: info, verify, compact."""

import json
import re
import tracemalloc

import numpy as np
import pytest
from refvec import VectorStore


@pytest.fixture
def corpus(tmp_path):
    with VectorStore(3, path=tmp_path / "corpus", backend="python") as store:
        store.add_vectors(["a", "b", "c"], [[1, 2, 3], [4, 5, 6], [1, 2, 3]])
    return tmp_path / "corpus"


def test_info_of_a_store(run, corpus):
    facts = json.loads(run("info", str(corpus), "--json").output)
    assert (facts["dimension"], facts["vectors"], facts["references"], facts["payloads"]) == (3, 2, 3, 0)
    with VectorStore(path=corpus, backend="python") as store:
        store.payloads.put({"a": b"text", "z": b"another"})
    assert json.loads(run("info", str(corpus), "--json").output)["payloads"] == 2
    assert "catalog.sqlite" in run("info", str(corpus)).output


def test_an_intact_store_is_verified(run, corpus):
    result = run("verify", str(corpus))
    assert (result.exit_code, "intact" in result.output) == (0, True)


def test_everything_that_is_damaged_is_listed(run, corpus):
    rows = corpus / "rows-00000001.f32"
    raw = bytearray(rows.read_bytes())
    raw[4096] ^= 1
    raw[4096 + 12] ^= 1
    rows.write_bytes(raw)
    result = run("verify", str(corpus))
    output = " ".join(result.output.split())
    assert result.exit_code == 1
    assert "index 0" in output
    assert "index 1" in output
    assert "2 damaged" in output


def damaged(path, offset=0, by=b"\xff\xfe"):
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(by)


@pytest.mark.parametrize("how", ["missing", "damaged"])
def test_without_its_head_the_rest_of_a_store_is_checked(run, corpus, how):
    damaged(corpus / "rows-00000001.f32", 4096)
    if how == "missing":
        (corpus / "head").unlink()
    else:
        damaged(corpus / "head", 12)
    output = " ".join(run("verify", str(corpus)).output.split())
    assert "head is damaged" in output
    assert "index 0" in output
    assert "2 damaged; everything else is as it was written" in output


def test_what_keeps_a_check_from_going_on_is_told(run, corpus):
    rows, catalog = corpus / "rows-00000001.f32", corpus / "catalog.sqlite"
    damaged(rows, 4096)
    kept = catalog.read_bytes()
    catalog.write_bytes(kept[: len(kept) // 2])
    result = run("verify", str(corpus))
    assert result.exit_code == 1
    assert "1 damaged; what cannot be checked without it was not" in " ".join(result.output.split())
    catalog.write_bytes(kept)
    damaged(rows)
    output = " ".join(run("verify", str(corpus)).output.split())
    assert "its header is not" in output
    assert "1 damaged; what cannot be checked without it was not" in output


def test_a_store_that_is_open_is_not_read_without_its_head(run, corpus):
    with VectorStore(path=corpus, backend="python") as store:
        store.flush()
        (corpus / "head").unlink()
        output = " ".join(run("verify", str(corpus)).output.split())
    assert "1 damaged; what cannot be checked without it was not" in output


@pytest.fixture
def shrunk(tmp_path):
    with VectorStore(64, path=tmp_path / "shrunk", backend="numpy") as store:
        store.add_vectors([f"{n}" for n in range(4000)], np.random.default_rng(0).random((4000, 64)))
        store.flush()
        store.remove_vectors([f"{n}" for n in range(1000, 4000)])
    return tmp_path / "shrunk"


def test_info_says_what_a_compaction_gives_back(run, shrunk):
    before = json.loads(run("info", str(shrunk), "--json").output)
    result = run("compact", str(shrunk))
    assert result.exit_code == 0, result.output
    after = json.loads(run("info", str(shrunk), "--json").output)
    assert (before["generation"], after["generation"]) == (1, 2)
    assert before["reclaimable"] > 3000 * 256 * 0.9 > after["reclaimable"] * 10
    assert [after[name] for name in ("vectors", "free indices")] == [1000, 3000]
    assert run("verify", str(shrunk)).exit_code == 0


def test_a_compaction_says_how_much_there_was_and_is(run, shrunk):
    numbers = re.findall(r"[0-9][0-9,]+(?= bytes| after)", run("compact", str(shrunk)).output)
    before, after = (int(one.replace(",", "")) for one in numbers)
    assert before - after > 3000 * 256 * 0.9


def test_a_store_that_is_damaged_or_locked_is_not_compacted(run, corpus):
    with VectorStore(path=corpus, backend="python"):
        result = run("compact", str(corpus))
        assert (result.exit_code, "as it was" in result.output) == (1, True)
    rows = corpus / "rows-00000001.f32"
    raw = bytearray(rows.read_bytes())
    raw[4096 + 12] ^= 1
    rows.write_bytes(raw)
    result = run("compact", str(corpus))
    assert (result.exit_code, "index 1" in result.output) == (1, True)
    assert [one.name for one in corpus.glob("rows-*")] == [rows.name]
    assert rows.read_bytes() == raw


def test_rows_pass_through_a_compaction_in_pieces(run, tmp_path):
    count = 3000
    with VectorStore(4096, path=tmp_path / "wide", backend="numpy") as store:
        store.add_vectors(
            [f"{n}" for n in range(count)], np.random.default_rng(0).random((count, 4096), np.float32)
        )
    tracemalloc.start()
    try:
        assert run("compact", str(tmp_path / "wide")).exit_code == 0
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < count * 4096 * 4 / 3


@pytest.mark.parametrize("command", ["verify", "info", "compact"])
def test_what_is_no_store_is_a_usage_error(run, tmp_path, command):
    (tmp_path / "notes").touch()
    for path in (tmp_path, tmp_path / "nowhere"):
        assert run(command, str(path)).exit_code == 2
    assert [one.name for one in tmp_path.iterdir()] == ["notes"]
