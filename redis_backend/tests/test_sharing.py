"""NET-1, NET-2: the same store for many."""

import ml_dtypes
import numpy as np
import pytest
from refvec import CorruptStoreError, DuplicateIdError, StoreClosedError, VectorStore
from refvec_conformance.probes.atomicity import observe
from refvec_redis import adding

UNITS = np.eye(4, dtype=np.float32)


def test_a_temporary_store_goes_with_its_object(cluster, monkeypatch):
    monkeypatch.setenv("REFVEC_REDIS_URL", f"{cluster.url}?buckets=4")
    with VectorStore(4, backend="redis") as store:
        store.add_vector("a", UNITS[0])
    del store
    VectorStore(4, backend="redis").add_vector("a", UNITS[0])  # nobody closes it
    assert [cluster.ask(port, b"KEYS", b"*temporary*") for port in cluster.ports] == [[]] * 6


def test_a_temporary_store_that_cannot_be_filled_goes_at_once(cluster, monkeypatch, tmp_path):
    with VectorStore(4, backend="python") as store:
        store.add_vector("a", UNITS[0])
        store.save(tmp_path / "saved")

    def failing(*_):
        raise CorruptStoreError("it is damaged")

    monkeypatch.setenv("REFVEC_REDIS_URL", f"{cluster.url}?buckets=4")
    monkeypatch.setattr("refvec_redis.store.restore", failing)
    with pytest.raises(CorruptStoreError) as caught:
        VectorStore.load(tmp_path / "saved", backend="redis")
    assert [cluster.ask(port, b"KEYS", b"*temporary*") for port in cluster.ports] == [[]] * 6
    assert caught.value  # which knows the store


@pytest.mark.parametrize("buckets", [1, 3, 64])
def test_it_behaves_as_the_python_backend_does(cluster, buckets):
    rng = np.random.default_rng(buckets)
    pool = rng.integers(0, 3, (12, 3)).astype(np.float32)
    with VectorStore(3, path=f"{cluster.url}model-{buckets}?buckets={buckets}") as store:
        model = VectorStore(3, backend="python")
        for step in range(150):
            ids = [f"id {one}" for one in rng.choice(20, rng.integers(1, 6), replace=False)]
            rows = pool[rng.integers(0, len(pool), len(ids))]
            call = ("add_vectors", "upsert_vectors", "remove_vectors")[step % 3]
            arguments = (ids,) if call == "remove_vectors" else (ids, rows)
            answers = []
            for one in (store, model):
                try:
                    found = getattr(one, call)(*arguments)
                    answers.append(found if call == "remove_vectors" else "put")
                except DuplicateIdError as error:
                    answers.append(error.position)
            assert answers[0] == answers[1]
            assert facts(store) == facts(model)
        query = rng.random(3)
        one, two = store.search(query, 8, metric="dot"), model.search(query, 8, metric="dot")
        assert np.allclose(one.scores, two.scores, atol=1e-5)
        store.drop()


def facts(store):
    seen = store.snapshot()
    rows = dict(zip(seen.indices.tolist(), seen.vectors.tolist(), strict=True))
    by_id = {one: rows[index] for one, index in zip(seen.ids, seen.id_indices.tolist(), strict=True)}
    return by_id, store.count, seen.ids, store.get_vectors(sorted(seen.ids)).tolist()


def test_items_are_pairs_while_others_remove_and_add(open_store):
    store, other = open_store(), open_store()
    store.add_vectors(map(str, range(40)), UNITS[np.arange(40) % 4])
    items = store.items(8)
    first = next(items)
    gone = [one for one in store.ids() if one != first[0]][::3]
    other.remove_vectors(gone)
    other.add_vector("late", UNITS[0])
    found = dict([first, *items])
    assert set(map(str, range(40))) - set(gone) <= found.keys() <= set(map(str, range(40)))
    assert all(row.tolist() == UNITS[int(one) % 4].tolist() for one, row in found.items())


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16], ids=["float16", "bfloat16"])
def test_halves_are_taken_as_they_are(open_store, dtype):
    values = np.array([[1.5, -2, 0.0078125, 3e4], [0.1, 0.2, 0.3, 0.4]]).astype(dtype)
    store = open_store(precision="exact")
    store.add_vectors(["a", "b"], values)
    store.upsert_vector("c", values[1])
    wanted = [[float(one) for one in row] for row in values]
    assert store.get_vectors(["a", "b", "c"]).tolist() == [*wanted, wanted[1]]
    assert (store.count, store.find_vector(values[0])) == (2, store.get_index("a"))
    assert store.search(values[0], 1, metric="euclidean").ids == [("a",)]


def test_a_refused_add_leaves_no_trace(open_store):
    store = open_store()
    store.add_vectors(["a", "b"], UNITS[:2])
    store.remove_vector("b")
    before = observe(store), store.get_statistics()
    for row in (UNITS[0], UNITS[1], UNITS[2]):  # stored, freed, never there
        with pytest.raises(DuplicateIdError) as caught:
            store.add_vector("a", row)
        assert caught.value.chunk_id == "a"
        assert (observe(store), store.get_statistics()) == before
    assert store.search(UNITS[2], 3).ids == [("a",)]
    assert store.vacuum(0) == 0


def test_nothing_is_written_to_a_store_that_was_dropped_meanwhile(open_store, cluster, monkeypatch):
    one, other = open_store(), open_store()
    real = adding.Adding.link

    def link(self, items):
        other.drop()
        return real(self, items)

    name = one._settings.name
    monkeypatch.setattr(adding.Adding, "link", link)
    with pytest.raises(StoreClosedError, match=name):
        one.add_vector("a", UNITS[0])
    for call in (one.clear, lambda: one.remove_vector("a"), lambda: one.add_vectors(["a", "b"], UNITS[:2])):
        with pytest.raises(StoreClosedError, match=name):
            call()
    assert [cluster.ask(port, b"KEYS", f"*{name}*".encode()) for port in cluster.ports] == [[]] * 6


def test_the_next_to_open_a_store_ends_a_drop_whose_client_died(open_store, cluster, monkeypatch):
    one, other = open_store(), open_store()
    one.add_vector("a", UNITS[0])

    def die(*_):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr("refvec_redis.places.Places.removal", die)
        with pytest.raises(SystemExit):
            one.drop()
    with pytest.raises(FileNotFoundError):
        open_store(mode="r")
    for call in (other.clear, lambda: other.remove_vector("a")):
        with pytest.raises(StoreClosedError, match="dropped"):
            call()
    assert len(open_store()) == 0
    left = f"*{one._settings.name}:{one._meta.uid}*".encode()
    assert [cluster.ask(port, b"KEYS", left) for port in cluster.ports] == [[]] * 6


def test_a_founder_that_died_leaves_a_store_that_others_complete(open_store, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("refvec_redis.store.complete", lambda *_: None)
        half = open_store()
    with pytest.raises(StoreClosedError, match="dropped"):
        half.add_vector("a", UNITS[0])
    assert open_store().add_vector("a", UNITS[0]) >= 0
    assert half.get_index("a") is not None
