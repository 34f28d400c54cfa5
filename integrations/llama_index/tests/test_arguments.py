"""What is passed by mistake: it is said what was wrong, and nothing has changed."""

import asyncio
import datetime
import math

import numpy as np
import pytest
from llama_index.core.schema import IndexNode, NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.types import MetadataFilters, VectorStoreQuery
from refvec_llama_index import RefvecVectorStore

ROW = [1.0, 2.0]
SINGLE = "got a single str; put it in a list"
UNKNOWN = "unexpected keyword argument "


def node(name, metadata=None, kind=TextNode, **more):
    return kind(id_=name, text=name, metadata=metadata or {}, embedding=ROW, **more)


@pytest.fixture
def store():
    made = RefvecVectorStore()
    made.add([node("1"), node("2")])
    return made


def asked(**query):
    return VectorStoreQuery(query_embedding=ROW, similarity_top_k=2, **query)


MISTAKES = {
    "no document": (lambda store: store.delete(None), "ref_doc_id must be a str, got NoneType"),
    "no document, async": (lambda store: asyncio.run(store.adelete(None)), "ref_doc_id must be a str"),
    "documents": (lambda store: store.delete(["1"]), "ref_doc_id must be a str, got list"),
    "no documents of a query": (lambda store: store.query(asked(doc_ids=[None])), "must be a str"),
    "one document of a query": (lambda store: store.query(asked(doc_ids="12")), SINGLE),
    "one node of a query": (lambda store: store.query(asked(node_ids="12")), SINGLE),
    "one node to delete": (lambda store: store.delete_nodes("12"), SINGLE),
    "one node to look up": (lambda store: store.get_nodes("12"), SINGLE),
    "a filter of a deletion": (
        lambda store: store.delete_nodes(filter={"n": 1}),
        f"{UNKNOWN}'filter'.*'filters'",
    ),
    "a filter, async": (lambda store: asyncio.run(store.adelete_nodes(filter=1)), f"{UNKNOWN}'filter'"),
    "filters of a document": (lambda store: store.delete("1", filters=1), f"{UNKNOWN}'filters'"),
    "filters of a document, async": (lambda store: asyncio.run(store.adelete("1", filters=1)), UNKNOWN),
    "filters beside a query": (lambda store: store.query(asked(), filters=1), f"{UNKNOWN}'filters'"),
    "a dict as filters": (
        lambda store: store.delete_nodes(filters={"n": 1}),
        "must be MetadataFilters, got dict",
    ),
    "a dict as filters of a query": (lambda store: store.query(asked(filters={"n": 1})), "got dict; Metad"),
    "a text as node": (lambda store: store.add(["text"]), "a list of nodes, got str at position 0"),
    "one node to add": (lambda store: store.add(node("3")), "a list of nodes, got TextNode"),
}


@pytest.mark.parametrize(("call", "match"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_and_changes_nothing(store, call, match):
    with pytest.raises(TypeError, match=match):
        call(store)
    assert sorted(one.node_id for one in store.get_nodes()) == ["1", "2"]


def test_a_filter_of_nothing_is_no_mistake(store):
    assert len(store.query(asked(filters=MetadataFilters(filters=[]))).ids) == 2


def test_modes_may_be_names(store):
    assert store.query(asked(mode="mmr")).ids == store.query(asked(mode="default")).ids[:2]
    with pytest.raises(ValueError, match="Invalid query mode: 'hybrid'; refvec has 'default' and 'mmr'"):
        store.query(asked(mode="hybrid"))


def test_a_path_is_no_store():
    with pytest.raises(TypeError, match=r"store must be a refvec\.VectorStore, got str; .* path="):
        RefvecVectorStore("li.refvec")


CHANGED = [datetime.date(2020, 1, 1), {1}, b"x", np.int64(7), (datetime.date(2020, 1, 1),)]


@pytest.mark.parametrize("value", CHANGED, ids=repr)
@pytest.mark.parametrize("where", ["metadata", "relationships"])
def test_metadata_that_would_come_back_otherwise_are_refused(store, value, where):
    metadata = {"deep": [{"value": value}]}
    related = {
        NodeRelationship.SOURCE: RelatedNodeInfo(node_id="d", metadata=metadata),
        NodeRelationship.CHILD: [RelatedNodeInfo(node_id="e", metadata=metadata)],
    }
    bad = node("bad", metadata) if where == "metadata" else node("bad", relationships=related)
    with pytest.raises(TypeError, match="The document 'bad' cannot be stored"):
        store.add([node("3"), bad])
    assert len(store.get_nodes()) == 2


def test_metadata_that_json_can_say_come_back(store):
    metadata = {"n": [None, True, 1.5, {"x": ""}], "far": math.inf}
    related = {
        NodeRelationship.SOURCE: RelatedNodeInfo(node_id="d", metadata=metadata, node_type="4", hash="h"),
        NodeRelationship.CHILD: [RelatedNodeInfo(node_id="e")],
    }
    nodes = [node("3", metadata, relationships=related), node("4", metadata, IndexNode, index_id="i")]
    store.add([*nodes, node("5", {"n": math.nan})])
    *found, odd = store.get_nodes(["3", "4", "5"])
    assert found == nodes
    assert math.isnan(odd.metadata["n"])


def test_no_hits_are_asked_for(store):
    assert store.query(VectorStoreQuery(query_embedding=ROW, similarity_top_k=0)).ids == []
    assert store.query(VectorStoreQuery(query_embedding=ROW, similarity_top_k=0, mode="mmr")).ids == []
    with pytest.raises(ValueError, match="k must be at least 1, got -1"):
        store.query(VectorStoreQuery(query_embedding=ROW, similarity_top_k=-1))
