"""Haystack's documents as the JSON objects that refvec keeps, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from haystack import Document
from haystack.document_stores.errors import DuplicateDocumentError
from haystack.document_stores.types import DuplicatePolicy
from haystack.utils.filters import document_matches_filter
from refvec.documents import Keep


def as_stored(document: Document) -> dict[str, Any]:
    """Return all of a document but its embedding, which is kept as a vector, and its score."""
    found = document.to_dict(flatten=False)
    return {name: value for name, value in found.items() if name not in ("id", "embedding", "score")}


def as_document(
    chunk_id: str, stored: dict[str, Any], embedding: list[float] | None = None, score: float | None = None
) -> Document:
    """Return the document."""
    return Document.from_dict({"id": chunk_id, **stored, "embedding": embedding, "score": score})


def keeping(filters: dict[str, Any] | None) -> Keep | None:
    """Return what says whether a stored document matches Haystack's filters; None where all do.

    Raises
    ------
    ValueError
        If they are no filters.
    """
    if not filters:
        return None
    if "operator" not in filters and "conditions" not in filters:
        raise ValueError(
            f"Filters need an operator and conditions or a field, got {', '.join(map(repr, filters))}: see "
            "Haystack's documentation of metadata filtering"
        )
    return lambda one, stored: document_matches_filter(filters, as_document(one, stored))


def require_documents(documents: Any) -> list[Document]:
    """Return them as a list, or raise ``ValueError`` if they are anything else."""
    if not isinstance(documents, Iterable) or isinstance(documents, str):
        raise ValueError(f"documents must be a list of Documents, got {type(documents).__name__}")
    found = list(documents)
    for position, one in enumerate(found):
        if not isinstance(one, Document):
            raise ValueError(
                f"documents must be a list of Documents, got {type(one).__name__} at position {position}"
            )
    return found


def require_policy(policy: Any) -> None:
    """Raise ``TypeError`` unless it is a policy."""
    if not isinstance(policy, DuplicatePolicy):
        names = ", ".join(str(one) for one in DuplicatePolicy)
        raise TypeError(f"policy must be one of {names}, got {policy!r:.40}")


def distinct(documents: list[Document], policy: DuplicatePolicy) -> dict[str, Document]:
    """Return the documents by their ids: of one that is repeated the last or the first, or raise."""
    found = {one.id: one for one in documents}
    if len(found) == len(documents) or policy == DuplicatePolicy.OVERWRITE:
        return found
    if policy == DuplicatePolicy.SKIP:
        return {one.id: one for one in reversed(documents)}
    ids = [one.id for one in documents]
    repeated = next(one for at, one in enumerate(ids) if one in ids[:at])
    raise DuplicateDocumentError(f"ID '{repeated}' occurs twice; nothing was written")
