"""What cannot be done leaves nothing half done: texts, metadata and vectors are as they were."""

import asyncio

import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from refvec import VectorStore
from refvec_langchain import RefvecEmbeddingStore, RefvecVectorStore

FAKE = DeterministicFakeEmbedding(size=8)
WIDE = DeterministicFakeEmbedding(size=9)


def seen(store):
    """Return all that a store holds."""
    return store.ids(), store.get_vectors(store.ids()).tobytes(), sorted(store.payloads.items())


@pytest.fixture(params=["memory", "disk"])
def store(request, tmp_path):
    path = {"path": tmp_path / "corpus"} if request.param == "disk" else {}
    return RefvecVectorStore.from_texts(["a", "b"], FAKE, [{"n": 1}, {"n": 2}], ids=["a", "b"], **path)


def with_a_raising_filter(store):
    store.similarity_search("x", filter=lambda one: one.metadata["missing"])


def of_another_dimension(store):
    store._embedding = WIDE
    store.add_documents([Document("other", id="a"), Document("new", id="new")])


class Raising(DeterministicFakeEmbedding):
    def embed_documents(self, texts):
        raise RuntimeError("no model")


def without_a_model(store):
    store._embedding = Raising(size=8)
    store.add_texts(["new"])


BAD = {
    "metadata": lambda store: store.add_documents(
        [Document("changed", id="a"), Document("bad", metadata={"x": object()}, id="bad")]
    ),
    "metadata, async": lambda store: asyncio.run(
        store.aadd_documents([Document("changed", id="a"), Document("bad", metadata={"x": {1}}, id="bad")])
    ),
    "metadata that is not finite in depth": lambda store: store.add_texts(["x"], [{"deep": nested(100_000)}]),
    "dimension": of_another_dimension,
    "query of another dimension": lambda store: store.similarity_search_by_vector([1.0, 2.0]),
    "id": lambda store: store.add_texts(["changed", "new"], ids=["a", "\ud800"]),
    "id of another type": lambda store: store.add_texts(["changed", "new"], ids=["a", 7]),
    "filter": with_a_raising_filter,
    "filter of mmr": lambda store: store.max_marginal_relevance_search("x", filter=lambda _: 1 / 0),
    "embedding": without_a_model,
    "lengths": lambda store: store.add_texts(["changed", "new"], ids=["a"]),
    "lengths, async": lambda store: asyncio.run(store.aadd_texts(["changed", "new"], ids=["a"])),
    "more ids than texts": lambda store: store.add_texts(["changed"], ids=["a", "new"]),
    "delete": lambda store: store.delete(["a", 7]),
}


def nested(depth):
    found = []
    for _ in range(depth):
        found = [found]
    return found


@pytest.mark.parametrize("call", BAD.values(), ids=BAD)
def test_nothing_is_half_done(store, tmp_path, call):
    before = seen(store.store)
    with pytest.raises((TypeError, ValueError, KeyError, ZeroDivisionError, RuntimeError)):
        call(store)
    assert seen(store.store) == before
    if (tmp_path / "corpus").exists():
        with VectorStore(path=tmp_path / "corpus", mode="r") as reader:
            reader.verify()
            assert seen(reader) == before


def test_two_documents_with_one_id_are_one_wholly(store):
    store.add_documents([Document("first", metadata={"n": 3}, id="a"), Document("last", id="a")])
    assert store.get_by_ids(["a"]) == [Document("last", id="a")]
    assert store.store.ids() == ["a", "b"]
    assert store.store.find_vector(FAKE.embed_documents(["first"])[0]) is None


@pytest.mark.parametrize(
    "pairs",
    [[("a", [1.0, 2.0]), ("b", [1.0])], [("a", [1.0, 2.0]), ("b", None)], [("a", [1.0, 2.0]), (7, [1.0, 2.0])]],
    ids=["dimension", "none", "id"],
)
def test_the_cache_takes_a_batch_or_nothing(pairs):
    cache = RefvecEmbeddingStore(VectorStore(2, precision="exact"))
    cache.mset([("a", [3.0, 4.0])])
    with pytest.raises((TypeError, ValueError)):
        cache.mset(pairs)
    assert cache.mget(["a", "b"])[0] == [3.0, 4.0]
    assert list(cache.yield_keys()) == ["a"]
