"""The same vector in every layout that numpy knows, and what is no vector at all."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .hostile import Converted, HostileArray, OnlyDlpack, hostile_array

Float = NDArray[np.float32]


def strided(row: Float) -> Float:
    """Return the row as every second element along the last axis."""
    return np.repeat(row, 2, axis=-1)[..., ::2]


def backwards(row: Float) -> Float:
    """Return the row through negative strides."""
    return row[..., ::-1].copy()[..., ::-1]


def read_only(row: Float) -> Float:
    """Return the row in an array that cannot be written."""
    found = row.copy()
    found.flags.writeable = False
    return found


def unaligned(row: Float) -> Float:
    """Return the row at an odd address."""
    blob = np.frombuffer(b"\0" + row.tobytes(), np.uint8)[1:]
    return blob.view(np.float32).reshape(row.shape)


def mapped(row: Float) -> Float:
    """Return the row in a file that is mapped into memory."""
    with tempfile.TemporaryFile() as file:
        file.write(row.tobytes())
        file.flush()
        return np.memmap(file, np.float32, "r", shape=row.shape)


def broadcast(row: Float) -> Float:
    """Return the row with strides of zero where its elements repeat."""
    return np.broadcast_to(row[None], (1, *row.shape)).reshape(row.shape)


def column(row: Float) -> Float:
    """Return the row as a column of a wider matrix."""
    return np.ascontiguousarray(np.stack([row, row[..., ::-1]], axis=-1))[..., 0]


def field_of(row: Float) -> Float:
    """Return the row as a field of a structured array, which is unaligned too."""
    found = np.zeros(row.shape, np.dtype([("tag", "u1"), ("value", "f4")]))
    found["value"] = row
    return found["value"]


LAYOUTS: dict[str, Callable[[Float], Any]] = {
    "contiguous": lambda row: row.copy(),
    "strided": strided,
    "backwards": backwards,
    "read-only": read_only,
    "unaligned": unaligned,
    "mapped": mapped,
    "broadcast": broadcast,
    "column": column,
    "field": field_of,
    "fortran": np.asfortranarray,
    "big-endian": lambda row: row.astype(">f4"),
    "big-endian strided": lambda row: strided(row).astype(">f4"),
    "float64": lambda row: row.astype(np.float64),
    "big-endian float64": lambda row: row.astype(">f8"),
    "long double": lambda row: row.astype(np.longdouble),
    "list": lambda row: row.tolist(),
    "nested tuples": lambda row: tuple(map(tuple, row.tolist())) if row.ndim == 2 else tuple(row.tolist()),
    "list of scalars": lambda row: [*row],
    "memoryview": lambda row: row.data,
    "subclass": lambda row: row.view(np.ndarray).view(type("Plain", (np.ndarray,), {})),
    "hostile subclass": hostile_array,
    "recarray": lambda row: row.view(np.recarray),
    "__array__": lambda row: Converted(lambda: row),
    "__array__ of a subclass": lambda row: Converted(lambda: row.view(HostileArray)),
    "dlpack": OnlyDlpack,
    "dlpack float64": lambda row: OnlyDlpack(row.astype(np.float64)),
}

# Each is refused with a TypeError, whatever its shape.
KINDS: dict[str, Callable[[Float], Any]] = {
    "bool": lambda row: row.astype(bool),
    "complex": lambda row: row.astype(complex),
    "text": lambda row: row.astype("U8"),
    "bytes": lambda row: row.astype("S8"),
    "object": lambda row: row.astype(object),
    "datetime": lambda row: row.astype("i8").astype("M8[s]"),
    "timedelta": lambda row: row.astype("i8").astype("m8[s]"),
    "void": lambda row: row.view("V4"),
    "structured": lambda row: row.view([("x", "f4")]),
    "masked": np.ma.masked_array,
    "masked in part": lambda row: np.ma.masked_equal(row, row.flat[0]),
    "masked float64": lambda row: np.ma.masked_array(row.astype(np.float64)),
    "object of floats": lambda row: np.array([*row.ravel().tolist()], object).reshape(row.shape),
    "None": lambda _: None,
    "str": lambda _: "vector",
    "bytes object": lambda row: row.tobytes(),
    "set": lambda row: set(row.ravel().tolist()),
    "generator": lambda row: (one for one in row.tolist()),
    "huge integers": lambda row: [[2**70] * row.shape[-1]] * len(row) if row.ndim == 2 else [2**70] * len(row),
    "__array__ of bool": lambda row: Converted(lambda: row.astype(bool)),
    "dlpack of bool": lambda row: OnlyDlpack(row.astype(bool)),
    "dlpack of complex": lambda row: OnlyDlpack(row.astype(np.complex64)),
}
