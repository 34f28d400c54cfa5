"""Which directories are taken: none of another adapter, no servers, none that is open; and what is said."""

import asyncio

import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from refvec import StoreLockedError, UnsupportedError, VectorStore
from refvec.documents import Documents
from refvec.transfer import copy_store
from refvec_langchain import RefvecEmbeddingStore, RefvecVectorStore

FAKE = DeterministicFakeEmbedding(size=8)


def test_documents_of_another_adapter_are_refused_and_the_directory_is_left(tmp_path):
    path = tmp_path / "s"
    with VectorStore(path=path) as store:
        Documents(store, "refvec-haystack").put({"a": {"content": "x"}}, {"a": [1] * 8})
    for make in (
        lambda: RefvecVectorStore(FAKE, path=path),
        lambda: RefvecVectorStore(FAKE, path=path, mode="r"),
    ):
        with pytest.raises(
            ValueError, match="documents of refvec-haystack, which refvec-langchain does"
        ) as caught:
            make()
        VectorStore(path=path).close()  # nobody has it open, though the error is still there
        assert caught.value
    with VectorStore(path=path, mode="r") as store:
        assert Documents(store, "refvec-haystack").get(["a"]) == {"a": {"content": "x"}}


def test_a_cache_wants_a_directory_without_documents(tmp_path):
    path = tmp_path / "s"
    RefvecVectorStore.from_texts(["a"], FAKE, path=path, precision="exact").close()
    with pytest.raises(
        ValueError, match="documents of refvec-langchain; give RefvecEmbeddingStore a"
    ) as caught:
        RefvecEmbeddingStore(path=path)
    VectorStore(path=path).close()
    assert caught.value


@pytest.mark.parametrize("option", ["path", "mmap_path"])
def test_servers_are_refused_before_anybody_is_asked(option, monkeypatch):
    monkeypatch.setattr(VectorStore, "__new__", lambda *_, **__: pytest.fail("it was opened"))
    with pytest.raises(UnsupportedError, match="refvec-langchain keeps documents in memory or in a directory"):
        RefvecVectorStore(FAKE, **{option: "redis://127.0.0.1:1/lc"})


def test_a_store_that_is_closed_may_be_opened_again(tmp_path):
    store = RefvecVectorStore(FAKE, path=tmp_path / "s")
    with pytest.raises(StoreLockedError):
        RefvecVectorStore(FAKE, path=tmp_path / "s")
    store.close()
    with RefvecVectorStore(FAKE, path=tmp_path / "s") as again:
        again.add_texts(["a"], ids=["a"])
    assert again.store.closed
    with RefvecEmbeddingStore(path=tmp_path / "c") as cache:
        assert cache.mget(["a"]) == [None]
    RefvecEmbeddingStore(path=tmp_path / "c").close()


def test_vectors_without_documents_are_told_of(tmp_path):
    with VectorStore(path=tmp_path / "s") as store:
        store.add_vectors(["a", "b"], [[1] * 8, [2] * 8])
    with pytest.warns(UserWarning, match="2 ids of this store have a vector and no document") as caught:
        store = RefvecVectorStore(FAKE, path=tmp_path / "s")
    assert caught[0].filename == __file__
    assert store.similarity_search("x") == []
    store.close()


def test_a_cache_on_a_store_of_another_precision_says_so_and_may_be_told(tmp_path):
    with VectorStore(2, path=tmp_path / "c") as store:
        store.add_vector("a", [1, 2])
    match = "has precision 6, not 'exact', which RefvecEmbeddingStore asks for .* pass that of the store"
    for given in ({}, {"precision": None}):
        with pytest.raises(ValueError, match=match):
            RefvecEmbeddingStore(path=tmp_path / "c", **given)
    with pytest.raises(ValueError, match="has dimension 2, not 3; leave dimension out"):
        RefvecEmbeddingStore(path=tmp_path / "c", dimension=3)
    with RefvecEmbeddingStore(path=tmp_path / "c", precision=6) as cache:
        assert cache.mget(["a"]) == [[1.0, 2.0]]


class Failing(DeterministicFakeEmbedding):
    def embed_documents(self, texts):
        raise RuntimeError("there is no model")


@pytest.mark.parametrize(
    "make",
    [
        RefvecVectorStore.from_texts,
        lambda *given, **options: asyncio.run(RefvecVectorStore.afrom_texts(*given, **options)),
        lambda texts, *given, **options: RefvecVectorStore.from_documents(
            [Document(page_content=one) for one in texts], *given, **options
        ),
    ],
    ids=["from_texts", "afrom_texts", "from_documents"],
)
def test_one_that_cannot_be_made_leaves_nobody_with_the_directory(tmp_path, make):
    with pytest.raises(RuntimeError, match="there is no model") as caught:
        make(["a"], Failing(size=8), path=tmp_path / "s")
    assert make(["a"], FAKE, path=tmp_path / "s").similarity_search("a")[0].page_content == "a"
    assert caught.value
    with VectorStore() as store:
        with pytest.raises(RuntimeError, match="there is no model"):
            make(["a"], Failing(size=8), store=store)
        assert not store.closed  # it is the caller's


def test_a_cache_that_cannot_be_made_leaves_nobody_with_the_directory(tmp_path, monkeypatch):
    def failing(*_):
        raise OSError("the disk fails")

    with monkeypatch.context() as patch:
        patch.setattr("refvec_langchain.embeddings.require_no_documents", failing)
        with pytest.raises(OSError, match="the disk fails") as caught:
            RefvecEmbeddingStore(path=tmp_path / "s")
    RefvecEmbeddingStore(path=tmp_path / "s").close()
    assert caught.value


def test_a_copy_of_the_directory_has_the_texts(tmp_path):
    store = RefvecVectorStore.from_texts(["a", "b"], FAKE, [{"n": 1}, {"n": 2}], path=tmp_path / "s")
    copied = copy_store(tmp_path / "s", tmp_path / "copy")  # beside the writer
    assert (copied.ids, copied.payloads) == (2, 2)
    with RefvecVectorStore(FAKE, path=tmp_path / "copy") as copy:
        for text in ("a", "b"):
            assert copy.similarity_search(text) == store.similarity_search(text)
    store.close()
