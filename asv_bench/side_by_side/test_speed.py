"""The operations of the seed's table, on every backend: 10,000 x 384, UUID-text ids, one thread.

Only the operation is timed; set-up is not. ``nox -s bench`` runs them, and a
table of medians as ratios closes the run.
"""

import numpy as np
import pytest

ROUNDS = 7


@pytest.mark.benchmark(group="add 10,000, one by one")
def test_add(benchmark, fresh, ids, rows):
    def run(store):
        for chunk_id, row in zip(ids, rows, strict=True):
            store.add_vector(chunk_id, row)

    benchmark.pedantic(run, setup=lambda: fresh(0), rounds=ROUNDS)


@pytest.mark.benchmark(group="add 100 duplicates")
def test_add_duplicates(benchmark, fresh, ids, rows):
    def run(store):
        for chunk_id in ids[1:101]:
            store.add_vector(chunk_id, rows[0])

    benchmark.pedantic(run, setup=lambda: fresh(1), rounds=ROUNDS * 10)


@pytest.mark.benchmark(group="get 1,000, one by one")
def test_get(benchmark, filled, ids):
    def run():
        for chunk_id in ids[:1000]:
            filled.get_vector(chunk_id)

    benchmark.pedantic(run, rounds=ROUNDS * 10, warmup_rounds=2)


@pytest.mark.benchmark(group="batch get of 1,000, x100")
def test_batch_get(benchmark, filled):
    indices = np.random.default_rng(3).permutation(len(filled))[:1000].tolist()

    def run():
        for _ in range(100):
            filled.get_vectors_by_indices(indices)

    benchmark.pedantic(run, rounds=ROUNDS, warmup_rounds=1)


@pytest.mark.benchmark(group="batch get by array, x100")
def test_batch_get_by_array(benchmark, filled):
    indices = np.random.default_rng(3).permutation(len(filled))[:1000]

    def run():
        for _ in range(100):
            filled.get_vectors_by_indices(indices)

    benchmark.pedantic(run, rounds=ROUNDS, warmup_rounds=1)


@pytest.mark.benchmark(group="remove 10,000, one by one")
def test_remove(benchmark, fresh, ids):
    def run(store):
        for chunk_id in ids:
            store.remove_vector(chunk_id)

    benchmark.pedantic(run, setup=lambda: fresh(len(ids)), rounds=ROUNDS)


@pytest.mark.benchmark(group="add 10,000, in one batch")
def test_bulk_add(benchmark, fresh, ids, rows):
    benchmark.pedantic(lambda store: store.add_vectors(ids, rows), setup=lambda: fresh(0), rounds=ROUNDS)


@pytest.mark.parametrize("metric", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("queries", [1, 100])
def test_search(benchmark, filled, rows, queries, metric, backend):
    if backend == "python" and queries > 1:
        pytest.skip("20 s a round, and it tells nothing that one query does not")
    benchmark.group = f"search, {metric}, queries: {queries}"
    query = rows[:queries] if queries > 1 else rows[0]
    benchmark.pedantic(
        lambda: filled.search(query, 10, metric=metric), rounds=ROUNDS if queries > 1 else 20, warmup_rounds=1
    )
