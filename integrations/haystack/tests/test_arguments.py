"""What is passed by mistake: it is said what was wrong, and nothing has changed."""

import asyncio

import pytest
from haystack import Document
from haystack.document_stores.types import DuplicatePolicy, FilterPolicy
from refvec_haystack import RefvecDocumentStore, RefvecEmbeddingRetriever

SINGLE = "got a single str; put it in a list"
OVERWRITE = DuplicatePolicy.OVERWRITE


@pytest.fixture
def store():
    made = RefvecDocumentStore()
    made.write_documents([Document(id="1", embedding=[1.0, 2.0]), Document(id="2", meta={"n": 2})])
    return made


MISTAKES = {
    "one id": (lambda store: store.delete_documents("12"), SINGLE),
    "one id, async": (lambda store: asyncio.run(store.delete_documents_async("12")), SINGLE),
    "no ids": (lambda store: store.delete_documents(None), "must be an iterable of ids, got NoneType"),
    "one field": (lambda store: store.count_unique_metadata_by_filter({}, "n"), SINGLE),
    "a policy's name": (
        lambda store: store.write_documents([Document(id="3")], policy="skip"),
        "policy must be one of DuplicatePolicy.NONE, .*DuplicatePolicy.FAIL, got 'skip'",
    ),
    "no policy": (lambda store: store.write_documents([], policy=None), "policy must be one of .* got None"),
}


@pytest.mark.parametrize(("call", "match"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_and_changes_nothing(store, call, match):
    with pytest.raises(TypeError, match=match):
        call(store)
    assert sorted(one.id for one in store.filter_documents()) == ["1", "2"]


@pytest.mark.parametrize("others", [[], [Document(id="none"), Document(id="ok", embedding=[3.0, 4.0])]])
def test_an_embedding_that_cannot_be_stored_names_its_document(store, others):
    for policy in (DuplicatePolicy.FAIL, OVERWRITE):
        with pytest.raises(ValueError, match=r"document 'bad' cannot be stored: .*expected 2, got 1$"):
            store.write_documents([*others, Document(id="bad", embedding=[1.0])], policy)
    assert store.count_documents() == 2


def test_the_policy_of_filters_may_be_a_name(store):
    found = RefvecEmbeddingRetriever(store, filter_policy="merge")
    assert found.filter_policy is FilterPolicy.MERGE
    assert found.to_dict()["init_parameters"]["filter_policy"] == "merge"
    with pytest.raises(ValueError, match="Unknown FilterPolicy type 'x'"):
        RefvecEmbeddingRetriever(store, filter_policy="x")
    with pytest.raises(TypeError, match="filter_policy must be a FilterPolicy or its name, got NoneType"):
        RefvecEmbeddingRetriever(store, filter_policy=None)


def test_no_hits_are_asked_for(store):
    assert store.embedding_retrieval([1.0, 2.0], top_k=0) == []
    with pytest.raises(ValueError, match="k must be at least 1, got -1"):
        store.embedding_retrieval([1.0, 2.0], top_k=-1)
