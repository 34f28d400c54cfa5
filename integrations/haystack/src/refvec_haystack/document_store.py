"""The document store: documents, and their embeddings as vectors, under the same ids."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from typing import Any

from haystack import Document, default_from_dict, default_to_dict
from haystack.document_stores.errors import DuplicateDocumentError
from haystack.document_stores.types import DuplicatePolicy
from refvec import DuplicateIdError
from refvec.documents import Documents, Hit, Present
from refvec.documentstore import Closing
from refvec.metrics import METRICS, Metric, is_distance

from . import metadata
from .content import as_document, as_stored, distinct, keeping, require_documents, require_policy

_OWNER = "refvec-haystack"
_PRESENT: dict[DuplicatePolicy, Present] = {
    DuplicatePolicy.NONE: "refuse",
    DuplicatePolicy.FAIL: "refuse",
    DuplicatePolicy.SKIP: "skip",
    DuplicatePolicy.OVERWRITE: "replace",
}
Filters = dict[str, Any] | None


class RefvecDocumentStore(Closing):
    """A Haystack document store in which identical embeddings are stored once.

    With ``path`` it is durable, contents and metadata included: what a call has
    written or deleted survives a crash when the call returns.

    Parameters
    ----------
    path : str, optional
        The directory of a durable store; None keeps it in memory.
    metric : {"cosine", "dot", "euclidean"}
        How near two embeddings are.
    return_embedding : bool
        Whether documents come back with their embeddings, as float32.
    **options
        Of `refvec.VectorStore`, as ``backend="rust"``.
    """

    def __init__(
        self,
        path: str | None = None,
        *,
        metric: Metric = "cosine",
        return_embedding: bool = True,
        **options: Any,
    ) -> None:
        if metric not in METRICS:
            raise ValueError(f"metric must be one of {', '.join(map(repr, METRICS))}, got {metric!r:.40}")
        self._init = {"path": path, "metric": metric, "return_embedding": return_embedding, **options}
        self._metric, self._return_embedding = metric, return_embedding
        self._documents = Documents.opened(_OWNER, None, {"path": path, **options})
        self.store = self._documents.store

    def to_dict(self) -> dict[str, Any]:
        """Return what makes the store again; a durable one then has its documents."""
        return default_to_dict(self, **self._init)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> RefvecDocumentStore:
        """Return the store that `to_dict` was called on, or one like it."""
        found: RefvecDocumentStore = default_from_dict(cls, data)
        return found

    def close(self) -> None:
        """Close the store, so that another process, or another object, may write to it."""
        self.store.close()

    # Documents

    def count_documents(self) -> int:
        """Return how many documents there are."""
        return len(self._documents)

    def write_documents(self, documents: list[Document], policy: DuplicatePolicy = DuplicatePolicy.NONE) -> int:
        """Write documents, all or nothing; return how many were written.

        Parameters
        ----------
        documents : list of Document
            With embeddings of one dimension, or without.
        policy : DuplicatePolicy
            What becomes of an id that is there, or was in the list before: SKIP, OVERWRITE,
            or FAIL, which is also the meaning of NONE.

        Raises
        ------
        DuplicateDocumentError
            If the policy is FAIL; nothing was written.
        TypeError, ValueError
            For what cannot be stored; nothing was written.
        """
        require_policy(policy)
        given = require_documents(documents)
        chosen = distinct(given, policy)
        vectors = {one: it.embedding for one, it in chosen.items() if it.embedding is not None}
        stored = {one: as_stored(it) for one, it in chosen.items()}
        try:
            written = self._documents.put(stored, vectors, present=_PRESENT[policy])
        except DuplicateIdError as error:
            raise DuplicateDocumentError(f"ID '{error.chunk_id}' already exists; nothing was written") from None
        return len(given) if policy == DuplicatePolicy.OVERWRITE else len(written)

    def filter_documents(self, filters: Filters = None) -> list[Document]:
        """Return the documents that match the filters."""
        found = [as_document(one, stored) for one, stored in self._matching(filters)]
        return self._embedded(found) if self._return_embedding else found

    def _matching(self, filters: Filters) -> list[tuple[str, dict[str, Any]]]:
        keep = keeping(filters)
        return [pair for pair in self._documents.items() if keep is None or keep(*pair)]

    def _embedded(self, documents: list[Document]) -> list[Document]:
        vectors = {one.id: self.store.get_vector(one.id) for one in documents}
        return [
            one if (vector := vectors[one.id]) is None else replace(one, embedding=vector.tolist())
            for one in documents
        ]

    def delete_documents(self, document_ids: list[str]) -> None:
        """Delete documents; an id that is missing is no error."""
        self._documents.remove(document_ids)

    def delete_all_documents(self) -> None:
        """Delete all documents."""
        self._documents.clear()

    def delete_by_filter(self, filters: dict[str, Any]) -> int:
        """Delete the documents that match the filters; return how many."""
        return self._documents.remove([one for one, _ in self._matching(filters)])

    def update_by_filter(self, filters: dict[str, Any], meta: dict[str, Any]) -> int:
        """Merge `meta` into the metadata of all documents that match the filters; return how many."""
        return self._documents.amend(
            keeping(filters), lambda stored: {**stored, "meta": {**stored["meta"], **meta}}
        )

    # Metadata

    def count_documents_by_filter(self, filters: dict[str, Any]) -> int:
        """Return how many documents match the filters."""
        return len(self._matching(filters))

    def count_unique_metadata_by_filter(
        self, filters: dict[str, Any], metadata_fields: list[str]
    ) -> dict[str, int]:
        """Return how many values each field has, among the documents that match the filters."""
        metadata.require_fields(metadata_fields)
        found = self._plain(filters)
        counted = {one: metadata.distinct(metadata.values_of(found, one)) for one in metadata_fields}
        return {metadata.key_of(one): len(values) for one, values in counted.items()}

    def get_metadata_fields_info(self) -> dict[str, dict[str, str]]:
        """Return the type of every field of the metadata."""
        return metadata.kinds(self._plain(None))

    def get_metadata_field_min_max(self, metadata_field: str) -> dict[str, Any]:
        """Return the least and the greatest value of a field."""
        return metadata.extremes(metadata.values_of(self._plain(None), metadata_field))

    def get_metadata_field_unique_values(
        self,
        metadata_field: str,
        search_term: str | None = None,
        from_: int = 0,
        size: int = 10,
        filters: Filters = None,
    ) -> tuple[list[Any], int]:
        """Return some of the values of a field, sorted, and how many there are; those with a term."""
        values = metadata.distinct(metadata.values_of(self._plain(filters), metadata_field))
        term = (search_term or "").lower()
        found = [value for value in values if term in str(value).lower()]
        return found[from_ : from_ + size], len(found)

    def _plain(self, filters: Filters) -> list[Document]:
        return [as_document(*pair) for pair in self._matching(filters)]

    # Searching

    def embedding_retrieval(
        self,
        query_embedding: list[float],
        filters: Filters = None,
        top_k: int = 10,
        scale_score: bool = False,
        return_embedding: bool | None = None,
    ) -> list[Document]:
        """Return the documents nearest to an embedding, with their scores, best first.

        Parameters
        ----------
        query_embedding : list of float
            The query.
        filters : dict, optional
            Only documents that match.
        top_k : int
            The most documents; 0 finds none.
        scale_score : bool
            Whether scores become numbers between 0 and 1, 1 for what is nearest.
        return_embedding : bool, optional
            As the constructor's.
        """
        keep = keeping(filters)
        hits = self._documents.search(query_embedding, top_k, metric=self._metric, keep=keep)
        found = [as_document(hit.chunk_id, hit.document, score=self._score(hit, scale_score)) for hit in hits]
        wanted = self._return_embedding if return_embedding is None else return_embedding
        return self._embedded(found) if wanted else found

    def _score(self, hit: Hit, scale: bool) -> float:
        if not scale:
            return hit.score
        if self._metric == "cosine":
            return (hit.score + 1) / 2
        # Of dot products, as Haystack's own store has it.
        return 1 / (1 + hit.score) if is_distance(self._metric) else 1 / (1 + math.exp(-hit.score / 100))

    # Without blocking the event loop

    async def count_documents_async(self) -> int:
        """Do what `count_documents` does."""
        return await asyncio.to_thread(self.count_documents)

    async def write_documents_async(
        self, documents: list[Document], policy: DuplicatePolicy = DuplicatePolicy.NONE
    ) -> int:
        """Do what `write_documents` does."""
        return await asyncio.to_thread(self.write_documents, documents, policy)

    async def filter_documents_async(self, filters: Filters = None) -> list[Document]:
        """Do what `filter_documents` does."""
        return await asyncio.to_thread(self.filter_documents, filters)

    async def delete_documents_async(self, document_ids: list[str]) -> None:
        """Do what `delete_documents` does."""
        await asyncio.to_thread(self.delete_documents, document_ids)

    async def delete_all_documents_async(self) -> None:
        """Do what `delete_all_documents` does."""
        await asyncio.to_thread(self.delete_all_documents)

    async def delete_by_filter_async(self, filters: dict[str, Any]) -> int:
        """Do what `delete_by_filter` does."""
        return await asyncio.to_thread(self.delete_by_filter, filters)

    async def update_by_filter_async(self, filters: dict[str, Any], meta: dict[str, Any]) -> int:
        """Do what `update_by_filter` does."""
        return await asyncio.to_thread(self.update_by_filter, filters, meta)

    async def count_documents_by_filter_async(self, filters: dict[str, Any]) -> int:
        """Do what `count_documents_by_filter` does."""
        return await asyncio.to_thread(self.count_documents_by_filter, filters)

    async def count_unique_metadata_by_filter_async(
        self, filters: dict[str, Any], metadata_fields: list[str]
    ) -> dict[str, int]:
        """Do what `count_unique_metadata_by_filter` does."""
        return await asyncio.to_thread(self.count_unique_metadata_by_filter, filters, metadata_fields)

    async def get_metadata_fields_info_async(self) -> dict[str, dict[str, str]]:
        """Do what `get_metadata_fields_info` does."""
        return await asyncio.to_thread(self.get_metadata_fields_info)

    async def get_metadata_field_min_max_async(self, metadata_field: str) -> dict[str, Any]:
        """Do what `get_metadata_field_min_max` does."""
        return await asyncio.to_thread(self.get_metadata_field_min_max, metadata_field)

    async def get_metadata_field_unique_values_async(
        self, metadata_field: str, *args: Any, **kwargs: Any
    ) -> tuple[list[Any], int]:
        """Do what `get_metadata_field_unique_values` does."""
        return await asyncio.to_thread(self.get_metadata_field_unique_values, metadata_field, *args, **kwargs)

    async def embedding_retrieval_async(self, *args: Any, **kwargs: Any) -> list[Document]:
        """Do what `embedding_retrieval` does."""
        return await asyncio.to_thread(self.embedding_retrieval, *args, **kwargs)
