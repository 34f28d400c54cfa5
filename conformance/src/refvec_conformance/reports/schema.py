"""The JSON schema of the JSON report, made of the dataclasses that it holds."""

from __future__ import annotations

import dataclasses
import re
import textwrap
import types
from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from ..judging.results import BackendResult, RunResult, Verdict

Schema = dict[str, Any]

_PLAIN: Mapping[Any, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    type(None): {"type": "null"},
}
_COUNT: Schema = {"type": "integer", "minimum": 0}


def schema() -> Schema:
    """Return the JSON schema of the JSON report."""
    definitions: dict[str, Schema] = {}
    report = _record(RunResult, definitions)
    _require(report, "format", {"const": RunResult.FORMAT})
    _require(report, "format_version", {"const": RunResult.FORMAT_VERSION})
    totals = _object({str(verdict): _COUNT for verdict in Verdict})
    totals["description"] = "How many clauses ended how; they add up to the number of clauses."
    _require(definitions[BackendResult.__name__], "totals", totals)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Report of the refvec conformance suite",
        **report,
        "$defs": definitions,
    }


def _record(kind: Any, definitions: dict[str, Schema]) -> Schema:
    hints, told = get_type_hints(kind, include_extras=True), _told(kind)
    parts = {
        one.name: {**_of(hints[one.name], definitions), "description": told[one.name]}
        for one in dataclasses.fields(kind)
    }
    return _object(parts)


def _object(parts: dict[str, Schema]) -> Schema:
    return {"type": "object", "additionalProperties": False, "required": list(parts), "properties": parts}


def _require(record: Schema, name: str, part: Schema) -> None:
    record["properties"][name] = part
    record["required"].append(name)


def _of(hint: Any, definitions: dict[str, Schema]) -> Schema:
    """Return the schema of a type; dataclasses become definitions of their own."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return {**_of(args[0], definitions), **args[1]}
    if origin is Literal:
        return {"enum": list(args)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_of(one, definitions) for one in args]}
    if origin in (tuple, list):
        return {"type": "array", "items": _of(args[0], definitions)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(args[1], definitions)}
    if dataclasses.is_dataclass(hint):
        name: str = hint.__name__  # type: ignore[union-attr]
        if name not in definitions:
            definitions[name] = _record(hint, definitions)
        return {"$ref": f"#/$defs/{name}"}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [one.value for one in hint]}
    return dict(_PLAIN[hint])


def _told(kind: type) -> dict[str, str]:
    """Return what the docstring of a dataclass says about its attributes."""
    _, _, listed = textwrap.dedent(f"    {kind.__doc__}").partition("Attributes\n----------\n")
    pairs = re.findall(r"^(\w[\w, ]*) : [^\n]*\n((?:    [^\n]*\n?)+)", listed, re.MULTILINE)
    return {name: " ".join(text.split()) for names, text in pairs for name in names.split(", ")}
