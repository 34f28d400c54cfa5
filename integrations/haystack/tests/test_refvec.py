"""What Haystack's suites do not ask: retrieval, restarts, duplicates, pipelines, bad input."""

import asyncio
import re
from pathlib import Path

import numpy as np
import pytest
from haystack import Document, Pipeline
from haystack.dataclasses import ByteStream, SparseEmbedding
from haystack.document_stores.errors import DuplicateDocumentError
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.document_stores.types import DuplicatePolicy, FilterPolicy
from refvec_haystack import RefvecDocumentStore, RefvecEmbeddingRetriever

ROWS = np.random.default_rng(0).standard_normal((20, 8)).astype(np.float32).tolist()
DOCUMENTS = [
    Document(id=f"id {n}", content=f"text {n % 20}", meta={"n": n}, embedding=ROWS[n % 20]) for n in range(60)
]
QUERY = [0.5] * 8


def over(number):
    return {"field": "meta.n", "operator": ">", "value": number}


@pytest.fixture
def store():
    made = RefvecDocumentStore()
    made.write_documents(DOCUMENTS)
    return made


def test_identical_embeddings_are_stored_once(store):
    assert (len(store.store), store.count_documents()) == (20, 60)
    found = store.embedding_retrieval(ROWS[3], top_k=3)
    assert [one.id for one in found] == ["id 3", "id 23", "id 43"]
    assert [one.embedding for one in found] == [ROWS[3]] * 3


@pytest.mark.parametrize("top_k", [1, 5, 100])
@pytest.mark.parametrize("filters", [None, over(2), over(56)])
@pytest.mark.parametrize("metric", ["cosine", "dot"])
@pytest.mark.parametrize("scale", [False, True])
def test_a_retrieval_finds_what_haystacks_own_store_finds(top_k, filters, metric, scale):
    peer = InMemoryDocumentStore(
        embedding_similarity_function={"cosine": "cosine", "dot": "dot_product"}[metric]
    )
    ours = RefvecDocumentStore(metric=metric)
    for one in (peer, ours):
        one.write_documents(DOCUMENTS)
    found, wanted = (
        [one.score for one in each.embedding_retrieval(QUERY, filters, top_k, scale_score=scale)]
        for each in (ours, peer)
    )
    assert found == pytest.approx(wanted, abs=1e-5)


def test_distances_are_scaled_too():
    store = RefvecDocumentStore(metric="euclidean")
    store.write_documents(DOCUMENTS)
    (found,) = store.embedding_retrieval(ROWS[0], top_k=1, scale_score=True, return_embedding=False)
    assert (found.id, found.score, found.embedding) == ("id 0", 1.0, None)


def test_after_a_restart_everything_is_there(tmp_path):
    path = str(tmp_path / "corpus")
    store = RefvecDocumentStore(path)
    more = Document(
        id="more",
        content=None,
        blob=ByteStream(b"\0\xff", {"a": 1}, "image/png"),
        meta={"content": "x", "id": "y", "deep": [{"a": None}]},
        sparse_embedding=SparseEmbedding([1, 5], [0.5, 2.0]),
    )
    store.write_documents([*DOCUMENTS, more])
    store.delete_documents(["id 0"])
    reader = RefvecDocumentStore(path, mode="r")  # beside the writer: each call is flushed
    assert reader.count_documents() == 60
    store.close()
    again = RefvecDocumentStore.from_dict(store.to_dict())
    found = {one.id: one for one in again.filter_documents()}
    assert found == {one.id: one for one in [*DOCUMENTS[1:], more]}
    again.close()


@pytest.mark.parametrize("policy", [DuplicatePolicy.FAIL, DuplicatePolicy.NONE])
@pytest.mark.parametrize("again", ["there", "twice"])
def test_a_refused_duplicate_leaves_nothing_of_the_call(store, policy, again):
    one = DOCUMENTS[5] if again == "there" else Document(id="new")
    with pytest.raises(DuplicateDocumentError, match=one.id):
        store.write_documents([Document(id="new"), one], policy)
    assert store.count_documents() == 60


def test_skipped_and_overwritten_duplicates(store):
    first, second = Document(id="new", content="first"), Document(id="new", content="second")
    assert store.write_documents([DOCUMENTS[0], first, second], DuplicatePolicy.SKIP) == 1
    content = {"field": "content", "operator": "in", "value": ["first", "second"]}
    assert store.filter_documents(content) == [first]
    assert store.write_documents([first, second], DuplicatePolicy.OVERWRITE) == 2
    assert store.filter_documents(content) == [second]


def test_an_overwritten_document_may_lose_its_embedding(store):
    store.write_documents([Document(id="id 0")], DuplicatePolicy.OVERWRITE)
    assert [one.id for one in store.embedding_retrieval(ROWS[0], top_k=2)] == ["id 20", "id 40"]


@pytest.mark.parametrize(
    ("document", "error", "match"),
    [
        (Document(id="bad", meta={"a": {1, 2}}), TypeError, "'bad' cannot be stored"),
        (Document(id="bad", embedding=[1.0, 2.0]), ValueError, "expected 8, got 2"),
    ],
)
def test_what_cannot_be_stored_leaves_nothing_of_the_call(store, document, error, match):
    with pytest.raises(error, match=match):
        store.write_documents([Document(id="good", embedding=ROWS[0]), document])
    assert (store.count_documents(), store.store.total_references) == (60, 60)


def test_metadata_that_cannot_be_stored_updates_nothing(store):
    with pytest.raises(TypeError, match="cannot be stored"):
        store.update_by_filter(over(50), {"x": object()})
    assert "x" not in store.filter_documents(over(58))[0].meta
    assert store.update_by_filter(over(50), {"x": 1}) == 9
    assert store.filter_documents(over(58))[0] == Document(
        id="id 59", content="text 19", meta={"n": 59, "x": 1}, embedding=ROWS[19]
    )


@pytest.mark.parametrize(
    "filters", [{"n": 1}, {"operator": "AND"}, {"field": "meta.n", "operator": "~", "value": 1}]
)
def test_filters_that_are_none(store, filters):
    for use in (store.filter_documents, lambda one: store.embedding_retrieval(QUERY, one)):
        with pytest.raises(Exception, match=r"[Ff]ilter|operator|conditions|~"):
            use(filters)


def test_a_query_of_another_dimension(store):
    with pytest.raises(ValueError, match="dimension"):
        store.embedding_retrieval([1.0, 2.0])


def test_a_metric_that_is_none():
    with pytest.raises(ValueError, match="metric must be"):
        RefvecDocumentStore(metric="cosinus")


def test_a_pipeline_and_its_yaml(store):
    retriever = RefvecEmbeddingRetriever(
        store, over(20), top_k=2, scale_score=True, filter_policy=FilterPolicy.MERGE
    )
    pipeline = Pipeline()
    pipeline.add_component("retriever", retriever)
    found = pipeline.run({"retriever": {"query_embedding": ROWS[3], "filters": over(30)}})
    assert found["retriever"]["documents"][0].id == "id 43"
    again = Pipeline.loads(pipeline.dumps(), allowed_modules=["refvec_haystack.*"]).get_component("retriever")
    assert (again.filters, again.top_k, again.filter_policy) == (over(20), 2, FilterPolicy.MERGE)
    assert again.to_dict() == retriever.to_dict()
    found = asyncio.run(retriever.run_async(ROWS[3], top_k=1))
    assert [one.id for one in found["documents"]] == ["id 23"]
    assert retriever.run(ROWS[3], top_k=0) == {"documents": []}


def test_a_retriever_of_something_else():
    with pytest.raises(TypeError, match="InMemoryDocumentStore"):
        RefvecEmbeddingRetriever(InMemoryDocumentStore())
    with pytest.raises(ValueError, match="top_k"):
        RefvecEmbeddingRetriever(RefvecDocumentStore(), top_k=0)


def test_the_example_of_the_readme_runs(capsys):
    text = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    exec(re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0], {})  # noqa: S102 - our own
    assert capsys.readouterr().out == "['page 1', 'page 2'] 1\n"
