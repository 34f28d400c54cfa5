"""SEARCH: the copy follows the store."""

import numpy as np
from refvec import VectorStore

UNITS = np.eye(4, dtype=np.float32)


def test_changes_of_others_are_seen(open_store):
    store, other = open_store(), open_store()
    other.add_vectors(["a", "b"], UNITS[:2])
    assert store.search(UNITS[0], 1).ids == [("a",)]
    other.remove_vector("a")
    assert store.search(UNITS[0], 1).ids == [("b",)]
    other.add_vector("c", UNITS[0])  # it takes the place of "a"
    assert store.search(UNITS[0], 1).ids == [("c",)]
    other.add_vector("d", UNITS[0])
    assert store.search(UNITS[0], 1).ids == [("c", "d")]


def test_more_changes_than_one_answer_holds(open_store):
    store, other = open_store(), open_store()
    rows = np.random.default_rng(0).random((9000, 4))
    other.add_vectors(map(str, range(9000)), rows)
    found = store.search(rows[[17, 8999]], 1, metric="euclidean")
    assert found.ids == [[("17",)], [("8999",)]]


def test_equal_scores_go_by_index(open_store):
    store = open_store()
    rows = np.concatenate((np.ones((40, 1)), np.arange(160).reshape(40, 4)[:, 1:]), axis=1)
    store.add_vectors(map(str, range(40)), rows)
    for k in (1, 3, 7, 39, 100):
        found = store.search([1, 0, 0, 0], k, metric="dot")
        assert found.indices.tolist() == store.indices().tolist()[:k]


def test_it_is_the_search_of_the_local_backends(open_store):
    rng = np.random.default_rng(1)
    store, local = open_store(), VectorStore(4, backend="numpy")
    rows = rng.standard_normal((500, 4)).astype(np.float32)
    for one in (store, local):
        one.add_vectors(map(str, range(500)), rows)
    queries, within = rng.standard_normal((6, 4)), list(map(str, range(0, 500, 3)))
    for metric in ("cosine", "dot", "euclidean"):
        for among in (None, within):
            one = store.search(queries, 9, metric=metric, within=among)
            two = local.search(queries, 9, metric=metric, within=among)
            assert one.ids == two.ids
            assert np.allclose(one.scores, two.scores, atol=1e-5)
