"""What the callers of the vector store pass, checked before anything is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llama_index.core.schema import BaseNode
from llama_index.core.vector_stores.types import MetadataFilters, VectorStoreQueryMode
from refvec.spelling import did_you_mean

_MODES = (VectorStoreQueryMode.DEFAULT, VectorStoreQueryMode.MMR)


def require_nodes(nodes: Any) -> None:
    """Raise unless it is a list of nodes that have embeddings."""
    if not isinstance(nodes, Sequence) or isinstance(nodes, str):
        raise TypeError(f"nodes must be a list of nodes, got {type(nodes).__name__}")
    for position, one in enumerate(nodes):
        if not isinstance(one, BaseNode):
            raise TypeError(f"nodes must be a list of nodes, got {type(one).__name__} at position {position}")
        if one.embedding is None:
            raise ValueError(f"The node {one.node_id!r:.80} has no embedding set; refvec makes none")


def require_document(ref_doc_id: Any) -> None:
    """Raise ``TypeError`` unless it is the id of a document: None would be that of all nodes without one."""
    if not isinstance(ref_doc_id, str):
        raise TypeError(
            f"ref_doc_id must be a str, got {type(ref_doc_id).__name__}; "
            "delete_nodes() takes ids of nodes and filters"
        )


def require_filters(filters: Any) -> MetadataFilters:
    """Return filters, or raise ``TypeError`` for anything else."""
    if not isinstance(filters, MetadataFilters):
        raise TypeError(
            f"filters must be MetadataFilters, got {type(filters).__name__}; "
            "MetadataFilters.from_dict({...}) makes them of equal values"
        )
    return filters


def mode_of(given: Any) -> VectorStoreQueryMode:
    """Return the mode of a query, or raise ``ValueError`` for one that refvec does not have."""
    found = next((one for one in _MODES if one == given), None)
    if found is None:
        name = given.value if isinstance(given, VectorStoreQueryMode) else f"{given!r:.40}"
        raise ValueError(f"Invalid query mode: {name}; refvec has 'default' and 'mmr'")
    return found


def require_known(method: str, given: Mapping[str, Any], *known: str) -> None:
    """Raise ``TypeError`` for a keyword that would be passed over: what it should leave out would be there."""
    for name in given.keys() - set(known):
        hint = did_you_mean(name, known)
        raise TypeError(f"{method}() got an unexpected keyword argument {name!r}.{hint}")
