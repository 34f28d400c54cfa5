"""Tensors of torch and arrays of jax, the libraries themselves (``nox -s tensors``)."""

import tracemalloc

import numpy as np
import pytest
from refvec import VectorStore, VectorTypeError
from refvec.columns import batch

torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax.numpy")

ROWS = np.arange(9, dtype=np.float32).reshape(3, 3)
IDS = ["x", "y", "z"]
TENSOR = torch.from_numpy(ROWS.copy())


@pytest.fixture(params=["python", "numpy", "rust"])
def store(request):
    return VectorStore(3, backend=request.param)


@pytest.mark.parametrize("kind", ["float64", "float32", "float16", "int8", "int64"])
@pytest.mark.parametrize("given", [lambda rows: rows, list, lambda rows: rows.T.contiguous().T], ids=range(3))
def test_tensors_of_torch(store, kind, given):
    rows = given(TENSOR.to(getattr(torch, kind)))
    store.add_vectors(IDS, rows)
    assert np.array_equal(store.get_vectors(IDS), ROWS)
    store.add_vector("one", rows[1])
    assert store.get_index("one") == store.get_index("y") == store.find_vector(rows[1])
    assert store.search(rows[2], 1).ids == [("z",)]


@pytest.mark.parametrize("kind", ["float32", "float16", "bfloat16", "float8_e4m3fn", "int8", "int32", "uint8"])
@pytest.mark.parametrize("given", [lambda rows: rows, list], ids=["array", "list"])
def test_arrays_of_jax(store, kind, given):
    rows = given(jax.asarray(ROWS).astype(getattr(jax, kind)))
    store.add_vectors(IDS, rows)
    assert np.array_equal(store.get_vectors(IDS), ROWS)
    store.add_vector("one", rows[1])
    assert store.get_index("one") == store.get_index("y") == store.find_vector(rows[1])


REFUSED = {
    "bfloat16": (TENSOR.bfloat16(), TypeError, "BFloat16", lambda tensor: tensor.float()),
    "float8": (TENSOR.to(torch.float8_e5m2), TypeError, "Float8", lambda tensor: tensor.float()),
    "requires grad": (
        TENSOR.clone().requires_grad_(),
        RuntimeError,
        r"tensor\.detach",
        lambda tensor: tensor.detach(),
    ),
    "parameter": (torch.nn.Parameter(TENSOR), RuntimeError, r"tensor\.detach", lambda tensor: tensor.detach()),
    "sparse": (TENSOR.to_sparse(), TypeError, r"Tensor\.to_dense", lambda tensor: tensor.to_dense()),
    "negated view": (torch._neg_view(TENSOR), RuntimeError, "resolve_neg", lambda tensor: tensor.resolve_neg()),
    "elsewhere": (torch.empty((3, 3), device="meta"), TypeError, r"Tensor\.cpu\(\)", None),  # as of cuda
}


@pytest.mark.parametrize(("tensor", "error", "words", "converted"), REFUSED.values(), ids=REFUSED)
def test_tensors_that_numpy_cannot_read_say_which_call_converts(store, tensor, error, words, converted):
    for rows in (tensor, [TENSOR, tensor]):
        with pytest.raises(error, match=words) as caught:
            store.add_vectors(IDS, rows)
        if "loat" in words:
            assert "pass tensor.float()" in caught.value.__notes__[0]
    assert store.count == 0
    if converted:
        store.add_vectors(IDS, converted(tensor))
        assert store.count == 3


def test_every_bfloat16_of_torch_survives_float():
    """What the hint says."""
    values = torch.arange(2**16).to(torch.int32).to(torch.uint16).view(torch.bfloat16)
    store = VectorStore(precision="exact")
    store.add_vector("a", values.float())
    wanted = (np.arange(2**16, dtype=np.uint32) << 16).view(np.float32)
    assert np.array_equal(store.get_vector("a"), wanted, equal_nan=True)


@pytest.mark.parametrize("kind", ["bool", "complex64"])
def test_what_is_no_number_is_refused_by_us(store, kind):
    for rows in (TENSOR.to(getattr(torch, kind)), jax.asarray(ROWS).astype(kind)):
        with pytest.raises(VectorTypeError, match=kind):
            store.add_vectors(IDS, rows)


@pytest.mark.parametrize("make", [torch.from_numpy, jax.asarray], ids=["torch", "jax"])
def test_their_memory_is_read_where_it_is_and_copied_once(make):
    rows = make(np.random.default_rng(0).standard_normal((2_000, 500), np.float32))
    size = 4 * 2_000 * 500
    assert batch(rows, "vectors").rows.base is not None
    ids = list(map(str, range(2_000)))
    tracemalloc.start()
    try:
        VectorStore(500, backend="rust").add_vectors(ids, rows)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1.3 * size
