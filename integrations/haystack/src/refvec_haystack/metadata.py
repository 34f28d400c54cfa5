"""What the metadata of many documents comes to."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from haystack import Document

_KINDS = {bool: "boolean", int: "int", float: "float"}


def key_of(field: str) -> str:
    """Return the name of a field without the prefix that filters have."""
    return field.removeprefix("meta.")


def require_fields(fields: Any) -> None:
    """Raise ``TypeError`` for a single field, which would be taken by its characters."""
    if isinstance(fields, str):
        raise TypeError("metadata_fields must be a list of str, got a single str; put it in a list")


def values_of(documents: Iterable[Document], field: str) -> list[Any]:
    """Return the values of a field, of those documents that have one."""
    key = key_of(field)
    return [one.meta[key] for one in documents if one.meta.get(key) is not None]


def distinct(values: Iterable[Any]) -> list[Any]:
    """Return every value once, in the order of their text; 1, 1.0, "1" and True are four."""
    found = {(type(value).__name__, json.dumps(value, sort_keys=True)): value for value in values}
    return [found[key] for key in sorted(found, key=lambda key: (str(found[key]), key[0]))]


def kinds(documents: Iterable[Document]) -> dict[str, dict[str, str]]:
    """Return the type of every field: boolean, int, float or keyword."""
    found = {}
    for document in documents:
        for key, value in document.meta.items():
            if value is not None:
                found[key] = {"type": _KINDS.get(type(value), "keyword")}
    return found


def extremes(values: list[Any]) -> dict[str, Any]:
    """Return the least and the greatest of the values that have an order, None where there is none."""
    ordered = [value for value in values if isinstance(value, int | float | str)]
    try:
        return {"min": min(ordered, default=None), "max": max(ordered, default=None)}
    except TypeError:  # numbers and text
        return {"min": None, "max": None}
