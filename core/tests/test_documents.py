"""JSON objects and vectors under the same ids: what the adapters for frameworks share."""

import json

import pytest
from refvec import DuplicateIdError, UnsupportedError, VectorStore
from refvec.documents import Documents, Hit
from refvec.documentstore import opened
from refvec.opening import OpenSpec
from refvec.payloads import require_kept
from refvec.primitives import Primitives

FEW = {"a": {"n": 1}, "b": {"n": 2}, "c": {"n": 3}}
ROWS = {"a": [1, 0], "b": [1, 0]}


@pytest.fixture
def documents():
    with VectorStore(2, backend="numpy") as store:
        found = Documents(store, "ours")
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
        documents = Documents(store, "ours")
        ids = [f"{number}" for number in range(300)]
        rows = [[1, number // 2] for number in range(300)]  # each vector has two documents
        documents.put({one: {"n": int(one)} for one in ids}, dict(zip(ids, rows, strict=True)))
        found = documents.search([1, 0], 3, keep=lambda _, document: document["n"] % 50 == 49)
        assert [hit.document["n"] for hit in found] == [49, 99, 149]
        assert len(documents.search([1, 0], 3, keep=lambda *_: False)) == 0


def test_an_empty_store_finds_nothing():
    with VectorStore(backend="numpy") as store:
        assert Documents(store, "ours").search([1, 2, 3], 4) == []


def test_what_was_acknowledged_is_flushed(tmp_path):
    store = VectorStore(2, path=tmp_path / "s", backend="numpy")
    documents = Documents(store, "ours")
    documents.put(FEW, ROWS)
    documents.remove(["a"])
    with VectorStore(path=tmp_path / "s", mode="r", backend="numpy") as reader:
        assert dict(Documents(reader, "ours").items()) == {"b": {"n": 2}, "c": {"n": 3}}
        assert reader.ids() == ["b"]
    store.close()


@pytest.fixture(params=[None, "s"], ids=["memory", "path"])
def store(request, tmp_path):
    path = request.param and tmp_path / request.param
    with VectorStore(2, path=path, backend="numpy") as found:
        yield found


def test_documents_of_another_owner_are_refused_and_both_are_named(store):
    early = Documents(store, "theirs")
    Documents(store, "ours").put(FEW, ROWS)
    uses = [lambda: Documents(store, "theirs"), lambda: early.get(["a"]), lambda: list(early.items())]
    uses += [lambda: early.search([1, 0], 1), lambda: early.amend(None, dict)]
    for use in uses:
        with pytest.raises(ValueError, match="holds documents of ours, which theirs does not read"):
            use()
    assert dict(Documents(store, "ours").items()) == FEW
    early.clear()
    Documents(store, "theirs").put(FEW, ROWS)  # a store without documents is anybody's


@pytest.mark.parametrize(
    "content", [b"text", b"\xff", b"7", b"{}", b'{"a": 1}', b'{"n": {}, "m": {}}', b'{"ours": 1}']
)
def test_payloads_that_are_no_documents_are_refused(store, content):
    store.payloads.put({"a": content})
    for _ in range(2):
        with pytest.raises(ValueError, match="holds payloads that no adapter wrote, which ours does not read"):
            Documents(store, "ours")
        store.flush()
    assert store.payloads.get(["a"]) == [content]


def test_whose_a_document_is_lies_in_its_payload(documents):
    assert json.loads(documents.store.payloads.get(["a"])[0]) == {"ours": {"n": 1}}


def test_a_damaged_document_is_nobodys_and_opens(tmp_path):
    with VectorStore(2, path=tmp_path / "s", backend="numpy") as store:
        Documents(store, "ours").put({"a": {"text": "some text"}}, {})
    catalog = tmp_path / "s" / "catalog.sqlite"
    content = catalog.read_bytes()
    assert content.count(b"some text") == 1
    catalog.write_bytes(content.replace(b"some text", b"other txt"))
    with VectorStore(2, path=tmp_path / "s", backend="numpy") as store:
        documents = Documents(store, "ours")
        with pytest.raises(ValueError, match="differs from its checksum"):
            documents.get(["a"])


def test_a_single_text_is_not_taken_by_its_characters(documents):
    documents.put({"1": {}, "2": {}}, {})
    for use in (documents.remove, documents.get):
        with pytest.raises(TypeError, match="got a single str; put it in a list"):
            use("12")
        with pytest.raises(TypeError, match="must be an iterable of ids, got NoneType"):
            use(None)
    assert len(documents) == 5


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        ({"c": [1, 2], "b": [1]}, "document 'b' cannot be stored: .* expected 2, got 1$"),
        ({"b": [1]}, "document 'b' cannot be stored: .* expected 2, got 1$"),
        ({"b": [[1, 2]]}, "document 'b' cannot be stored"),
        ({"a": [1, 2], "c": [1, None]}, "document 'c' cannot be stored"),
        ({"a": [1, 2], "c": [1, 1e300]}, "document 'c' cannot be stored"),
        ({"a": [1, 2], "b": "text"}, "document 'b' cannot be stored"),
    ],
)
def test_a_vector_that_cannot_be_stored_names_its_document(documents, rows, match):
    with pytest.raises((TypeError, ValueError), match=match) as caught:
        documents.put(FEW, rows)
    assert caught.value.chunk_id in rows
    assert (dict(documents.items()), documents.store.ids()) == (FEW, ["a", "b"])


def test_the_first_vectors_of_all_may_differ_in_length():
    with VectorStore(backend="numpy") as store, pytest.raises(ValueError, match=r"'b' .* expected 2, got 1"):
        Documents(store, "ours").put(FEW, {"a": [1, 2], "b": [1]})


def test_nothing_is_asked_for_and_found(documents):
    assert documents.search([1, 0], 0) == []
    with pytest.raises(ValueError, match="k must be at least 1, got -1"):
        documents.search([1, 0], -1)


def test_vectors_without_documents_are_told_of(store):
    store.add_vectors(["x", "y"], [[1, 2], [1, 2]])
    with pytest.warns(UserWarning, match="2 ids of this store have a vector and no document") as caught:
        documents = Documents(store, "ours")
    assert len(caught) == 1
    documents.put({"x": {}, "y": {}}, {"x": [1, 2], "y": [1, 2]})
    Documents(store, "ours")  # a warning would raise


@pytest.mark.parametrize("name", ["path", "mmap_path"])
def test_an_address_is_refused_before_anything_is_opened(name, monkeypatch):
    monkeypatch.setattr(VectorStore, "__new__", lambda *_, **__: pytest.fail("it was opened"))
    address = "redis://user:secret@127.0.0.1:1/lc"
    with pytest.raises(UnsupportedError, match=r"ours keeps documents .* servers keep none") as caught:
        opened("ours", None, {name: address, "use_mmap": name == "mmap_path"})
    assert "secret" not in str(caught.value)


def test_a_backend_that_keeps_its_files_itself_is_refused_before_it_makes_any(tmp_path, monkeypatch):
    monkeypatch.setattr(type(VectorStore(backend="numpy")), "_changes", Primitives._changes)
    with pytest.raises(UnsupportedError, match="keeps no payloads"):
        opened("ours", None, {"path": tmp_path / "s", "backend": "numpy"})
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_is_opened_for_documents_is_the_one_that_was_asked_for(tmp_path):
    with opened("ours", None, {"path": tmp_path / "s", "dimension": 3, "backend": "python"}) as store:
        assert (store.backend, store.dimension, (tmp_path / "s").is_dir()) == ("python", 3, True)
    require_kept(store, OpenSpec())


def test_what_is_no_store_and_options_beside_one():
    with pytest.raises(
        TypeError, match=r"store must be a refvec\.VectorStore, got str; a directory is given as path="
    ):
        opened("ours", "li.refvec", {})
    with pytest.raises(ValueError, match="leave mode, path out"):
        opened("ours", VectorStore(backend="numpy"), {"path": "x", "mode": "r"})
