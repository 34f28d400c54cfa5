"""Digests and tokens: what stands for identity keys in the tables of python and numpy (DEDUP-1, DEDUP-3)."""

from random import Random

import numpy as np
import pytest
from refvec import VectorStore, identity_keys
from refvec.inprocess import digests

BACKENDS = ["python", "numpy"]
PRECISIONS = [*range(8), "exact"]


def awkward(dimension, precision):
    """Return rows at ties, at the limit, of any bits, and of NaNs and infinities."""
    rng = np.random.default_rng(dimension)
    decimals = 6 if precision == "exact" else precision
    ties = (rng.integers(-(2**22), 2**22, (60, dimension)) + 0.5) / 10**decimals
    bits = rng.integers(0, 2**32, (60, dimension), np.uint32).view(np.float32)
    special = rng.choice(np.array([0, -0.0, 1, np.nan, -np.nan, np.inf, -np.inf], np.float32), (60, dimension))
    return np.concatenate([ties.astype(np.float32), bits, special])


def kindred(dimension, precision):
    """Return two batches of which most rows are identical in pairs, and few have the same bits."""
    rng = np.random.default_rng(precision)
    whole = rng.integers(-(2**21), 2**21, (200, dimension)) * rng.integers(0, 2, (200, dimension))
    rows, others = ((whole + rng.uniform(-0.45, 0.45, whole.shape)) / 10**precision for _ in range(2))
    rows, others = rows.astype(np.float32), others.astype(np.float32)
    missing = rng.random(whole.shape) < 0.02
    rows[missing], others.view(np.uint32)[missing] = np.nan, 0xFF800001
    return rows, others


@pytest.mark.parametrize("precision", range(8))
@pytest.mark.parametrize("dimension", [1, 2, 7, 8, 9, 64, 100])
def test_identical_vectors_have_one_digest(dimension, precision):
    rows, others = kindred(dimension, precision)
    keys, more = identity_keys(rows, precision), identity_keys(others, precision)
    same = [position for position in range(200) if keys[position] == more[position]]
    assert len(same) > 20
    for made in (digests.digests_of, digests.long_digests_of):
        found, again = made(rows, precision), made(others, precision)
        assert [found[one] for one in same] == [again[one] for one in same]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("dimension", [1, 7, 8, 9, 100])
def test_a_digest_is_the_same_alone_and_in_a_batch(dimension, precision):
    rows = awkward(dimension, precision)
    alone = [digests.digest_of(row, precision) for row in rows]
    assert alone == digests.digests_of(rows, precision)
    assert digests.long_digests_of(rows[::-1].copy(), precision)[::-1] == digests.long_digests_of(
        rows, precision
    )


def test_vectors_that_differ_anywhere_have_another_long_digest():
    rows = np.repeat(np.linspace(0, 1, 100, dtype=np.float32)[None], 101, axis=0)
    rows[np.arange(100), np.arange(100)] += np.float32(1e-3)
    assert len(set(digests.long_digests_of(rows, 6))) == 101


def dull(bits):
    """Return a hash of few bits, which vectors that are not identical share."""
    return lambda blob: hash(blob) & ((1 << bits) - 1)


class Plain:
    """The rule itself: indices by identity keys, lowest free one first."""

    def __init__(self):
        self.index, self.keys = {}, {}

    def put(self, chunk_id, row):
        key = identity_keys(row[None], 6)[0]
        at = next((index for index, held in self.keys.items() if held == key), None)
        if at is None:
            at = next(index for index in range(len(self.keys) + 1) if index not in self.keys)
        old = self.index.get(chunk_id)
        self.index[chunk_id], self.keys[at] = at, key
        self._free(old)
        return at

    def drop(self, chunk_id):
        self._free(self.index.pop(chunk_id, None))

    def _free(self, index):
        if index is not None and index not in self.index.values():
            del self.keys[index]


@pytest.mark.parametrize("bits", [0, 1, 3])
@pytest.mark.parametrize("backend", BACKENDS)
def test_identity_is_decided_by_keys_whatever_the_hash(monkeypatch, backend, bits):
    monkeypatch.setattr(digests, "hash", dull(bits), raising=False)
    random, rows = Random(bits), np.random.default_rng(1).integers(0, 2, (12, 9)).astype(np.float32)
    rows[::2] += np.float32(1e-9)  # identical to what they were, and not the same bits
    store, plain = VectorStore(9, backend=backend), Plain()
    for step in range(600):
        ids = random.sample("abcdefghijkl", random.choice([1, 1, 4]))
        chosen = rows[[random.randrange(12) for _ in ids]]
        absent = [one not in plain.index for one in ids]
        if step % 3 == 0:
            store.remove_vectors(ids) if len(ids) > 1 else store.remove_vector(ids[0])
            for one in ids:
                plain.drop(one)
        elif all(absent) and len(ids) == 1:
            assert store.add_vector(ids[0], chosen[0]) == plain.put(ids[0], chosen[0])
        else:
            found = store.upsert_vectors(ids, chosen).tolist()
            assert found == [plain.put(*pair) for pair in zip(ids, chosen, strict=True)]
        assert dict(zip(ids, store.get_indices(ids).tolist(), strict=True)) == {
            one: plain.index.get(one, -1) for one in ids
        }
        held = {key: index for index, key in plain.keys.items()}
        assert [store.find_vector(row) for row in rows] == [held.get(key) for key in identity_keys(rows, 6)]


@pytest.mark.parametrize("bits", [0, 3, 64])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_store_with_colliding_digests_is_restored(monkeypatch, backend, bits, tmp_path):
    monkeypatch.setattr(digests, "hash", dull(bits), raising=False)
    rows = np.zeros((40, 9), np.float32)
    rows[:, 8] = np.arange(40)  # one digest for all, also with a hash of 64 bits
    store = VectorStore(9, backend=backend)
    store.add_vectors(map(str, range(40)), rows)
    store.save(tmp_path / "saved")
    again = VectorStore.load(tmp_path / "saved", backend=backend)
    assert [again.find_vector(row) for row in rows] == list(range(40))
    assert again.add_vectors(["x", "y"], [rows[7], rows[7] + 40]).tolist() == [7, 40]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("way", ["one by one", "in one batch"])
def test_vectors_with_equal_beginnings_are_told_apart(backend, way):
    rows = np.zeros((500, 32), np.float32)
    rows[:, 31] = np.arange(500) // 2
    store = VectorStore(32, backend=backend)
    expected = (np.arange(500) // 2).tolist()
    if way == "one by one":
        assert [store.add_vector(str(one), row) for one, row in enumerate(rows)] == expected
    else:
        assert store.add_vectors(map(str, range(500)), rows).tolist() == expected
    assert [store.find_vector(row) for row in rows] == expected
    assert store.find_vector(rows[0] - 1) is None


# Shortcuts


@pytest.mark.parametrize(
    ("method", "asked"),
    [
        ("add_vector", "_put"),
        ("add_vector", "_storing"),
        ("get_vector", "_rows"),
        ("get_vector", "_reading"),
        ("get_index", "_find"),
        ("remove_vector", "_drop"),
    ],
)
@pytest.mark.parametrize("backend", BACKENDS)
def test_who_overrides_a_method_is_asked_for_single_ids_too(backend, method, asked):
    kind, calls = type(VectorStore(2, backend=backend)), []

    def noted(self, *arguments):
        calls.append(asked)
        return getattr(kind, asked)(self, *arguments)

    store = type("Lower", (type("Noted", (kind,), {asked: noted}),), {})(2)
    store.add_vector("a", np.ones(2, np.float32))
    calls.clear()
    arguments = ["b", np.zeros(2, np.float32)] if method == "add_vector" else ["a"]
    getattr(store, method)(*arguments)
    assert calls == [asked]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_first_batch_and_what_is_returned_are_never_the_callers_array(backend):
    rows = np.random.default_rng(1).standard_normal((100, 4)).astype(np.float32)
    store = VectorStore(4, backend=backend)
    store.add_vectors(map(str, range(100)), given := rows.copy())
    given[...] = 0
    store.get_vector("3")[...] = 0
    store.get_all_vectors()[...] = 0
    assert store.get_all_vectors().tobytes() == rows.tobytes()
