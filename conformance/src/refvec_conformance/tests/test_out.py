"""GET-3: having an array filled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from refvec import VectorStore

from refvec_conformance.inputs.hostile import HostileArray
from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.atomicity import refused
from refvec_conformance.probes.fixtures import UNITS, label
from refvec_conformance.probes.outcomes import bits
from refvec_conformance.tests.helpers import at


def out_for(rows: int) -> NDArray[np.float32]:
    return np.full((rows, 4), 7, np.float32)


def unaligned(rows: int) -> NDArray[np.float32]:
    return np.zeros(rows * 16 + 1, np.uint8)[1:].view(np.float32).reshape(rows, 4)


def read_only(rows: int) -> NDArray[np.float32]:
    found = out_for(rows)
    found.flags.writeable = False
    return found


@clause("GET-3")
def test_out_is_filled(stocked: VectorStore) -> None:
    out = out_for(2)
    stocked.get_vectors_by_indices(at(stocked, "d", "a"), out=out)
    assert out.tolist() == UNITS[[2, 0]].tolist()


@clause("GET-3")
@pytest.mark.parametrize(
    "out", [out_for(2), out_for(9)[3:5], out_for(2).view(HostileArray)], ids=["own", "part", "subclass"]
)
def test_out_itself_is_returned(stocked: VectorStore, out: Any) -> None:
    assert stocked.get_vectors_by_indices(at(stocked, "d", "a"), out) is out


@clause("GET-3")
def test_out_may_be_empty(stocked: VectorStore) -> None:
    out = out_for(0)
    assert stocked.get_vectors_by_indices([], out) is out


@clause("GET-3", "VEC-4")
def test_out_is_not_kept(stocked: VectorStore) -> None:
    out = out_for(1)
    stocked.get_vectors_by_indices(at(stocked, "a"), out)
    out[:] = 9
    assert bits(stocked.get_vector("a")) == bits(UNITS[0])


@clause("GET-3")
def test_a_part_is_filled_and_the_rest_is_not(stocked: VectorStore) -> None:
    whole = out_for(4)
    stocked.get_vectors_by_indices(at(stocked, "d", "a"), whole[1:3])
    assert whole[[0, 3]].tolist() == [[7] * 4] * 2


BAD_OUT: dict[str, Any] = {
    "too few rows": out_for(1),
    "too many rows": out_for(3),
    "too wide": np.zeros((2, 5), np.float32),
    "one axis": np.zeros(8, np.float32),
    "three axes": np.zeros((2, 4, 1), np.float32),
    "float64": np.zeros((2, 4)),
    "int32": np.zeros((2, 4), np.int32),
    "big-endian": np.zeros((2, 4), ">f4"),
    "read-only": read_only(2),
    "unaligned": unaligned(2),
    "Fortran": np.zeros((2, 4), np.float32, order="F"),
    "strided": out_for(4)[::2],
    "reversed": out_for(2)[::-1],
    "list": [[0.0] * 4] * 2,
    "bytes": bytes(32),
    "bytearray": bytearray(32),
    "memoryview": memoryview(bytearray(32)).cast("f", (2, 4)),
    "object": object(),
    "text": "out",
}


@clause("GET-3", "ATOM-1")
@pytest.mark.parametrize("out", BAD_OUT.values(), ids=BAD_OUT)
def test_any_other_out_is_a_value_error(stocked: VectorStore, out: Any) -> None:
    with refused(stocked, ValueError):
        stocked.get_vectors_by_indices(at(stocked, "d", "a"), out=out)


@clause("GET-3")
@pytest.mark.parametrize("bad", [99, -1, True, "1", 2**64], ids=label)
@pytest.mark.parametrize("position", [0, 1, 2])
def test_out_is_untouched_on_error(stocked: VectorStore, bad: Any, position: int) -> None:
    indices: list[Any] = at(stocked, "a", "d")
    indices.insert(position, bad)
    out = out_for(3)
    with refused(stocked, (TypeError, IndexError)):
        stocked.get_vectors_by_indices(indices, out=out)
    assert out.tolist() == out_for(3).tolist()
