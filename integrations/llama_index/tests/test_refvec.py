"""The vector store, beside LlamaIndex's own in memory."""

import asyncio
import re
from pathlib import Path

import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.schema import Document, ImageNode, NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores import SimpleVectorStore
from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
)
from refvec import UnsupportedError, VectorStore
from refvec_llama_index import RefvecVectorStore

ROWS = np.random.default_rng(0).standard_normal((60, 8)).astype(np.float32).tolist()
QUERY = [0.5] * 8


def node(number, row=None, **metadata):
    source = {NodeRelationship.SOURCE: RelatedNodeInfo(node_id=f"document {number % 3}")}
    return TextNode(
        id_=f"id {number}",
        text=f"text {number}",
        metadata={
            "n": number,
            "tags": ["even" if number % 2 == 0 else "odd", "all"],
            "name": f"Name {number}",
            **metadata,
        },
        embedding=ROWS[number] if row is None else row,
        relationships=source,
    )


NODES = [node(number) for number in range(60)]


@pytest.fixture
def store():
    made = RefvecVectorStore()
    assert made.add(NODES) == [one.node_id for one in NODES]
    return made


def only(*filters, condition="and"):
    return MetadataFilters(filters=list(filters), condition=FilterCondition(condition))


def where(key, operator, value=None):
    return MetadataFilter(key=key, operator=FilterOperator(operator), value=value)


FILTERS = {
    "equal": only(where("n", "==", 7)),
    "not equal": only(where("n", "!=", 7)),
    "between": only(where("n", ">=", 7), where("n", "<", 30)),
    "either": only(where("n", "<=", 7), where("n", ">", 50), condition="or"),
    "not": only(where("n", "<=", 40), condition="not"),
    "in": only(where("n", "in", [1, 2, 99])),
    "not in": only(where("n", "nin", [1, 2, 99])),
    "any": only(where("tags", "any", ["odd", "other"])),
    "all": only(where("tags", "all", ["odd", "all"])),
    "contains": only(where("tags", "contains", "odd")),
    "text": only(where("name", "text_match", "Name 1")),
    "text in any case": only(where("name", "text_match_insensitive", "name 1")),
    "empty": only(where("nonesuch", "is_empty")),
    "a document": only(where("ref_doc_id", "==", "document 1"), where("doc_id", "==", "document 1")),
    "none": only(where("n", ">", 100)),
}


@pytest.mark.parametrize("filters", [None, *FILTERS.values()], ids=["all", *FILTERS])
@pytest.mark.parametrize("most", [1, 7, 100])
def test_a_query_finds_what_llamaindexs_own_store_finds(store, filters, most):
    peer = SimpleVectorStore()
    peer.add(NODES)
    query = VectorStoreQuery(query_embedding=QUERY, similarity_top_k=most, filters=filters)
    found, wanted = store.query(query), peer.query(query)
    assert found.ids == list(wanted.ids)
    assert found.similarities == pytest.approx(list(wanted.similarities), abs=1e-5)
    assert [one.text for one in found.nodes] == [one.replace("id", "text") for one in found.ids]


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("and", {1, 3, 5, 7, 53, 55, 57, 59}),
        ("or", {*range(9), *range(53, 60), *range(1, 60, 2)}),
        ("not", None),
    ],
)
def test_filters_may_be_nested(store, condition, wanted):
    ends = only(where("n", "<", 9), where("n", ">", 52), condition="or")
    filters = only(ends, where("tags", "contains", "odd"), condition=condition)
    found = {one.metadata["n"] for one in store.get_nodes(filters=filters)}
    assert found == (set(range(10, 53, 2)) if wanted is None else wanted)


def test_a_query_among_nodes_and_documents(store):
    query = VectorStoreQuery(query_embedding=QUERY, similarity_top_k=9, node_ids=["id 3", "id 4", "id 99"])
    assert sorted(store.query(query).ids) == ["id 3", "id 4"]
    query = VectorStoreQuery(query_embedding=QUERY, similarity_top_k=99, doc_ids=["document 2"])
    assert len(store.query(query).ids) == 20


def test_identical_embeddings_are_stored_once_and_told_apart_by_mmr():
    store = RefvecVectorStore()
    store.add([node(number, ROWS[number % 5]) for number in range(60)])
    assert (len(store.client), store.client.total_references) == (5, 60)
    query = VectorStoreQuery(query_embedding=ROWS[0], similarity_top_k=3)
    assert store.query(query).similarities == pytest.approx([1, 1, 1])
    query = VectorStoreQuery(query_embedding=ROWS[0], similarity_top_k=2, mode=VectorStoreQueryMode.MMR)
    store.delete_nodes(filters=only(where("n", ">", 11)))
    assert len({one.metadata["n"] % 5 for one in store.query(query, mmr_threshold=0.1).nodes}) == 2


@pytest.mark.parametrize("metric", ["dot", "euclidean"])
def test_other_metrics_have_the_best_first(metric):
    store = RefvecVectorStore(metric=metric)
    store.add(NODES)
    found = store.query(VectorStoreQuery(query_embedding=QUERY, similarity_top_k=60))
    assert found.similarities == sorted(found.similarities, reverse=True)


def test_nodes_come_back_whole(store):
    image = ImageNode(id_="image", image="YWJj", image_mimetype="image/png", metadata={"deep": {"a": [None]}})
    image.embedding = ROWS[0]
    store.add([image])
    assert store.get_nodes(["image", "id 3", "nonesuch"]) == [image, NODES[3]]
    assert store.get_nodes(filters=FILTERS["equal"]) == [NODES[7]]
    assert type(store.get_nodes(["image"])[0]) is ImageNode


def test_deleting_by_document_by_node_by_filter_and_all(store):
    store.delete("document 1")
    store.delete("nonesuch")
    assert {one.metadata["n"] % 3 for one in store.get_nodes()} == {0, 2}
    store.delete_nodes(["id 0", "id 2", "id 99"], only(where("n", ">", 0)))
    assert len(store.get_nodes(["id 0", "id 2"])) == 1
    store.clear()
    assert (store.get_nodes(), len(store.client)) == ([], 0)


def test_everything_without_blocking():
    async def use():
        store = RefvecVectorStore()
        await store.async_add(NODES)
        found = await store.aquery(VectorStoreQuery(query_embedding=QUERY, similarity_top_k=2))
        await store.adelete("document 0")
        await store.adelete_nodes(["id 1"])
        left = await store.aget_nodes()
        await store.aclear()
        return len(found.ids), len(left), len(await store.aget_nodes())

    assert asyncio.run(use()) == (2, 39, 0)


def test_an_index_and_its_restart(tmp_path):
    model = MockEmbedding(embed_dim=4)
    store = RefvecVectorStore(path=tmp_path / "corpus")
    context = StorageContext.from_defaults(vector_store=store)
    documents = [Document(text="some text", id_=f"document {number}") for number in range(3)]
    index = VectorStoreIndex.from_documents(documents, storage_context=context, embed_model=model)
    index.delete_ref_doc("document 1")
    store.client.close()
    again = RefvecVectorStore(path=tmp_path / "corpus")
    index = VectorStoreIndex.from_vector_store(again, embed_model=model)
    found = index.as_retriever(similarity_top_k=5).retrieve("anything")
    assert sorted(one.node.ref_doc_id for one in found) == ["document 0", "document 2"]
    again.client.close()


def test_a_store_in_memory_is_persisted_and_replaces_what_was(tmp_path, store):
    path = str(tmp_path / "storage" / "default__vector_store.json")
    store.persist(path)
    store.delete("document 1")
    store.persist(path)
    again = RefvecVectorStore.from_persist_dir(str(tmp_path / "storage"))
    assert again.get_nodes() == store.get_nodes()
    assert again.client.ids() == store.client.ids()
    again.persist(str(tmp_path / "elsewhere"))
    assert not (tmp_path / "elsewhere").exists()
    again.client.close()
    other = RefvecVectorStore()
    other.add([node(1, [1.0, 2.0])])
    with pytest.raises(ValueError, match="dimension"):
        other.persist(path)
    again = RefvecVectorStore.from_persist_path(path, mode="r")
    assert again.get_nodes() == store.get_nodes()


def test_persisting_elsewhere_is_refused(store, tmp_path):
    with pytest.raises(UnsupportedError, match="MemoryFileSystem"):
        store.persist("x", MemoryFileSystem())
    with pytest.raises(FileNotFoundError):
        RefvecVectorStore.from_persist_path(str(tmp_path / "nonesuch"))


@pytest.mark.parametrize(
    ("bad", "match"),
    [
        (TextNode(id_="bad", text="x", embedding=ROWS[0], metadata={"a": object()}), "'bad' cannot be stored"),
        (TextNode(id_="bad", text="x", embedding=[1.0, 2.0]), "'bad' cannot be stored: .* expected 8, got 2"),
        (TextNode(id_="bad", text="x"), "node 'bad' has no embedding set"),
    ],
)
def test_what_cannot_be_stored_leaves_nothing_of_the_call(store, bad, match):
    with pytest.raises((TypeError, ValueError), match=match):
        store.add([TextNode(id_="good", text="x", embedding=ROWS[0]), bad])
    assert (len(store.get_nodes()), store.client.total_references) == (60, 60)


def test_of_two_nodes_with_one_id_the_last_counts(store):
    first, last = node(5, name="first"), node(5, row=ROWS[6], name="last")
    assert store.add([first, last]) == ["id 5", "id 5"]
    assert store.get_nodes(["id 5"]) == [last]
    assert store.client.total_references == 60


def test_queries_that_are_none(store):
    with pytest.raises(ValueError, match="no embedding"):
        store.query(VectorStoreQuery(query_str="x"))
    with pytest.raises(ValueError, match="Invalid query mode: sparse"):
        store.query(VectorStoreQuery(query_embedding=QUERY, mode=VectorStoreQueryMode.SPARSE))
    with pytest.raises(ValueError, match="dimension"):
        store.query(VectorStoreQuery(query_embedding=[1.0]))
    with pytest.raises(TypeError):  # the filter raises: a number is not greater than a text
        store.query(VectorStoreQuery(query_embedding=QUERY, filters=only(where("n", ">", "x"))))
    assert store.query(VectorStoreQuery(query_embedding=QUERY, similarity_top_k=0)).ids == []


def test_options_beside_a_store():
    with pytest.raises(ValueError, match="leave path out"):
        RefvecVectorStore(VectorStore(), path="x")


def test_the_example_of_the_readme_runs(capsys):
    text = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    exec(re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0], {})  # noqa: S102 - our own
    assert capsys.readouterr().out == "['page 2'] MIT licence 1\n"
