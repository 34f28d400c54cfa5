"""What is passed by mistake: it is said what was wrong, and nothing has changed."""

import asyncio
from types import SimpleNamespace

import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from refvec_langchain import RefvecEmbeddingStore, RefvecVectorStore

FAKE = DeterministicFakeEmbedding(size=8)
SINGLE = "got a single str; put it in a list"
FILTER = "filter must be a callable that gets a Document, got dict"
UNKNOWN = "unexpected keyword argument "


@pytest.fixture
def store():
    return RefvecVectorStore.from_texts(["one", "two"], FAKE, [{"n": 1}, {"n": 2}], ids=["1", "2"])


@pytest.fixture
def cache():
    found = RefvecEmbeddingStore()
    found.mset([("a", [1.0, 2.0]), ("b", [1.0, 3.0])])
    return found


MISTAKES = {
    "one id to delete": (lambda store: store.delete("12"), SINGLE),
    "one id to delete, async": (lambda store: asyncio.run(store.adelete("12")), SINGLE),
    "one id to look up": (lambda store: store.get_by_ids("12"), SINGLE),
    "one id for texts": (lambda store: store.add_texts(["x", "y"], ids="12"), SINGLE),
    "one id for documents": (lambda store: store.add_documents([Document("x")], ids="1"), SINGLE),
    "one text": (lambda store: store.add_texts("xy"), SINGLE),
    "one text, async": (lambda store: asyncio.run(store.aadd_texts("xy")), SINGLE),
    "a text as document": (lambda store: store.add_documents(["text"]), "got str at position 0; add_texts"),
    "one document": (lambda store: store.add_documents(Document("x")), "a list of Documents, got Document"),
    "no documents": (lambda store: store.add_documents(None), "a list of Documents, got NoneType"),
    "a dict as filter": (lambda store: store.similarity_search("x", filter={"n": 1}), FILTER),
    "a dict as filter of mmr": (
        lambda store: store.max_marginal_relevance_search("x", filter={"n": 1}),
        FILTER,
    ),
    "filters": (lambda store: store.similarity_search("x", filters=len), f"{UNKNOWN}'filters'.*mean 'filter'"),
    "fliter": (lambda store: store.similarity_search_with_score("x", fliter=len), f"{UNKNOWN}'fliter'"),
    "where": (lambda store: store.similarity_search_by_vector([1.0] * 8, where={}), f"{UNKNOWN}'where'"),
    "async": (lambda store: asyncio.run(store.asimilarity_search("x", where={})), f"{UNKNOWN}'where'"),
    "relevance": (lambda store: store.similarity_search_with_relevance_scores("x", where={}), UNKNOWN),
    "mmr": (lambda store: store.max_marginal_relevance_search("x", filters=len), f"{UNKNOWN}'filters'"),
    "mmr, async": (lambda store: asyncio.run(store.amax_marginal_relevance_search("x", where=1)), UNKNOWN),
    "a retriever": (lambda store: store.as_retriever(search_kwargs={"filters": 1}).invoke("x"), UNKNOWN),
    "a filter of a deletion": (lambda store: store.delete(filter={"n": 1}), f"{UNKNOWN}'filter'"),
    "a filter of a deletion, async": (lambda store: asyncio.run(store.adelete(filter=1)), f"{UNKNOWN}'filter'"),
}


@pytest.mark.parametrize(("call", "match"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_and_changes_nothing(store, call, match):
    before = dict(store.store.payloads.items())
    with pytest.raises(TypeError, match=match):
        call(store)
    assert dict(store.store.payloads.items()) == before
    assert sorted(store.store.ids()) == ["1", "2"]


@pytest.mark.parametrize("embedding", ["lc", None, DeterministicFakeEmbedding])
def test_what_makes_no_vectors_is_no_embedding(embedding):
    if embedding is DeterministicFakeEmbedding:
        embedding = SimpleNamespace(embed_query=len)
    with pytest.raises(
        TypeError, match=r"embedding must be an Embeddings, got .*; a directory is given as path="
    ):
        RefvecVectorStore(embedding)


def test_what_is_no_store():
    for make in (lambda: RefvecVectorStore(FAKE, store="lc"), lambda: RefvecEmbeddingStore("lc")):
        with pytest.raises(TypeError, match=r"store must be a refvec\.VectorStore, got str"):
            make()


def test_a_single_key_is_not_taken_by_its_characters(cache):
    for use in (cache.mget, cache.mdelete):
        with pytest.raises(TypeError, match=SINGLE):
            use("ab")
    assert sorted(cache.yield_keys()) == ["a", "b"]


def test_what_langchain_itself_passes_is_taken(store):
    found = store.as_retriever(search_type="similarity_score_threshold", search_kwargs={"score_threshold": 0.1})
    assert found.invoke("one")
    assert store.add_documents([Document("three", id="3")], batch_size=7) == ["3"]


def test_no_hits_are_asked_for(store):
    assert store.similarity_search("one", k=0) == []
    assert store.max_marginal_relevance_search("one", k=0) == []
    with pytest.raises(ValueError, match="k must be at least 1, got -1"):
        store.similarity_search("one", k=-1)
