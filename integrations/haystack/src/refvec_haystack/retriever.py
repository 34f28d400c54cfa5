"""The component that retrieves documents by the embedding of a query."""

from __future__ import annotations

from typing import Any

from haystack import Document, component, default_from_dict, default_to_dict
from haystack.document_stores.types import FilterPolicy
from haystack.document_stores.types.filter_policy import apply_filter_policy

from .document_store import RefvecDocumentStore


@component
class RefvecEmbeddingRetriever:
    """Retrieves the documents of a `RefvecDocumentStore` that are nearest to a query.

    Parameters
    ----------
    document_store : RefvecDocumentStore
        Where to search.
    filters : dict, optional
        Only documents that match.
    top_k : int
        The most documents.
    scale_score : bool
        Whether scores become numbers between 0 and 1.
    filter_policy : FilterPolicy or str
        Whether filters of a run replace these, or are merged with them.
    """

    def __init__(
        self,
        document_store: RefvecDocumentStore,
        filters: dict[str, Any] | None = None,
        top_k: int = 10,
        scale_score: bool = False,
        filter_policy: FilterPolicy | str = FilterPolicy.REPLACE,
    ) -> None:
        if not isinstance(document_store, RefvecDocumentStore):
            raise TypeError(
                f"document_store must be a RefvecDocumentStore, got {type(document_store).__name__}"
            )
        if top_k <= 0:
            raise ValueError(f"top_k must be greater than 0, got {top_k}")
        self.document_store = document_store
        self.filters = filters
        self.top_k = top_k
        self.scale_score = scale_score
        self.filter_policy = _policy(filter_policy)

    def to_dict(self) -> dict[str, Any]:
        """Return what makes the component again."""
        return default_to_dict(
            self,
            document_store=self.document_store.to_dict(),
            filters=self.filters,
            top_k=self.top_k,
            scale_score=self.scale_score,
            filter_policy=self.filter_policy.value,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> RefvecEmbeddingRetriever:
        """Return the component that `to_dict` was called on."""
        given = dict(data["init_parameters"])
        if isinstance(given["document_store"], dict):
            given["document_store"] = RefvecDocumentStore.from_dict(given["document_store"])
        found: RefvecEmbeddingRetriever = default_from_dict(cls, {**data, "init_parameters": given})
        return found

    @component.output_types(documents=list[Document])
    def run(
        self, query_embedding: list[float], filters: dict[str, Any] | None = None, top_k: int | None = None
    ) -> dict[str, list[Document]]:
        """Return the documents nearest to an embedding, as ``documents``."""
        found = self.document_store.embedding_retrieval(**self._asked(query_embedding, filters, top_k))
        return {"documents": found}

    @component.output_types(documents=list[Document])
    async def run_async(
        self, query_embedding: list[float], filters: dict[str, Any] | None = None, top_k: int | None = None
    ) -> dict[str, list[Document]]:
        """Do what `run` does, without blocking the event loop."""
        asked = self._asked(query_embedding, filters, top_k)
        return {"documents": await self.document_store.embedding_retrieval_async(**asked)}

    def _asked(
        self, query_embedding: list[float], filters: dict[str, Any] | None, top_k: int | None
    ) -> dict[str, Any]:
        return {
            "query_embedding": query_embedding,
            "filters": apply_filter_policy(self.filter_policy, self.filters, filters),
            "top_k": self.top_k if top_k is None else top_k,
            "scale_score": self.scale_score,
        }


def _policy(given: Any) -> FilterPolicy:
    """Return a policy, or that of a name, as Haystack's pipelines in YAML have it."""
    if isinstance(given, FilterPolicy):
        return given
    if isinstance(given, str):
        return FilterPolicy.from_str(given)
    raise TypeError(f"filter_policy must be a FilterPolicy or its name, got {type(given).__name__}")
