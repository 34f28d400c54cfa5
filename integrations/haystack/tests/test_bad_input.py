"""What cannot be done leaves nothing half done: contents, metadata and embeddings are as they were."""

import pytest
from haystack import Document
from haystack.document_stores.types import DuplicatePolicy
from refvec import VectorStore
from refvec_haystack import RefvecDocumentStore

OVERWRITE = DuplicatePolicy.OVERWRITE
ROW = [1.0, 2.0]


def seen(store):
    """Return all that a store holds."""
    return store.ids(), store.get_vectors(store.ids()).tobytes(), sorted(store.payloads.items())


@pytest.fixture(params=["memory", "disk"])
def store(request, tmp_path):
    made = RefvecDocumentStore(str(tmp_path / "corpus") if request.param == "disk" else None)
    made.write_documents(
        [
            Document(id="a", content="a", meta={"n": 1}, embedding=ROW),
            Document(id="b", content="b", meta={"n": "text"}, embedding=[3.0, 4.0]),
        ]
    )
    return made


def over(value):
    return {"field": "meta.n", "operator": ">", "value": value}


def changed(*others):
    return [Document(id="a", content="changed", embedding=[7.0, 7.0]), *others]


BAD = {
    "metadata": lambda store: store.write_documents(
        changed(Document(id="bad", meta={"x": object()}, embedding=ROW)), OVERWRITE
    ),
    "metadata with a key that is no text": lambda store: store.write_documents(
        changed(Document(id="bad", meta={7: "x"}, embedding=ROW)), OVERWRITE
    ),
    "dimension": lambda store: store.write_documents(changed(Document(id="bad", embedding=[1.0])), OVERWRITE),
    "embedding that holds None": lambda store: store.write_documents(
        changed(Document(id="bad", embedding=[1.0, None])), OVERWRITE
    ),
    "id": lambda store: store.write_documents(changed(Document(id="\ud800", embedding=ROW)), OVERWRITE),
    "no document": lambda store: store.write_documents(changed("text"), OVERWRITE),
    "present": lambda store: store.write_documents([Document(id="new", embedding=ROW), *changed()]),
    "twice": lambda store: store.write_documents([Document(id="new"), Document(id="new")]),
    "filter that raises": lambda store: store.filter_documents(over([1])),
    "filter of a retrieval": lambda store: store.embedding_retrieval(ROW, over([1])),
    "filter of a deletion": lambda store: store.delete_by_filter(over([1])),
    "filter of an update": lambda store: store.update_by_filter(over([1]), {"x": 1}),
    "filter that raises at the second": lambda store: store.update_by_filter(over(0), {"x": 1}),
    "filter that raises at the second, of a deletion": lambda store: store.delete_by_filter(over(0)),
    "no filter": lambda store: store.delete_by_filter({"operator": "AND"}),
    "update": lambda store: store.update_by_filter({"field": "id", "operator": "==", "value": "a"}, {"x": {1}}),
    "query of another dimension": lambda store: store.embedding_retrieval([1.0]),
    "delete": lambda store: store.delete_documents(["a", 7]),
}


@pytest.mark.parametrize("call", BAD.values(), ids=BAD)
def test_nothing_is_half_done(store, tmp_path, call):
    before = seen(store.store)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of Haystack's own kinds
        call(store)
    assert not isinstance(caught.value, AssertionError)
    assert seen(store.store) == before
    if (tmp_path / "corpus").exists():
        with VectorStore(path=tmp_path / "corpus", mode="r") as reader:
            reader.verify()
            assert seen(reader) == before
