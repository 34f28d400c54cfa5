"""Each peer behind the same few methods; one that is not importable is left out."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np


class NumpyAndDict:
    """A growing array, and a dict from id to row: what one writes without a library."""

    removes = True

    def __init__(self, dimension):
        self.rows = np.empty((1_000, dimension), np.float32)
        self.places, self.free = {}, []

    def add(self, chunk_id, row):
        place = self.free.pop() if self.free else len(self.places)
        if place == len(self.rows):
            self.rows = np.concatenate([self.rows, np.empty_like(self.rows)])
        self.rows[place] = row
        self.places[chunk_id] = place

    def add_batch(self, chunk_ids, rows):
        self.rows = rows.copy()
        self.places = {chunk_id: place for place, chunk_id in enumerate(chunk_ids)}

    def get(self, chunk_id):
        return self.rows[self.places[chunk_id]].copy()

    def get_batch(self, chunk_ids):
        return self.rows.take([self.places[chunk_id] for chunk_id in chunk_ids], axis=0)

    def remove(self, chunk_id):
        self.free.append(self.places.pop(chunk_id))

    def search(self, queries, k):
        scores = queries @ self.rows.T
        best = np.argpartition(scores, -k, axis=1)[:, -k:]
        order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
        return np.take_along_axis(best, order, axis=1)


class Faiss:
    """IndexFlatIP of faiss, and a dict; it removes by moving all later rows, which is another operation."""

    removes = False

    def __init__(self, dimension):
        import faiss

        faiss.omp_set_num_threads(1)
        self.index = faiss.IndexFlatIP(dimension)
        self.places = {}

    def add(self, chunk_id, row):
        self.places[chunk_id] = self.index.ntotal
        self.index.add(row[None])

    def add_batch(self, chunk_ids, rows):
        self.index.add(rows)
        self.places = {chunk_id: place for place, chunk_id in enumerate(chunk_ids)}

    def get(self, chunk_id):
        return self.index.reconstruct(self.places[chunk_id])

    def get_batch(self, chunk_ids):
        return self.index.reconstruct_batch([self.places[chunk_id] for chunk_id in chunk_ids])

    def search(self, queries, k):
        return self.index.search(queries, k)


class Usearch:
    """Exact search of usearch over an array, rows in an array and a dict."""

    removes = True

    def __init__(self, dimension):
        self.kept = NumpyAndDict(dimension)
        self.add, self.add_batch = self.kept.add, self.kept.add_batch
        self.get, self.get_batch, self.remove = self.kept.get, self.kept.get_batch, self.kept.remove

    def search(self, queries, k):
        from usearch.index import MetricKind, search

        return search(self.kept.rows, queries, k, MetricKind.IP, exact=True, threads=1)


PEERS = {"numpy + dict": NumpyAndDict}
if find_spec("faiss"):
    PEERS["faiss"] = Faiss
if find_spec("usearch"):
    PEERS["usearch"] = Usearch
