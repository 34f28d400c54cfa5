"""Which directories are taken: none of another adapter, no servers, none that is open; and what is said."""

import pytest
from llama_index.core.schema import TextNode
from refvec import StoreLockedError, UnsupportedError, VectorStore
from refvec.documents import Documents
from refvec_llama_index import RefvecVectorStore


@pytest.fixture
def theirs(tmp_path):
    """Return a directory with a document of another adapter, which must stay."""
    path = str(tmp_path / "theirs")
    with VectorStore(path=path) as store:
        Documents(store, "refvec-haystack").put({"a": {"content": "x"}}, {"a": [1, 2]})
    yield path
    with VectorStore(path=path) as store:
        assert Documents(store, "refvec-haystack").get(["a"]) == {"a": {"content": "x"}}
        assert store.ids() == ["a"]


@pytest.fixture
def store():
    made = RefvecVectorStore()
    made.add([TextNode(id_="n", text="x", embedding=[1.0, 2.0])])
    return made


def test_documents_of_another_adapter_are_refused(theirs, store):
    opening = (
        lambda: RefvecVectorStore(path=theirs),
        lambda: RefvecVectorStore(path=theirs, mode="r"),
        lambda: RefvecVectorStore.from_persist_path(theirs),
        lambda: store.persist(theirs),
    )
    for make in opening:
        match = "documents of refvec-haystack, which refvec-llama-index does not read"
        with pytest.raises(ValueError, match=match) as caught:
            make()
        VectorStore(path=theirs).close()  # nobody has it open, though the error is still there
        assert caught.value


def test_servers_are_refused_before_anybody_is_asked(store, monkeypatch):
    address = "redis://127.0.0.1:1/lc"
    monkeypatch.setattr(VectorStore, "__new__", lambda *_, **__: pytest.fail("it was opened"))
    for use in (
        lambda: RefvecVectorStore(path=address),
        lambda: RefvecVectorStore.from_persist_path(address),
        lambda: store.persist(address),
    ):
        with pytest.raises(UnsupportedError, match="refvec-llama-index keeps documents in memory or in a dir"):
            use()


def test_a_store_that_is_closed_may_be_opened_again(tmp_path):
    store = RefvecVectorStore(path=tmp_path / "s")
    with pytest.raises(StoreLockedError):
        RefvecVectorStore(path=tmp_path / "s")
    store.close()
    with RefvecVectorStore(path=tmp_path / "s") as again:
        again.add([TextNode(id_="n", text="x", embedding=[1.0, 2.0])])
    assert again.client.closed


def test_vectors_without_documents_are_told_of(tmp_path):
    with VectorStore(path=tmp_path / "s") as store:
        store.add_vectors(["a", "b"], [[1, 2], [2, 3]])
    with pytest.warns(UserWarning, match="2 ids of this store have a vector and no document") as caught:
        store = RefvecVectorStore(path=tmp_path / "s")
    assert caught[0].filename == __file__
    assert store.get_nodes() == []
    store.close()
