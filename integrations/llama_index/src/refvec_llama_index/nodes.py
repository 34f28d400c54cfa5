"""LlamaIndex's nodes as the JSON objects that refvec keeps, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any, TypeAlias

from llama_index.core.schema import BaseNode, RelatedNodeInfo
from llama_index.core.vector_stores.types import FilterCondition, MetadataFilter, MetadataFilters
from llama_index.core.vector_stores.utils import build_metadata_filter_fn, metadata_dict_to_node
from refvec.documents import Keep
from refvec.ids import canonical_ids

from .arguments import require_filters

Matches: TypeAlias = Callable[[dict[str, Any]], bool]
_REFERENCES = ("ref_doc_id", "doc_id", "document_id")  # names by which filters may ask for the document


def as_stored(node: BaseNode) -> dict[str, Any]:
    """Return all of a node but its embedding, which is kept as a vector."""
    # Metadata as they are: pydantic would change a date into text, and NaN into None, without a word.
    content = node.model_dump(mode="json", exclude={"embedding", "metadata", "relationships"})
    content["metadata"] = node.metadata
    content["relationships"] = {key.value: _related(one) for key, one in node.relationships.items()}
    return {"type": node.class_name(), "ref_doc_id": node.ref_doc_id, "node": content}


def _related(found: RelatedNodeInfo | list[RelatedNodeInfo]) -> Any:
    if isinstance(found, list):
        return [_related(one) for one in found]
    return {**found.model_dump(mode="json", exclude={"metadata"}), "metadata": found.metadata}


def as_node(stored: dict[str, Any]) -> BaseNode:
    """Return the node, without its embedding."""
    return metadata_dict_to_node({"_node_type": stored["type"], "_node_content": json.dumps(stored["node"])})


def keeping(
    filters: MetadataFilters | None,
    node_ids: Collection[str] | None = None,
    ref_doc_ids: Collection[str] | None = None,
) -> Keep | None:
    """Return what says whether a stored node is among the ids, and matches the filters; None where all do."""
    if not filters and node_ids is None and ref_doc_ids is None:
        return None
    matches = _matching(require_filters(filters)) if filters else None
    nodes = None if node_ids is None else set(canonical_ids(node_ids))
    documents = None if ref_doc_ids is None else set(canonical_ids(ref_doc_ids))

    def keep(node_id: str, stored: dict[str, Any]) -> bool:
        if nodes is not None and node_id not in nodes:
            return False
        if documents is not None and stored["ref_doc_id"] not in documents:
            return False
        return matches is None or matches(_metadata(stored))

    return keep


def _matching(filters: MetadataFilters) -> Matches:
    """Return what says whether metadata match; LlamaIndex has that for filters that are not nested."""
    parts = [_matching(one) if isinstance(one, MetadataFilters) else _single(one) for one in filters.filters]
    if filters.condition == FilterCondition.OR:
        return lambda metadata: not parts or any(part(metadata) for part in parts)
    if filters.condition == FilterCondition.NOT:
        return lambda metadata: not any(part(metadata) for part in parts)
    return lambda metadata: all(part(metadata) for part in parts)


def _single(one: MetadataFilter) -> Matches:
    alone = MetadataFilters(filters=[one])
    return lambda metadata: build_metadata_filter_fn(lambda _: metadata, alone)("")


def _metadata(stored: dict[str, Any]) -> dict[str, Any]:
    return {**stored["node"]["metadata"], **dict.fromkeys(_REFERENCES, stored["ref_doc_id"] or "None")}
