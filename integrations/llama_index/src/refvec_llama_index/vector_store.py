"""The vector store: nodes, and their embeddings as vectors, under the same ids."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import Any

from fsspec import AbstractFileSystem  # type: ignore[import-untyped]  # it ships no types
from fsspec.implementations.local import LocalFileSystem  # type: ignore[import-untyped]  # nor here
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.indices.query.embedding_utils import get_top_k_mmr_embeddings
from llama_index.core.schema import BaseNode
from llama_index.core.vector_stores.types import (
    BasePydanticVectorStore,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
    VectorStoreQueryResult,
)
from refvec import UnsupportedError, VectorStore
from refvec.documents import Documents, Hit
from refvec.documentstore import Closing, opened, require_own
from refvec.metrics import Metric, is_distance

from .arguments import mode_of, require_document, require_known, require_nodes
from .nodes import as_node, as_stored, keeping

_OWNER = "refvec-llama-index"
_PREFETCHED = 4  # times as many as are asked for, from which maximal marginal relevance chooses


class RefvecVectorStore(Closing, BasePydanticVectorStore):
    """A LlamaIndex vector store in which identical embeddings are stored once.

    With ``path=`` it is durable, nodes included: what a call has added or
    deleted survives a crash when the call returns.

    Parameters
    ----------
    store : refvec.VectorStore, optional
        Where all is kept; by default a new one.
    metric : {"cosine", "dot", "euclidean"}
        How near two embeddings are. Of distances the similarity is the negative.
    **options
        Of a new store, as ``path="corpus.refvec"`` or ``backend="rust"``.
    """

    stores_text: bool = True
    metric: Metric = "cosine"
    _store: VectorStore = PrivateAttr()
    _documents: Documents = PrivateAttr()

    def __init__(self, store: VectorStore | None = None, metric: Metric = "cosine", **options: Any) -> None:
        super().__init__(stores_text=True, metric=metric)  # type: ignore[call-arg]  # pydantic makes the arguments
        self._documents = Documents.opened(_OWNER, store, options)
        self._store = self._documents.store

    @classmethod
    def class_name(cls) -> str:
        """Return the name by which LlamaIndex knows the class."""
        return "RefvecVectorStore"

    @property
    def client(self) -> VectorStore:
        """The store of refvec."""
        return self._store

    def close(self) -> None:
        """Close the store, so that another process, or another object, may write to it."""
        self._store.close()

    # Changing

    def add(self, nodes: Sequence[BaseNode], **kwargs: Any) -> list[str]:
        """Add nodes, or put them in the place of those with the same ids, all or nothing; return the ids."""
        require_nodes(nodes)
        stored = {one.node_id: as_stored(one) for one in nodes}
        self._documents.put(stored, {one.node_id: one.get_embedding() for one in nodes})
        return [one.node_id for one in nodes]

    async def async_add(self, nodes: Sequence[BaseNode], **kwargs: Any) -> list[str]:
        """Do what `add` does, without blocking the event loop."""
        return await asyncio.to_thread(self.add, nodes)

    def delete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        """Delete the nodes of a document; every node is looked at."""
        require_document(ref_doc_id)
        require_known("delete", delete_kwargs)
        self._documents.remove(self._ids(None, None, [ref_doc_id]))

    async def adelete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        """Do what `delete` does, without blocking the event loop."""
        await asyncio.to_thread(lambda: self.delete(ref_doc_id, **delete_kwargs))

    def delete_nodes(
        self,
        node_ids: list[str] | None = None,
        filters: MetadataFilters | None = None,
        **delete_kwargs: Any,
    ) -> None:
        """Delete the nodes with these ids that match the filters; without either, all."""
        require_known("delete_nodes", delete_kwargs, "node_ids", "filters")
        self._documents.remove(self._ids(node_ids, filters))

    async def adelete_nodes(
        self,
        node_ids: list[str] | None = None,
        filters: MetadataFilters | None = None,
        **delete_kwargs: Any,
    ) -> None:
        """Do what `delete_nodes` does, without blocking the event loop."""
        await asyncio.to_thread(lambda: self.delete_nodes(node_ids, filters, **delete_kwargs))

    def clear(self) -> None:
        """Delete all nodes."""
        self._documents.clear()

    async def aclear(self) -> None:
        """Do what `clear` does, without blocking the event loop."""
        await asyncio.to_thread(self.clear)

    # Looking up

    def get_nodes(
        self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None
    ) -> list[BaseNode]:
        """Return the nodes with these ids that match the filters, with their embeddings."""
        found = [as_node(stored) for _, stored in self._matching(node_ids, filters)]
        for one in found:
            vector = self._store.get_vector(one.node_id)
            one.embedding = None if vector is None else vector.tolist()
        return found

    async def aget_nodes(
        self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None
    ) -> list[BaseNode]:
        """Do what `get_nodes` does, without blocking the event loop."""
        return await asyncio.to_thread(self.get_nodes, node_ids, filters)

    def _matching(
        self,
        node_ids: list[str] | None,
        filters: MetadataFilters | None,
        ref_doc_ids: list[str] | None = None,
    ) -> list[tuple[str, dict[str, Any]]]:
        keep = keeping(filters, None, ref_doc_ids)
        found = self._documents.items() if node_ids is None else self._documents.get(node_ids).items()
        return [pair for pair in found if keep is None or keep(*pair)]

    def _ids(self, *wanted: Any) -> list[str]:
        return [one for one, _ in self._matching(*wanted)]

    # Searching

    def query(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """Return the nodes nearest to the embedding of the query, best first.

        Raises
        ------
        ValueError
            If the query has no embedding, or a mode other than "default" and "mmr".
        """
        require_known("query", kwargs, "mmr_threshold")
        mode = mode_of(query.mode)
        if query.query_embedding is None:
            raise ValueError("The query has no embedding; refvec searches by embeddings only")
        if mode == VectorStoreQueryMode.MMR:
            hits = self._diverse(query, kwargs.get("mmr_threshold", query.mmr_threshold))
        else:
            hits = self._hits(query, query.similarity_top_k)
        sign = -1 if is_distance(self.metric) else 1
        return VectorStoreQueryResult(
            nodes=[as_node(hit.document) for hit in hits],
            similarities=[sign * hit.score for hit in hits],
            ids=[hit.chunk_id for hit in hits],
        )

    async def aquery(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """Do what `query` does, without blocking the event loop."""
        return await asyncio.to_thread(lambda: self.query(query, **kwargs))

    def _hits(self, query: VectorStoreQuery, most: int) -> list[Hit]:
        assert query.query_embedding is not None
        # An index that keeps no list of its nodes asks with an empty one, and means all.
        keep = keeping(query.filters, query.node_ids or None, query.doc_ids or None)
        return self._documents.search(query.query_embedding, most, metric=self.metric, keep=keep)

    def _diverse(self, query: VectorStoreQuery, threshold: float | None) -> list[Hit]:
        """Return hits of which each is near to the query, and says what the others do not."""
        found = self._hits(query, _PREFETCHED * query.similarity_top_k)
        rows = [(hit, self._store.get_vector(hit.chunk_id)) for hit in found]
        there = {hit.chunk_id: (hit, row.tolist()) for hit, row in rows if row is not None}
        if not there or query.query_embedding is None:
            return []
        _, chosen = get_top_k_mmr_embeddings(
            query.query_embedding,
            [row for _, row in there.values()],
            similarity_top_k=query.similarity_top_k,
            embedding_ids=list(there),
            mmr_threshold=threshold,
        )
        return [there[one][0] for one in chosen]

    # Keeping

    def persist(self, persist_path: str, fs: AbstractFileSystem | None = None) -> None:
        """Make sure that all nodes survive: of a store in memory, write them to a directory.

        A store with a path has them in that path already, and writes nothing to
        another one. What was persisted to the directory before is replaced by
        one commit: a crash leaves the old content or the new.

        Parameters
        ----------
        persist_path : str
            The directory, which `from_persist_path` opens.
        fs : fsspec.AbstractFileSystem, optional
            The local one, if any.
        """
        _require_local(fs)
        self._store.flush()
        if self._store.get_statistics()["storage_type"] != "in-memory":
            return
        with self._store.payloads.together():  # nobody changes any meanwhile
            ids = self._store.ids()
            rows, payloads = self._store.get_vectors(ids), dict(self._store.payloads.items())
        target = opened(_OWNER, None, {"path": persist_path, "precision": self._store.precision})
        try:
            require_own(_OWNER, target)
            with target.payloads.together():
                target.payloads.clear()
                target.payloads.put(payloads)
                target.clear()
                target.add_vectors(ids, rows)
            target.flush()
        finally:
            target.close(flush=False)

    @classmethod
    def from_persist_path(
        cls, persist_path: str, fs: AbstractFileSystem | None = None, **options: Any
    ) -> RefvecVectorStore:
        """Open what `persist` wrote, or any durable store with nodes; changes go to the directory."""
        _require_local(fs)
        return cls(path=persist_path, **{"mode": "r+", **options})

    @classmethod
    def from_persist_dir(
        cls, persist_dir: str, namespace: str = "default", fs: AbstractFileSystem | None = None, **options: Any
    ) -> RefvecVectorStore:
        """Open what ``StorageContext.persist(persist_dir)`` wrote."""
        return cls.from_persist_path(
            os.path.join(persist_dir, f"{namespace}__vector_store.json"),  # noqa: PTH118 - LlamaIndex's name
            fs,
            **options,
        )


def _require_local(fs: AbstractFileSystem | None) -> None:
    if fs is not None and not isinstance(fs, LocalFileSystem):
        raise UnsupportedError(
            f"Nodes are kept on the local file system, not on {type(fs).__name__}; leave fs out"
        )
