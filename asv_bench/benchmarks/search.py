"""Exact search: queries alone and in batches, three metrics, and among given ids."""

from __future__ import annotations

from .common import BACKENDS, DIMENSION, Benchmark, ids, rows, searchable, size, sizes

COUNT = size(10_000)
METRICS = ["cosine", "dot", "euclidean"]


class Search(Benchmark):
    """The ten nearest of 10,000 x 384, for each query."""

    params = (BACKENDS, METRICS, [1, *sizes(8, 100, 1_000)])
    param_names = ("backend", "metric", "queries")

    def setup(self, backend, metric, queries):
        self.store = searchable(backend, COUNT, DIMENSION, queries)
        self.queries = rows(max(queries, COUNT), DIMENSION)[:queries]

    def time_search(self, backend, metric, queries):
        self.store.search(self.queries, 10, metric=metric)


class Within(Benchmark):
    """The ten nearest among some ids of 10,000."""

    params = (BACKENDS, sizes(100, 1_000, 10_000))
    param_names = ("backend", "ids")

    def setup(self, backend, chosen):
        self.store = searchable(backend, COUNT, DIMENSION)
        self.query = rows(COUNT, DIMENSION)[0]
        self.ids = ids(COUNT)[:chosen]

    def time_search_within(self, backend, chosen):
        self.store.search(self.query, 10, within=self.ids)
