"""All of Haystack's own suites, on stores in memory and in a directory."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from haystack import Document
from haystack.document_stores.errors import DuplicateDocumentError
from haystack.document_stores.types import DuplicatePolicy
from haystack.testing import document_store as sync
from haystack.testing import document_store_async as asynchronous
from refvec_haystack import RefvecDocumentStore


def as_float32(document: Document) -> Document:
    if document.embedding is None:
        return document
    return replace(document, embedding=np.array(document.embedding, np.float32).tolist())


class Common:
    @pytest.fixture(params=["memory", "path"])
    def document_store(self, request, tmp_path) -> Iterator[RefvecDocumentStore]:
        made = RefvecDocumentStore(str(tmp_path / "store") if request.param == "path" else None)
        yield made
        made.close()

    @staticmethod
    def assert_documents_are_equal(received: list[Document], expected: list[Document]) -> None:
        # The suite's own, but for the precision in which embeddings are kept; the order is free there, too.
        found = sorted(received, key=lambda one: one.id)
        assert found == sorted(map(as_float32, expected), key=lambda one: one.id)

    def test_write_documents(self, document_store: RefvecDocumentStore) -> None:
        # The suite leaves to each store what the default policy is; here it refuses, as Haystack's own does.
        document = Document(content="test doc")
        assert document_store.write_documents([document]) == 1
        with pytest.raises(DuplicateDocumentError):
            document_store.write_documents(documents=[document], policy=DuplicatePolicy.NONE)
        self.assert_documents_are_equal(document_store.filter_documents(), [document])


class TestDocumentStore(
    Common,
    sync.DocumentStoreBaseExtendedTests,
    sync.CountDocumentsByFilterTest,
    sync.CountUniqueMetadataByFilterTest,
    sync.GetMetadataFieldsInfoTest,
    sync.GetMetadataFieldMinMaxTest,
    sync.GetMetadataFieldUniqueValuesTest,
):
    pass


class TestDocumentStoreAsync(
    Common,
    asynchronous.CountDocumentsAsyncTest,
    asynchronous.CountDocumentsByFilterAsyncTest,
    asynchronous.CountUniqueMetadataByFilterAsyncTest,
    asynchronous.DeleteAllAsyncTest,
    asynchronous.DeleteByFilterAsyncTest,
    asynchronous.DeleteDocumentsAsyncTest,
    asynchronous.FilterDocumentsAsyncTest,
    asynchronous.GetMetadataFieldsInfoAsyncTest,
    asynchronous.GetMetadataFieldMinMaxAsyncTest,
    asynchronous.GetMetadataFieldUniqueValuesAsyncTest,
    asynchronous.UpdateByFilterAsyncTest,
    asynchronous.WriteDocumentsAsyncTest,
):
    async def test_write_documents_async(self, document_store: RefvecDocumentStore) -> None:
        document = Document(content="test doc")
        assert await document_store.write_documents_async([document]) == 1
        with pytest.raises(DuplicateDocumentError):
            await document_store.write_documents_async([document])
