"""All of LangChain's own suites, on stores in memory and in a directory."""

from collections.abc import Iterator

import pytest
from langchain_tests.integration_tests import (
    BaseStoreAsyncTests,
    BaseStoreSyncTests,
    VectorStoreIntegrationTests,
)
from refvec_langchain import RefvecEmbeddingStore, RefvecVectorStore

VALUES = ([1.0, 2.0, -0.5], [0.25, 0.0, 1e10], [1.0, 2.0, -0.5])


class InMemory:
    @pytest.fixture
    def where(self) -> dict[str, object]:
        return {}


class InDirectory:
    @pytest.fixture
    def where(self, tmp_path) -> dict[str, object]:
        return {"path": tmp_path / "store"}


class VectorStoreSuite(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, where) -> Iterator[RefvecVectorStore]:
        made = RefvecVectorStore(self.get_embeddings(), **where)
        yield made
        made.store.close()


class TestVectorStore(InMemory, VectorStoreSuite):
    pass


class TestDurableVectorStore(InDirectory, VectorStoreSuite):
    pass


class EmbeddingStoreSuite:
    @pytest.fixture
    def kv_store(self, where) -> Iterator[RefvecEmbeddingStore]:
        made = RefvecEmbeddingStore(**where)
        yield made
        made.store.close()

    @pytest.fixture
    def three_values(self) -> tuple[list[float], list[float], list[float]]:
        return VALUES


class TestEmbeddingStore(InMemory, EmbeddingStoreSuite, BaseStoreSyncTests[list[float]]):
    pass


class TestDurableEmbeddingStore(InDirectory, EmbeddingStoreSuite, BaseStoreSyncTests[list[float]]):
    pass


class TestEmbeddingStoreAsync(InMemory, EmbeddingStoreSuite, BaseStoreAsyncTests[list[float]]):
    pass


class TestDurableEmbeddingStoreAsync(InDirectory, EmbeddingStoreSuite, BaseStoreAsyncTests[list[float]]):
    pass
