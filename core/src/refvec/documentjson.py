"""A document as the JSON that is its payload: with the adapter that wrote it, and none else reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .failures import quoted, shortened, type_name


def encoded(owner: str, chunk_id: str, document: Mapping[str, Any]) -> bytes:
    """Return a document as its owner's.

    Raises
    ------
    TypeError, ValueError
        For what JSON cannot say, or would silently say otherwise.
    """
    try:
        _require_text_keys(document)
        return json.dumps({owner: document}, ensure_ascii=False).encode("utf-8", "surrogatepass")
    except (TypeError, ValueError, RecursionError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(
            f"The document {quoted(chunk_id)} cannot be stored: {error}; JSON must be able to say it"
        ) from None


def _require_text_keys(value: Any) -> None:
    """Raise for a key that JSON would silently make text of."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            if not isinstance(key, str):
                raise TypeError(f"the key {key!r:.40} is of type {type_name(type(key))}, and keys must be text")
            _require_text_keys(one)
    elif isinstance(value, list | tuple):
        for one in value:
            _require_text_keys(one)


def decoded(owner: str, content: bytes) -> dict[str, Any]:
    """Return a document of this owner.

    Raises
    ------
    ValueError
        If it is another's, or no document.
    """
    found = _parsed(content)
    if isinstance(found, dict) and len(found) == 1 and isinstance(document := found.get(owner), dict):
        return document
    raise ValueError(
        f"The store holds {_of(found)}, which {owner} does not read; give {owner} a directory of its own"
    )


def owner_of(content: bytes) -> str | None:
    """Return whose document a payload is; None if it is none."""
    found = _parsed(content)
    return next(iter(found)) if _is_document(found) else None


def _of(found: Any) -> str:
    return (
        f"documents of {shortened(next(iter(found)))}"
        if _is_document(found)
        else "payloads that no adapter wrote"
    )


def _is_document(found: Any) -> bool:
    return isinstance(found, dict) and len(found) == 1 and isinstance(next(iter(found.values())), dict)


def _parsed(content: bytes) -> Any:
    """Return what a payload says; None if it is no JSON."""
    try:
        return json.loads(content.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        return None
