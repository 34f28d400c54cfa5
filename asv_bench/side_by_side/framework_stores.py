"""The stores of frameworks that are compared: each is filled and searched as its users do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from refvec.cli.demo.corpus import Corpus

EVERY = 10  # a filter lets every tenth document pass


class Store(Protocol):
    """What is measured."""

    def put(self, corpus: Corpus, start: int, stop: int) -> None:
        """Add a part of the corpus."""

    def search(self, query: list[float], k: int, *, filtered: bool) -> None:
        """Search for the nearest documents."""

    def close(self) -> None:
        """Let go of what is on the disk."""


class LangChain:
    """A vector store of LangChain; the texts' embeddings are looked up."""

    def __init__(self, path: Path | None, *, ours: bool) -> None:
        from langchain_core.embeddings import Embeddings
        from langchain_core.vectorstores import InMemoryVectorStore
        from refvec_langchain import RefvecVectorStore

        class Looked(Embeddings):
            part: Any = None

            def embed_documents(self, texts: list[str]) -> list[list[float]]:
                return self.part.tolist()

            def embed_query(self, text: str) -> list[float]:
                raise NotImplementedError

        self.model = Looked()
        self.store: Any = RefvecVectorStore(self.model, path=path) if ours else InMemoryVectorStore(self.model)

    def put(self, corpus: Corpus, start: int, stop: int) -> None:
        self.model.part = corpus.vectors[start:stop]
        metadata = [{"source": one, "n": start + at} for at, one in enumerate(corpus.sources[start:stop])]
        self.store.add_texts(corpus.texts[start:stop], metadata, ids=corpus.ids[start:stop])

    def search(self, query: list[float], k: int, *, filtered: bool) -> None:
        wanted = (lambda one: one.metadata["n"] % EVERY == 0) if filtered else None
        found = self.store.similarity_search_with_score_by_vector(query, k, filter=wanted)
        assert len(found) == k

    def close(self) -> None:
        _close(getattr(self.store, "store", None))


class Haystack:
    """A document store of Haystack."""

    def __init__(self, path: Path | None, *, ours: bool) -> None:
        from haystack.document_stores.in_memory import InMemoryDocumentStore
        from refvec_haystack import RefvecDocumentStore

        self.store: Any = (
            RefvecDocumentStore(path and str(path))
            if ours
            else InMemoryDocumentStore(embedding_similarity_function="cosine")
        )

    def put(self, corpus: Corpus, start: int, stop: int) -> None:
        from haystack import Document

        self.store.write_documents(
            [
                Document(
                    id=corpus.ids[at],
                    content=corpus.texts[at],
                    meta={"source": corpus.sources[at], "n": at % EVERY},
                    embedding=corpus.vectors[at].tolist(),
                )
                for at in range(start, min(stop, len(corpus.ids)))
            ]
        )

    def search(self, query: list[float], k: int, *, filtered: bool) -> None:
        wanted = {"field": "meta.n", "operator": "==", "value": 0} if filtered else None
        assert len(self.store.embedding_retrieval(query, wanted, k, return_embedding=False)) == k

    def close(self) -> None:
        _close(getattr(self.store, "store", None))


class LlamaIndex:
    """A vector store of LlamaIndex; its own keeps no texts."""

    def __init__(self, path: Path | None, *, ours: bool) -> None:
        from llama_index.core.vector_stores import SimpleVectorStore
        from refvec_llama_index import RefvecVectorStore

        self.store: Any = RefvecVectorStore(path=path) if ours else SimpleVectorStore()

    def put(self, corpus: Corpus, start: int, stop: int) -> None:
        from llama_index.core.schema import TextNode

        self.store.add(
            [
                TextNode(
                    id_=corpus.ids[at],
                    text=corpus.texts[at],
                    metadata={"source": corpus.sources[at], "n": at % EVERY},
                    embedding=corpus.vectors[at].tolist(),
                )
                for at in range(start, min(stop, len(corpus.ids)))
            ]
        )

    def search(self, query: list[float], k: int, *, filtered: bool) -> None:
        from llama_index.core.vector_stores.types import MetadataFilter, MetadataFilters, VectorStoreQuery

        wanted = MetadataFilters(filters=[MetadataFilter(key="n", value=0)]) if filtered else None
        asked = VectorStoreQuery(query_embedding=query, similarity_top_k=k, filters=wanted)
        assert len(self.store.query(asked).ids) == k

    def close(self) -> None:
        _close(self.store.client)


def _close(store: Any) -> None:
    if hasattr(store, "close"):
        store.close()


def _kinds(name: str, kind: Callable[..., Store], own: str) -> dict[str, Callable[[Path], Store]]:
    return {
        f"{name}, {own}": lambda _: kind(None, ours=False),
        f"{name}, refvec": lambda _: kind(None, ours=True),
        f"{name}, refvec with a path": lambda path: kind(path, ours=True),
    }


STORES: dict[str, Callable[[Path], Store]] = {
    **_kinds("LangChain", LangChain, "InMemoryVectorStore"),
    **_kinds("Haystack", Haystack, "InMemoryDocumentStore"),
    **_kinds("LlamaIndex", LlamaIndex, "SimpleVectorStore"),
}
