"""NAME: parameters, ``repr`` and truth."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from refvec import VectorStore

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.atomicity import refused
from refvec_conformance.probes.fixtures import UNITS

METHODS = [
    "__init__",
    *(
        "add_vector",
        "add_vectors",
        "upsert_vector",
        "upsert_vectors",
        "remove_vector",
        "remove_vectors",
        "clear",
    ),
    *("get_vector", "get_vectors", "get_index", "get_indices", "get_vector_by_index", "get_vectors_by_indices"),
    *(
        "get_all_vectors",
        "indices",
        "ids",
        "ids_at",
        "get_refcount",
        "get_refcounts",
        "find_vector",
        "snapshot",
    ),
    *(
        "iter_batches",
        "get_statistics",
        "search",
        "save",
        "load",
        "flush",
        "close",
        "refresh",
        "verify",
        "compact",
        "drop",
        "vacuum",
    ),
]


@clause("NAME-1")
@pytest.mark.parametrize("method", METHODS)
def test_the_signatures_are_those_of_vector_store(store: VectorStore, method: str) -> None:
    def shape(found: Any) -> list[Any]:
        parameters = inspect.signature(found).parameters.values()
        return [(one.name, one.kind.name, one.default) for one in parameters if one.name != "self"]

    assert shape(getattr(store, method)) == shape(getattr(VectorStore, method))


KEYWORDS: dict[str, dict[str, Any]] = {
    "add_vector": {"chunk_id": "x", "vector": UNITS[3]},
    "add_vectors": {"chunk_ids": ["x"], "vectors": UNITS[3:]},
    "upsert_vector": {"chunk_id": "x", "vector": UNITS[3]},
    "upsert_vectors": {"chunk_ids": ["x"], "vectors": UNITS[3:]},
    "remove_vector": {"chunk_id": "a"},
    "remove_vectors": {"chunk_ids": ["a"]},
    "get_vector": {"chunk_id": "a"},
    "get_vectors": {"chunk_ids": ["a"]},
    "get_index": {"chunk_id": "a"},
    "get_indices": {"chunk_ids": ["a"]},
    "get_vector_by_index": {"index": 0},
    "get_vectors_by_indices": {"indices": [0], "out": None},
    "get_refcount": {"index": 0},
    "get_refcounts": {"indices": [0]},
    "ids_at": {"index": 0},
    "find_vector": {"vector": UNITS[0]},
    "iter_batches": {"batch_size": 2},
    "close": {"flush": False},
}


@clause("NAME-1")
@pytest.mark.parametrize("method", KEYWORDS)
def test_parameters_may_be_given_by_keyword(stocked: VectorStore, method: str) -> None:
    given = {name: stocked.get_index("a") if name == "index" else one for name, one in KEYWORDS[method].items()}
    given |= {"indices": stocked.indices()} if "indices" in given else {}
    getattr(stocked, method)(**given)


@clause("NAME-1", requires="search")
def test_the_parameters_of_search_may_be_given_by_keyword(stocked: VectorStore) -> None:
    found = stocked.search(query=UNITS[0], k=1, metric="dot", within=["a"])
    assert found.ids == [("a",)]


@clause("NAME-1", requires="search")
def test_metric_and_within_are_keywords_only(stocked: VectorStore) -> None:
    with refused(stocked, TypeError):
        stocked.search(UNITS[0], 1, "dot")  # type: ignore[call-arg]


@clause("NAME-2")
def test_repr_is_a_summary(target: Target, stocked: VectorStore) -> None:
    wanted = f"VectorStore(backend={target.name!r}, dimension=4, vectors=3, references=4, storage='in-memory')"
    assert repr(stocked) == wanted


@clause("NAME-2", "OPEN-7")
def test_repr_without_a_dimension(target: Target) -> None:
    wanted = (
        f"VectorStore(backend={target.name!r}, dimension=None, vectors=0, references=0, storage='in-memory')"
    )
    assert repr(target.open()) == wanted


@clause("NAME-2")
@pytest.mark.parametrize("use", [iter, list, lambda store: [*store]], ids=["iter", "list", "unpack"])
def test_iterating_a_store_is_a_type_error(stocked: VectorStore, use: Any) -> None:
    with refused(stocked, TypeError):
        use(stocked)


@clause("NAME-2")
def test_an_empty_store_is_falsy(store: VectorStore) -> None:
    assert not store


@clause("NAME-2")
def test_a_store_with_a_vector_is_truthy(stocked: VectorStore) -> None:
    assert stocked
