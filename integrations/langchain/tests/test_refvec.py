"""What LangChain's suites do not ask: filters, restarts, duplicates, bad input."""

import asyncio
import re
from pathlib import Path

import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings
from langchain_core.vectorstores import InMemoryVectorStore
from refvec import UnsupportedError, VectorStore
from refvec_langchain import RefvecEmbeddingStore, RefvecVectorStore

TEXTS = [f"text {number % 20}" for number in range(60)]
METADATA = [{"n": number} for number in range(60)]
IDS = [f"id {number}" for number in range(60)]
FAKE = DeterministicFakeEmbedding(size=8)


def filled(**options):
    return RefvecVectorStore.from_texts(TEXTS, FAKE, METADATA, ids=IDS, **options)


def test_identical_texts_share_a_vector_and_keep_their_metadata():
    store = filled()
    assert (len(store.store), store.store.total_references) == (20, 60)
    found = store.similarity_search("text 3", k=5)
    assert [one.metadata["n"] for one in found[:3]] == [3, 23, 43]
    assert [one.page_content for one in found[:3]] == ["text 3"] * 3


@pytest.mark.parametrize("k", [1, 4, 33, 100])
@pytest.mark.parametrize("rare", [2, 17, 59])
def test_filters_find_what_langchains_own_store_finds(k, rare):
    def wanted(document):
        return document.metadata["n"] % rare == 1

    peer = InMemoryVectorStore.from_texts(TEXTS, FAKE, METADATA, ids=IDS)
    ours = filled().similarity_search_with_score("another", k, filter=wanted)
    theirs = peer.similarity_search_with_score("another", k, filter=wanted)
    assert [score for _, score in ours] == pytest.approx([score for _, score in theirs], abs=1e-5)
    assert all(wanted(one) for one, _ in ours)
    assert len({one.id for one, _ in ours}) == len(ours)


def test_a_filter_that_raises_comes_out_and_changes_nothing():
    store = filled()
    with pytest.raises(KeyError, match="missing"):
        store.similarity_search("x", filter=lambda one: one.metadata["missing"])
    assert len(store.similarity_search("x", k=60)) == 60


def test_mmr_and_retrievers():
    store = filled()
    found = store.max_marginal_relevance_search(
        "text 3", k=3, fetch_k=12, lambda_mult=0.1, filter=lambda one: one.metadata["n"] > 2
    )
    assert len({one.page_content for one in found}) == 3
    retriever = store.as_retriever(search_type="mmr", search_kwargs={"k": 2})
    assert len(retriever.invoke("text 3")) == 2
    assert len(asyncio.run(retriever.ainvoke("text 3"))) == 2
    assert store.max_marginal_relevance_search("x", filter=lambda _: False) == []


@pytest.mark.parametrize("metric", ["cosine", "dot", "euclidean"])
def test_relevance_is_between_0_and_1(metric):
    store = RefvecVectorStore(FAKE, metric=metric)
    store.add_texts(["one", "two"])
    if metric == "dot":
        store = RefvecVectorStore.from_texts(["one", "two"], _Unit(), metric=metric)
    (first, relevance), *_ = store.similarity_search_with_relevance_scores("one", k=2)
    assert (first.page_content, relevance) == ("one", pytest.approx(1, abs=1e-3))


class _Unit(Embeddings):
    def embed_documents(self, texts):
        return [self.embed_query(one) for one in texts]

    def embed_query(self, text):
        return [1.0, 0.0] if text == "one" else [0.0, 1.0]


def test_after_a_restart_texts_and_metadata_are_there(tmp_path):
    store = filled(path=tmp_path / "corpus")
    store.delete(["id 0"])
    reader = RefvecVectorStore(
        FAKE, path=tmp_path / "corpus", mode="r"
    )  # beside the writer: each call is flushed
    assert reader.get_by_ids(["id 0", "id 1"]) == [Document("text 1", metadata={"n": 1}, id="id 1")]
    store.store.close()
    with VectorStore(path=tmp_path / "corpus") as again:
        found = RefvecVectorStore(FAKE, store=again).similarity_search("text 3", k=3)
        assert [one.metadata["n"] for one in found] == [3, 23, 43]


@pytest.mark.parametrize(
    "metadata",
    [{"a": {1, 2}}, {7: "x"}, {"a": [{None: 1}]}, {"a": object()}],
    ids=["set", "key", "deep", "object"],
)
def test_metadata_that_cannot_be_stored(metadata):
    store = filled()
    with pytest.raises(TypeError, match="The document 'bad' cannot be stored"):
        store.add_documents([Document("good", id="good"), Document("bad", metadata=metadata, id="bad")])
    assert store.get_by_ids(["good", "bad"]) == []
    assert store.store.total_references == 60


def test_of_two_documents_with_one_id_the_last_counts():
    store = RefvecVectorStore(FAKE)
    assert store.add_texts(["first", "second"], ids=["a", "a"]) == ["a", "a"]
    assert store.get_by_ids(["a", "a"]) == [Document("second", id="a")]
    assert (store.store.ids(), len(store.store)) == (["a"], 1)


def test_vectors_of_another_dimension(tmp_path):
    filled(path=tmp_path / "corpus").store.close()
    store = RefvecVectorStore(DeterministicFakeEmbedding(size=9), path=tmp_path / "corpus")
    with pytest.raises(ValueError, match="expected 8, got 9"):
        store.add_texts(["new"], ids=["id 1"])
    assert store.get_by_ids(["id 1"]) == [Document("text 1", metadata={"n": 1}, id="id 1")]
    with pytest.raises(ValueError, match="dimension"):
        store.similarity_search("x")


def test_lengths_that_differ():
    store = RefvecVectorStore(FAKE)
    with pytest.raises(ValueError, match="2 ids and 1 documents"):
        store.add_documents([Document("x")], ids=["a", "b"])
    with pytest.raises(ValueError, match="metadatas"):
        store.add_texts(["x"], [{}, {}])
    assert not store.store


def test_options_beside_a_store_and_unknown_metrics():
    with pytest.raises(ValueError, match="leave path out"):
        RefvecVectorStore(FAKE, store=VectorStore(), path="x")
    with pytest.raises(ValueError, match="metric must be"):
        RefvecVectorStore(FAKE, metric="cosinus")


def test_delete_without_ids_deletes_all_and_nothing_deletes_nothing():
    store = filled()
    assert store.delete([])
    assert len(store.store) == 20
    assert asyncio.run(store.adelete())
    assert (len(store.store), store.get_by_ids(IDS)) == (0, [])


def test_texts_that_are_odd(tmp_path):
    texts = ["", "nul\0", "🦀", "\ud800", "\u2028"]
    store = RefvecVectorStore(_Unit(), path=tmp_path / "s")
    ids = store.add_texts(texts)
    assert [one.page_content for one in store.get_by_ids(ids)] == texts


def test_equal_embeddings_are_cached_once(tmp_path):
    with VectorStore(path=tmp_path / "cache", precision="exact") as store:
        cache = RefvecEmbeddingStore(store)
        cache.mset([("a", [0.1, 0.2]), ("b", [0.1, 0.2]), ("c", [0.3, 0.2])])
        with pytest.raises(ValueError, match="expected 2, got 3"):
            cache.mset([("d", [1.0, 2.0, 3.0])])
        assert (len(store), sorted(cache.yield_keys())) == (2, ["a", "b", "c"])
    again = RefvecEmbeddingStore(path=tmp_path / "cache")
    assert again.mget(["b", "d"])[0] == pytest.approx([0.1, 0.2])


def test_a_store_that_keeps_no_texts_is_refused():
    class Remote(VectorStore, abstract=True):
        @property
        def payloads(self):
            raise UnsupportedError("It keeps no payloads")

    with pytest.raises(UnsupportedError):
        RefvecVectorStore(FAKE, store=object.__new__(Remote))


def test_the_example_of_the_readme_runs(capsys):
    text = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    exec(re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0], {})  # noqa: S102 - our own
    assert capsys.readouterr().out == "['page 1', 'page 2'] 1\n"
