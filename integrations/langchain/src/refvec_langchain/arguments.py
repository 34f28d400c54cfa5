"""What the callers of a vector store pass, checked before anything is changed."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from langchain_core.documents import Document
from refvec.spelling import did_you_mean

Filter: TypeAlias = Callable[[Document], bool]


def require_embedding(embedding: Any) -> None:
    """Raise ``TypeError`` unless it makes vectors of texts."""
    if not all(callable(getattr(embedding, name, None)) for name in ("embed_documents", "embed_query")):
        raise TypeError(
            f"embedding must be an Embeddings, got {type(embedding).__name__}; a directory is given as path="
        )


def require_filter(wanted: Any) -> None:
    """Raise ``TypeError`` unless it is None or a callable."""
    if wanted is not None and not callable(wanted):
        raise TypeError(
            f"filter must be a callable that gets a Document, got {type(wanted).__name__}; "
            'for instance lambda one: one.metadata.get("source") == "a"'
        )


def require_known(what: str, given: Mapping[str, Any], *known: str) -> None:
    """Raise ``TypeError`` for a keyword that would be passed over: what it should leave out would be found."""
    for name in given:
        hint = did_you_mean(name, known)
        raise TypeError(
            f"{what} got an unexpected keyword argument {name!r}.{hint} It takes {', '.join(known)}"
        )


def _require_documents(documents: Any) -> None:
    """Raise ``TypeError`` unless it is a list of documents."""
    if isinstance(documents, str | Document) or not isinstance(documents, Sequence):
        raise TypeError(f"documents must be a list of Documents, got {type(documents).__name__}")
    for position, one in enumerate(documents):
        if not isinstance(one, Document):
            raise TypeError(
                f"documents must be a list of Documents, got {type(one).__name__} at position {position}; "
                "add_texts() takes texts"
            )


def numbered(texts: Iterable[str], ids: Sequence[str] | None) -> list[str]:
    """Return the texts; LangChain's own base would leave out without a word those that have no id."""
    if isinstance(texts, str):
        raise TypeError("texts must be an iterable of str, got a single str; put it in a list")
    found = list(texts)
    if ids is not None and len(_listed(ids)) != len(found):
        raise ValueError(f"There must be an id for each text, got {len(ids)} ids and {len(found)} texts")
    return found


def ids_of(documents: Sequence[Document], ids: Sequence[str] | None) -> list[str]:
    """Return an id for every document: the one that is given, its own, or a new one."""
    _require_documents(documents)
    given = [one.id for one in documents] if ids is None else _listed(ids)
    if len(given) != len(documents):
        raise ValueError(
            f"There must be an id for each document, got {len(given)} ids and {len(documents)} documents"
        )
    return [str(uuid.uuid4()) if one is None else one for one in given]


def _listed(ids: Sequence[str]) -> Sequence[str]:
    """Return ids, or raise ``TypeError`` for a single one, which would be taken by its characters."""
    if isinstance(ids, str):
        raise TypeError("ids must be a list of str, got a single str; put it in a list")
    return ids
