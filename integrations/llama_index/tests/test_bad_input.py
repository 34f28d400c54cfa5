"""What cannot be done leaves nothing half done: nodes and embeddings are as they were."""

import asyncio

import pytest
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores.types import (
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
)
from refvec import VectorStore
from refvec_llama_index import RefvecVectorStore

ROW = [1.0, 2.0]


def seen(store):
    """Return all that a store holds."""
    return store.ids(), store.get_vectors(store.ids()).tobytes(), sorted(store.payloads.items())


def node(name, embedding=ROW, **metadata):
    return TextNode(id_=name, text=name, metadata=metadata, embedding=embedding)


@pytest.fixture(params=["memory", "disk"])
def store(request, tmp_path):
    path = {"path": tmp_path / "corpus"} if request.param == "disk" else {}
    made = RefvecVectorStore(**path)
    made.add([node("a", n=1), node("b", [3.0, 4.0], n="text")])
    return made


def over(value):
    return MetadataFilters(filters=[MetadataFilter(key="n", operator=FilterOperator.GT, value=value)])


def changed(*others):
    return [node("a", [7.0, 7.0], n="changed"), *others]


BAD = {
    "metadata": lambda store: store.add(changed(node("bad", x=object()))),
    "metadata, async": lambda store: asyncio.run(store.async_add(changed(node("bad", x=object())))),
    "dimension": lambda store: store.add(changed(node("bad", [1.0]))),
    "no embedding": lambda store: store.add(changed(node("bad", None))),
    "id": lambda store: store.add(changed(node("\ud800"))),
    "filter that raises": lambda store: store.query(VectorStoreQuery(query_embedding=ROW, filters=over("x"))),
    "filter of a deletion": lambda store: store.delete_nodes(filters=over("x")),
    "filter that raises at the second": lambda store: store.delete_nodes(filters=over(0)),
    "filter of a look-up": lambda store: store.get_nodes(filters=over(0)),
    "query of another dimension": lambda store: store.query(VectorStoreQuery(query_embedding=[1.0])),
}


@pytest.mark.parametrize("call", BAD.values(), ids=BAD)
def test_nothing_is_half_done(store, tmp_path, call):
    before = seen(store.client)
    with pytest.raises((TypeError, ValueError)):
        call(store)
    assert seen(store.client) == before
    if (tmp_path / "corpus").exists():
        with VectorStore(path=tmp_path / "corpus", mode="r") as reader:
            reader.verify()
            assert seen(reader) == before


def test_two_nodes_with_one_id_are_one_wholly(store):
    store.add([node("a", [5.0, 5.0], n=5), node("a", [6.0, 6.0], n=6)])
    (found,) = store.get_nodes(["a"])
    assert (found.metadata, found.embedding) == ({"n": 6}, [6.0, 6.0])
    assert store.client.ids() == ["a", "b"]
    assert store.client.find_vector([5.0, 5.0]) is None
