"""VEC-1 and VEC-4: every layout is taken, nothing is aliased, other kinds are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from refvec import VectorStore

from refvec_conformance.inputs.layouts import KINDS, LAYOUTS
from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.atomicity import refused
from refvec_conformance.probes.outcomes import bits

ROW = np.array([1.5, -2, 3, 1e-40], np.float32)
ROWS = np.array([[1.5, -2, 3, 4], [0, 1, 0, -1], [9, 8, 7, 6]], np.float32)
NANS = np.array([0x7FC00001, 0xFFC00002, 0x7F800001, 0x80000000], np.uint32).view(np.float32)
NATIVE = [name for name in LAYOUTS if not any(word in name for word in ("64", "double", "list", "tuple"))]

every_layout = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
single = pytest.mark.parametrize("method", ["add_vector", "upsert_vector"])
batch = pytest.mark.parametrize("method", ["add_vectors", "upsert_vectors"])


@clause("VEC-1", "VEC-5")
@every_layout
@single
def test_a_vector_of_any_layout_is_stored_bit_for_bit(store: VectorStore, layout: Any, method: str) -> None:
    getattr(store, method)("a", layout(ROW))
    assert bits(store.get_vector("a")) == bits(ROW)


@clause("VEC-1", "VEC-5")
@every_layout
@batch
def test_a_batch_of_any_layout_is_stored_bit_for_bit(store: VectorStore, layout: Any, method: str) -> None:
    getattr(store, method)(["a", "b", "c"], layout(ROWS))
    assert bits(store.get_vectors(["a", "b", "c"])) == bits(ROWS)


@clause("VEC-1")
@every_layout
def test_a_vector_of_any_layout_is_found(store: VectorStore, layout: Any) -> None:
    store.add_vector("a", ROW)
    assert store.find_vector(layout(ROW)) == store.get_index("a")


@clause("VEC-1", "VEC-5")
@pytest.mark.parametrize(
    "layout", [LAYOUTS[name] for name in NATIVE if "endian" not in name and "list" not in name]
)
def test_native_float32_is_copied_as_bytes_with_the_payload_of_nans(store: VectorStore, layout: Any) -> None:
    store.add_vector("a", layout(NANS))
    assert bits(store.get_vector("a")) == bits(NANS)


@clause("VEC-1")
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("step", [1, 2, -1])
def test_a_batch_of_any_strides(store: VectorStore, order: Any, step: int) -> None:
    rows = np.array(np.repeat(ROWS, 2, axis=0), order=order)[::step][:3]
    store.upsert_vectors(["a", "b", "c"], rows)
    assert bits(store.get_vectors(["a", "b", "c"])) == bits(rows)


@clause("VEC-1", "ATOM-1")
@every_kind
@single
def test_another_kind_of_vector_is_a_type_error(stocked: VectorStore, kind: Any, method: str) -> None:
    with refused(stocked, TypeError):
        getattr(stocked, method)("new", kind(ROW))


@clause("VEC-1", "ATOM-1")
@every_kind
@batch
def test_another_kind_of_batch_is_a_type_error(stocked: VectorStore, kind: Any, method: str) -> None:
    with refused(stocked, TypeError):
        getattr(stocked, method)(["x", "y", "z"], kind(ROWS))


@clause("VEC-1")
@every_kind
def test_another_kind_is_nothing_to_find(stocked: VectorStore, kind: Any) -> None:
    with refused(stocked, TypeError):
        stocked.find_vector(kind(ROW))


KINDS_WITH_SHAPE = ["bool", "complex", "text", "bytes", "object", "datetime", "structured", "masked"]


@clause("VEC-1", "ERR-1")
@pytest.mark.parametrize("kind", [KINDS[name] for name in KINDS_WITH_SHAPE], ids=KINDS_WITH_SHAPE)
@pytest.mark.parametrize("shape", [(3,), (2, 2), (1, 1, 1), ()], ids=str)
def test_the_kind_is_checked_before_the_shape(stocked: VectorStore, kind: Any, shape: tuple[int, ...]) -> None:
    with refused(stocked, TypeError):
        stocked.add_vector("new", kind(np.ones(shape, np.float32)))


@clause("VEC-1", "ERR-1")
@pytest.mark.parametrize("kind", [KINDS[name] for name in KINDS_WITH_SHAPE], ids=KINDS_WITH_SHAPE)
@pytest.mark.parametrize("shape", [(3, 3), (4,), (1, 1, 1), (2, 4)], ids=str)
def test_the_kind_of_a_batch_is_checked_before_its_shape(
    stocked: VectorStore, kind: Any, shape: tuple[int, ...]
) -> None:
    with refused(stocked, TypeError):
        stocked.add_vectors(["x", "y", "z"], kind(np.ones(shape, np.float32)))


WRITABLE = [
    "contiguous",
    "strided",
    "backwards",
    "column",
    "field",
    "big-endian",
    "float64",
    "hostile subclass",
]


@clause("VEC-4")
@pytest.mark.parametrize("name", WRITABLE)
@single
def test_no_layout_of_a_vector_is_aliased(store: VectorStore, name: str, method: str) -> None:
    given = LAYOUTS[name](ROW)
    getattr(store, method)("a", given)
    np.asarray(given)[...] = 9
    assert bits(store.get_vector("a")) == bits(ROW)


@clause("VEC-4")
@pytest.mark.parametrize("name", WRITABLE)
@batch
def test_no_layout_of_a_batch_is_aliased(store: VectorStore, name: str, method: str) -> None:
    given = LAYOUTS[name](ROWS)
    getattr(store, method)(["a", "b", "c"], given)
    np.asarray(given)[...] = 9
    assert bits(store.get_vectors(["a", "b", "c"])) == bits(ROWS)


@clause("VEC-4")
@every_layout
def test_the_callers_object_is_not_changed(store: VectorStore, layout: Any) -> None:
    source = ROW.copy()
    store.add_vector("a", layout(source))
    assert bits(source) == bits(ROW)


@clause("VEC-4")
def test_what_array_hands_out_is_not_kept(store: VectorStore) -> None:
    source = ROW.copy()
    store.add_vector("a", LAYOUTS["__array__"](source))
    source[:] = 9
    assert bits(store.get_vector("a")) == bits(ROW)


@clause("VEC-4")
def test_what_dlpack_hands_out_is_not_kept(store: VectorStore) -> None:
    source = ROW.copy()
    store.add_vector("a", LAYOUTS["dlpack"](source))
    source[:] = 9
    assert bits(store.get_vector("a")) == bits(ROW)
