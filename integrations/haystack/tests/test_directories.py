"""Which directories are taken: none of another adapter, no servers, none that is open; and what is said."""

import pytest
from haystack import Document
from refvec import StoreLockedError, UnsupportedError, VectorStore
from refvec.documents import Documents
from refvec_haystack import RefvecDocumentStore


def test_documents_of_another_adapter_are_refused_and_the_directory_is_left(tmp_path):
    path = str(tmp_path / "s")
    with VectorStore(path=path) as store:
        Documents(store, "refvec-langchain").put({"a": {"text": "x"}}, {"a": [1, 2]})
    for options in ({}, {"mode": "r"}):
        match = "documents of refvec-langchain, which refvec-haystack does not read"
        with pytest.raises(ValueError, match=match) as caught:
            RefvecDocumentStore(path, **options)
        VectorStore(path=path).close()  # nobody has it open, though the error is still there
        assert caught.value
    with VectorStore(path=path, mode="r") as store:
        assert Documents(store, "refvec-langchain").get(["a"]) == {"a": {"text": "x"}}


def test_servers_are_refused_before_anybody_is_asked(monkeypatch):
    monkeypatch.setattr(VectorStore, "__new__", lambda *_, **__: pytest.fail("it was opened"))
    with pytest.raises(UnsupportedError, match="refvec-haystack keeps documents in memory or in a directory"):
        RefvecDocumentStore("redis://127.0.0.1:1/lc")


def test_a_store_that_is_closed_may_be_opened_again(tmp_path):
    store = RefvecDocumentStore(str(tmp_path / "s"))
    with pytest.raises(StoreLockedError):
        RefvecDocumentStore(str(tmp_path / "s"))
    store.close()
    with RefvecDocumentStore(str(tmp_path / "s")) as again:
        again.write_documents([Document(id="a")])
    assert again.store.closed


def test_vectors_without_documents_are_told_of(tmp_path):
    with VectorStore(path=tmp_path / "s") as store:
        store.add_vectors(["a", "b"], [[1, 2], [2, 3]])
    with pytest.warns(UserWarning, match="2 ids of this store have a vector and no document") as caught:
        store = RefvecDocumentStore(str(tmp_path / "s"))
    assert caught[0].filename == __file__
    assert store.count_documents() == 0
    store.close()
