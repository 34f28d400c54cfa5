"""The vector store: documents, and the vectors of their texts, under the same ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.runnables import run_in_executor
from langchain_core.vectorstores import VectorStore
from langchain_core.vectorstores.utils import maximal_marginal_relevance
from refvec import VectorStore as Store
from refvec.documents import Documents, Hit
from refvec.documentstore import Closing, closed_on_error
from refvec.metrics import Metric

from .arguments import (
    Filter,
    ids_of,
    numbered,
    require_embedding,
    require_filter,
    require_known,
)
from .relevance import relevance

_OWNER = "refvec-langchain"


class RefvecVectorStore(Closing, VectorStore):
    """A LangChain vector store that stores identical vectors once.

    With ``path=`` it is durable, texts and metadata included: what a call has
    added or deleted survives a crash when the call returns.

    Parameters
    ----------
    embedding : Embeddings
        Makes vectors of texts.
    store : refvec.VectorStore, optional
        Where all is kept; by default a new one.
    metric : {"cosine", "dot", "euclidean"}
        How near two vectors are; for the last, less is nearer.
    **options
        Of a new store, as ``path="corpus.refvec"`` or ``backend="rust"``.

    Raises
    ------
    refvec.UnsupportedError
        If the store keeps no texts: one in servers does not.
    """

    def __init__(
        self, embedding: Embeddings, *, store: Store | None = None, metric: Metric = "cosine", **options: Any
    ) -> None:
        require_embedding(embedding)
        self._embedding = embedding
        self._metric = metric
        self._score = relevance(metric)
        self._documents = Documents.opened(_OWNER, store, options)
        self.store = self._documents.store

    @property
    def embeddings(self) -> Embeddings:
        """What makes vectors of texts."""
        return self._embedding

    def close(self) -> None:
        """Close the store, so that another process, or another object, may write to it."""
        self.store.close()

    # Changing

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Embed texts and add them, or put them in the place of those with the same ids, all or nothing.

        Raises
        ------
        ValueError
            If there are more texts than ids, or less.
        """
        return super().add_texts(numbered(texts, ids), metadatas, ids=ids, **kwargs)

    async def aadd_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Do what `add_texts` does, without blocking the event loop."""
        return await super().aadd_texts(numbered(texts, ids), metadatas, ids=ids, **kwargs)

    def add_documents(
        self, documents: list[Document], ids: list[str] | None = None, **kwargs: Any
    ) -> list[str]:
        """Embed documents and add them, or put them in the place of those with the same ids, all or nothing.

        Parameters
        ----------
        documents : list of Document
            Those without an id get a new one. Metadata is what JSON can say.
        ids : list of str, optional
            In place of the documents' own.

        Returns
        -------
        list of str
            The ids. Of documents with the same id, the last one counts.
        """
        chosen = ids_of(documents, ids)
        vectors = self._embedding.embed_documents([one.page_content for one in documents])
        self._put(chosen, documents, vectors)
        return chosen

    async def aadd_documents(
        self, documents: list[Document], ids: list[str] | None = None, **kwargs: Any
    ) -> list[str]:
        """Do what `add_documents` does, without blocking the event loop."""
        chosen = ids_of(documents, ids)
        vectors = await self._embedding.aembed_documents([one.page_content for one in documents])
        await run_in_executor(None, self._put, chosen, documents, vectors)
        return chosen

    def _put(self, ids: list[str], documents: list[Document], vectors: list[list[float]]) -> None:
        if len(vectors) != len(ids):
            raise ValueError(f"The embedding made {len(vectors)} vectors of {len(ids)} texts")
        found = {
            one: {"text": it.page_content, "metadata": it.metadata}
            for one, it in zip(ids, documents, strict=True)
        }
        self._documents.put(found, dict(zip(ids, vectors, strict=True)))

    def delete(self, ids: Sequence[str] | None = None, **kwargs: Any) -> bool:
        """Delete documents; an id that is missing is no error. None deletes all."""
        require_known("delete", kwargs, "ids")
        if ids is None:
            self._documents.clear()
        else:
            self._documents.remove(ids)
        return True

    async def adelete(self, ids: Sequence[str] | None = None, **kwargs: Any) -> bool:
        """Do what `delete` does, without blocking the event loop."""
        return await run_in_executor(None, lambda: self.delete(ids, **kwargs))

    # Looking up

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Return those documents that are there, in the order of the ids, each once."""
        return [_document(one, found) for one, found in self._documents.get(ids).items()]

    async def aget_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Do what `get_by_ids` does, without blocking the event loop."""
        return await run_in_executor(None, self.get_by_ids, ids)

    # Searching

    def similarity_search_with_score_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        filter: Filter | None = None,  # noqa: A002 - LangChain's name
        **kwargs: Any,
    ) -> list[tuple[Document, float]]:
        """Return the k nearest documents that pass the filter, and their scores, best first."""
        require_known("The search", kwargs, "k", "filter")
        return [(_document(*hit[::2]), hit.score) for hit in self._hits(embedding, k, filter)]

    def _hits(self, embedding: list[float], k: int, wanted: Filter | None) -> list[Hit]:
        require_filter(wanted)
        keep = None if wanted is None else lambda one, found: wanted(_document(one, found))
        return self._documents.search(embedding, k, metric=self._metric, keep=keep)

    def similarity_search_with_score(
        self, query: str, k: int = 4, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Return the k documents nearest to a text, and their scores."""
        return self.similarity_search_with_score_by_vector(self._embedding.embed_query(query), k, **kwargs)

    async def asimilarity_search_with_score(
        self, query: str, k: int = 4, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Do what `similarity_search_with_score` does, without blocking the event loop."""
        vector = await self._embedding.aembed_query(query)
        return await run_in_executor(None, self.similarity_search_with_score_by_vector, vector, k, **kwargs)

    def similarity_search_by_vector(self, embedding: list[float], k: int = 4, **kwargs: Any) -> list[Document]:
        """Return the k documents nearest to a vector."""
        return [one for one, _ in self.similarity_search_with_score_by_vector(embedding, k, **kwargs)]

    def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """Return the k documents nearest to a text."""
        return [one for one, _ in self.similarity_search_with_score(query, k, **kwargs)]

    async def asimilarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """Do what `similarity_search` does, without blocking the event loop."""
        return [one for one, _ in await self.asimilarity_search_with_score(query, k, **kwargs)]

    def max_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        *,
        filter: Filter | None = None,  # noqa: A002 - LangChain's name
        **kwargs: Any,
    ) -> list[Document]:
        """Return k of the `fetch_k` documents nearest to a vector, those that repeat each other least."""
        require_known("The search", kwargs, "k", "fetch_k", "lambda_mult", "filter")
        hits = self._hits(embedding, fetch_k, filter)
        rows = [(hit, self.store.get_vector(hit.chunk_id)) for hit in hits]
        there = [(hit, row) for hit, row in rows if row is not None]  # others may have been deleted since
        chosen = maximal_marginal_relevance(
            np.array(embedding, np.float32), [row.tolist() for _, row in there], lambda_mult=lambda_mult, k=k
        )
        return [_document(*there[at][0][::2]) for at in chosen]

    def max_marginal_relevance_search(
        self, query: str, k: int = 4, fetch_k: int = 20, lambda_mult: float = 0.5, **kwargs: Any
    ) -> list[Document]:
        """Return k of the `fetch_k` documents nearest to a text, those that repeat each other least."""
        vector = self._embedding.embed_query(query)
        return self.max_marginal_relevance_search_by_vector(vector, k, fetch_k, lambda_mult, **kwargs)

    async def amax_marginal_relevance_search(
        self, query: str, k: int = 4, fetch_k: int = 20, lambda_mult: float = 0.5, **kwargs: Any
    ) -> list[Document]:
        """Do what `max_marginal_relevance_search` does, without blocking the event loop."""
        vector = await self._embedding.aembed_query(query)
        search = self.max_marginal_relevance_search_by_vector
        return await run_in_executor(None, search, vector, k, fetch_k, lambda_mult, **kwargs)

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        return self._score

    # Making

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> RefvecVectorStore:
        """Return a store with these texts; `kwargs` are the constructor's."""
        made = cls(embedding, **kwargs)
        with closed_on_error(made.store, kwargs.get("store")):
            made.add_texts(texts, metadatas, ids=ids)
        return made

    @classmethod
    async def afrom_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> RefvecVectorStore:
        """Do what `from_texts` does, without blocking the event loop."""
        made = await run_in_executor(None, lambda: cls(embedding, **kwargs))
        with closed_on_error(made.store, kwargs.get("store")):
            await made.aadd_texts(texts, metadatas, ids=ids)
        return made


def _document(chunk_id: str, found: dict[str, Any]) -> Document:
    return Document(id=chunk_id, page_content=found["text"], metadata=found["metadata"])
