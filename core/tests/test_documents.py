"""JSON objects and vectors under the same ids: what the adapters for frameworks share."""

import pytest
from refvec import DuplicateIdError, VectorStore
from refvec.documents import Documents, Hit

FEW = {"a": {"n": 1}, "b": {"n": 2}, "c": {"n": 3}}
ROWS = {"a": [1, 0], "b": [1, 0]}


@pytest.fixture
def documents():
    with VectorStore(2, backend="numpy") as store:
        found = Documents(store)
        found.put(FEW, ROWS)
        yield found


def test_a_document_may_be_without_a_vector(documents):
    assert documents.get(["c", "z", "a"]) == {"c": {"n": 3}, "a": {"n": 1}}
    assert (len(documents), dict(documents.items()), documents.store.ids()) == (3, FEW, ["a", "b"])
    documents.put({"a": {}}, {})
    assert (documents.get(["a"]), documents.store.ids()) == ({"a": {}}, ["b"])


def test_removing_takes_both(documents):
    assert documents.remove(["a", "c", "z"]) == 2
    assert ("a" in documents, "b" in documents, documents.store.ids()) == (False, True, ["b"])
    documents.clear()
    assert (len(documents), len(documents.store)) == (0, 0)


def test_those_that_are_there_may_be_skipped_or_refused(documents):
    new = {"a": {"n": 9}, "d": {}}
    with pytest.raises(DuplicateIdError, match="'a' already"):
        documents.put(new, {"d": [1, 1]}, present="refuse")
    assert (dict(documents.items()), documents.store.ids()) == (FEW, ["a", "b"])
    assert documents.put(new, {"d": [1, 1]}, present="skip") == ["d"]
    assert (documents.get(["a", "d"]), documents.store.ids()) == ({"a": {"n": 1}, "d": {}}, ["a", "b", "d"])


def test_documents_are_amended_and_keep_their_vectors(documents):
    assert documents.amend(lambda _, found: found["n"] > 1, lambda found: {**found, "x": 0}) == 2
    assert dict(documents.items()) == {"a": {"n": 1}, "b": {"n": 2, "x": 0}, "c": {"n": 3, "x": 0}}
    with pytest.raises(TypeError, match="cannot be stored"):
        documents.amend(None, lambda found: {**found, "y": object()})
    assert documents.store.ids() == ["a", "b"]
    assert "y" not in documents.get(["a"])["a"]


def test_a_vector_that_does_not_fit_changes_nothing(documents):
    with pytest.raises(ValueError, match="expected 2, got 3"):
        documents.put({"a": {"n": 9}, "d": {}}, {"a": [1, 2], "d": [1, 2, 3]})
    assert (dict(documents.items()), documents.store.ids()) == (FEW, ["a", "b"])


@pytest.mark.parametrize("value", [{1, 2}, {7: 1}, [{None: 1}], b"bytes", float])
def test_what_json_cannot_say(documents, value):
    with pytest.raises(TypeError, match="'x' cannot be stored"):
        documents.put({"d": {}, "x": {"value": value}}, {})
    assert dict(documents.items()) == FEW


def test_a_document_that_contains_itself(documents):
    endless = {}
    endless["more"] = endless
    with pytest.raises(ValueError, match="'x' cannot be stored"):
        documents.put({"x": endless}, {})


@pytest.mark.parametrize("value", ["\ud800", "🦀", float("inf"), 2**70, None, True, {"": []}])
def test_what_json_says_comes_back(documents, value):
    documents.put({"x": {"value": value}}, {})
    assert documents.get(["x"]) == {"x": {"value": value}}


def test_each_document_is_a_hit_of_its_own(documents):
    documents.store.add_vector("no document", [1, 0])
    found = documents.search([1, 0], 10)
    assert found == [Hit("a", 1.0, {"n": 1}), Hit("b", 1.0, {"n": 2})]
    assert documents.search([1, 0], 1) == found[:1]
    assert documents.search([1, 0], 9, keep=lambda _, document: document["n"] == 2) == found[1:]


def test_a_search_goes_on_until_enough_are_found():
    with VectorStore(2, backend="numpy") as store:
        documents = Documents(store)
        ids = [f"{number}" for number in range(300)]
        rows = [[1, number // 2] for number in range(300)]  # each vector has two documents
        documents.put({one: {"n": int(one)} for one in ids}, dict(zip(ids, rows, strict=True)))
        found = documents.search([1, 0], 3, keep=lambda _, document: document["n"] % 50 == 49)
        assert [hit.document["n"] for hit in found] == [49, 99, 149]
        assert len(documents.search([1, 0], 3, keep=lambda *_: False)) == 0


def test_an_empty_store_finds_nothing():
    with VectorStore(backend="numpy") as store:
        assert Documents(store).search([1, 2, 3], 4) == []


def test_what_was_acknowledged_is_flushed(tmp_path):
    store = VectorStore(2, path=tmp_path / "s", backend="numpy")
    documents = Documents(store)
    documents.put(FEW, ROWS)
    documents.remove(["a"])
    with VectorStore(path=tmp_path / "s", mode="r", backend="numpy") as reader:
        assert dict(Documents(reader).items()) == {"b": {"n": 2}, "c": {"n": 3}}
        assert reader.ids() == ["b"]
    store.close()
