"""How cost grows: with the number of vectors, with their dimension, and with the share of duplicates."""

from __future__ import annotations

from .common import (
    BACKENDS,
    DIMENSION,
    DIMENSIONS,
    Changing,
    add_each,
    filled,
    fresh,
    ids,
    opened,
    rows,
    searchable,
    size,
    sizes,
)

COUNTS = sizes(100, 1_000, 10_000, 50_000)
SOME = size(100)
FEW = size(2_000)
SHARES = [0.0, 0.5]


class OverN(Changing):
    """The same operation in stores of different sizes, 384 components."""

    params = (BACKENDS, COUNTS)
    param_names = ("backend", "n")
    repeat = (3, 7, 0.2)


class Fill(OverN):
    """An empty store, in one batch."""

    def setup(self, backend, n):
        self.store = opened(backend, DIMENSION)
        self.ids, self.rows = ids(n), rows(n, DIMENSION)

    def time_add_batch(self, backend, n):
        self.store.add_vectors(self.ids, self.rows)


class FillOneByOne(OverN):
    """An empty store, one vector a call."""

    params = (BACKENDS, COUNTS[:-1])

    def setup(self, backend, n):
        self.store = opened(backend, DIMENSION)
        self.ids, self.rows = ids(n), rows(n, DIMENSION)

    def time_add_one_by_one(self, backend, n):
        add_each(self.store, self.ids, self.rows)


class Read(OverN):
    """100 vectors of a store, whatever its size."""

    def setup(self, backend, n):
        self.store = filled(backend, n, DIMENSION)
        self.ids = ids(n)[:SOME]

    def time_get_100(self, backend, n):
        for chunk_id in self.ids:
            self.store.get_vector(chunk_id)


class Search(OverN):
    """One query, compared with every vector."""

    def setup(self, backend, n):
        self.store = searchable(backend, n, DIMENSION, queries=1 + (n > size(10_000)))
        self.query = rows(n, DIMENSION)[0]

    def time_search_one(self, backend, n):
        self.store.search(self.query, 10)


class OverDimension(Changing):
    """2,000 vectors of different length, none or half of them duplicates."""

    params = (BACKENDS, DIMENSIONS, SHARES)
    param_names = ("backend", "dimension", "duplicates")
    repeat = (3, 7, 0.2)


class FillOverDimension(OverDimension):
    """An empty store, in one batch and one by one."""

    def setup(self, backend, dimension, duplicates):
        self.store = opened(backend, dimension)
        self.ids, self.rows = ids(FEW), rows(FEW, dimension, duplicates)

    def time_add_batch(self, backend, dimension, duplicates):
        self.store.add_vectors(self.ids, self.rows)

    def time_add_one_by_one(self, backend, dimension, duplicates):
        add_each(self.store, self.ids, self.rows)


class ReadOverDimension(OverDimension):
    """All of them, in one batch."""

    def setup(self, backend, dimension, duplicates):
        self.store = filled(backend, FEW, dimension, duplicates)
        self.ids = ids(FEW)

    def time_get_batch(self, backend, dimension, duplicates):
        self.store.get_vectors(self.ids)


class SearchOverDimension(Changing):
    """One query among 2,000."""

    params = (BACKENDS, DIMENSIONS)
    param_names = ("backend", "dimension")

    def setup(self, backend, dimension):
        self.store = searchable(backend, FEW, dimension)
        self.query = rows(FEW, dimension)[0]

    def time_search_one(self, backend, dimension):
        self.store.search(self.query, 10)


class Forget(Changing):
    """Removing half of a store one by one, of 2,000 vectors."""

    params = (BACKENDS, SHARES)
    param_names = ("backend", "duplicates")

    def setup(self, backend, duplicates):
        self.store = fresh(backend, FEW, DIMENSION, duplicates)
        self.ids = ids(FEW)[::2]

    def time_remove_half(self, backend, duplicates):
        for chunk_id in self.ids:
            self.store.remove_vector(chunk_id)
