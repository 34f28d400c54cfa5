"""What is copied on the way in: the numbers once, into memory of the store's own (``nox -s inputs``)."""

import array
import tracemalloc

import ml_dtypes
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from refvec import VectorStore
from refvec.arrays import as_array
from refvec.columns import batch
from refvec.vectors import canonical_rows

ROWS = np.random.default_rng(0).standard_normal((2_000, 500), np.float32)  # 4 MB
FIXED = pa.FixedSizeListArray.from_arrays(pa.array(ROWS.reshape(-1)), ROWS.shape[1])


class Array:
    """An array as jax and torch have it: ``__array__``, and nothing else."""

    def __init__(self, rows):
        self.rows = rows

    def __array__(self, dtype=None, copy=None):
        return self.rows


class Dlpack:
    """An array that speaks DLPack only."""

    def __init__(self, rows):
        self.rows = rows

    def __dlpack__(self, **asked):
        return self.rows.__dlpack__(**asked)

    def __dlpack_device__(self):
        return self.rows.__dlpack_device__()


VIEWED = {
    "ndarray": ROWS,
    "__array__": Array(ROWS),
    "__dlpack__": Dlpack(ROWS),
    "buffer": memoryview(ROWS),
    "DataFrame": pd.DataFrame(ROWS),
    "pyarrow fixed size lists": FIXED,
    "pyarrow slice": FIXED[3:],
    "pyarrow lists": pa.ListArray.from_arrays(np.arange(0, ROWS.size + 1, ROWS.shape[1]), ROWS.reshape(-1)),
    "pyarrow chunked": pa.chunked_array([FIXED[:700], FIXED[700:]]),
    "pyarrow tensors": pa.FixedShapeTensorArray.from_numpy_ndarray(ROWS),
    "pandas arrow lists": pd.Series(pd.arrays.ArrowExtensionArray(FIXED)),
    "polars arrays": pl.Series(ROWS),
    "polars lists": pl.Series(ROWS).cast(pl.List(pl.Float32)),
    "polars arrays of pyarrow": pl.from_arrow(FIXED),
}
OTHERS = {
    "list of arrays": list(ROWS),
    "Series of arrays": pd.Series(list(ROWS)),
    "list of __array__": [Array(row) for row in ROWS],
    "columns first": np.asfortranarray(ROWS),
    "float16": ROWS.astype(np.float16),
    "bfloat16": ROWS.astype(ml_dtypes.bfloat16),
    "bfloat16 of __array__": Array(ROWS.astype(ml_dtypes.bfloat16)),
    "integers": (100 * ROWS).astype(np.int16),
    "polars frame": pl.DataFrame(ROWS),
}


def peak(call):
    """Return the most bytes that a call held which Python knows of, numpy's included."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("rows", VIEWED.values(), ids=VIEWED)
def test_the_memory_of_others_is_read_where_it_is(rows):
    found = batch(rows, "vectors").rows
    views = found if isinstance(found, list) else [found]
    assert all(view.base is not None or view is ROWS for view in views)
    assert peak(lambda: batch(rows, "vectors")) < ROWS.nbytes / 4  # a view of each row of a chunked one


@pytest.mark.parametrize("name", ["ndarray", "__array__", "__dlpack__", "buffer", "pyarrow fixed size lists"])
def test_it_is_the_very_memory(name):
    assert np.shares_memory(batch(VIEWED[name], "vectors").rows, ROWS)


@pytest.mark.parametrize("rows", (VIEWED | OTHERS).values(), ids=VIEWED | OTHERS)
def test_the_numbers_are_copied_once(rows):
    most = peak(lambda: canonical_rows(rows, ROWS.shape[1]))
    assert 0.99 * ROWS.nbytes < most < 1.25 * ROWS.nbytes


def test_of_doubles_there_is_a_flag_for_each_number_besides():
    rows = ROWS.astype(np.float64)
    assert (
        peak(lambda: canonical_rows(rows, ROWS.shape[1])) < 1.3 * ROWS.nbytes
    )  # one byte says if it is infinite


def test_rust_reads_the_rows_of_an_array_where_they_are():
    ids = list(map(str, range(len(ROWS))))
    assert peak(lambda: VectorStore(ROWS.shape[1], backend="rust").add_vectors(ids, ROWS)) < ROWS.nbytes / 4


@pytest.mark.parametrize("rows", (VIEWED | OTHERS).values(), ids=VIEWED | OTHERS)
def test_rust_takes_over_the_one_copy(rows):
    ids = list(map(str, range(1_997 if rows is VIEWED["pyarrow slice"] else len(ROWS))))
    most = peak(lambda: VectorStore(ROWS.shape[1], backend="rust").add_vectors(ids, rows))
    assert most < 1.3 * ROWS.nbytes


WAYS = {"ndarray": np.asarray, "__array__": Array, "__dlpack__": Dlpack, "buffer": memoryview, "list": list}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("backend", ["python", "numpy", "rust"])
def test_what_is_stored_is_not_the_memory_of_others(backend, way):
    """The other side: to copy nothing would be one too few."""
    rows, single = np.eye(4, dtype=np.float32), np.full(4, 2, np.float32)
    store = VectorStore(4, backend=backend)
    store.add_vectors(list("abcd"), way(rows))
    store.add_vector("e", way(single))
    rows[:], single[:] = 7, 7
    assert store.get_vectors(list("abcde")).tolist() == [*np.eye(4).tolist(), [2, 2, 2, 2]]


class Refused(Array):
    """A tensor whose conversion raises, as one of torch does."""

    def __array__(self, dtype=None, copy=None):
        raise self.rows


TORCH = {
    "bfloat16": (TypeError("Got unsupported ScalarType BFloat16"), "pass tensor.float()"),
    "float8": (TypeError("Got unsupported ScalarType Float8_e4m3fn"), "pass tensor.float()"),
    "requires grad": (
        RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach()."),
        None,
    ),
    "cuda": (TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first."), None),
}


@pytest.mark.parametrize(("error", "hint"), TORCH.values(), ids=TORCH)
@pytest.mark.parametrize("given", [lambda tensor: tensor, lambda tensor: [tensor]], ids=["batch", "list"])
def test_what_torch_raises_passes_through_with_a_note_where_it_names_no_call(error, hint, given):
    error.__notes__ = []
    with pytest.raises(type(error)) as caught:
        VectorStore(3, backend="rust").add_vectors(["a"], given(Refused(error)))
    assert (caught.value, str(caught.value)) == (error, error.args[0])
    assert (hint is None and not error.__notes__) or hint in error.__notes__[0]


SINGLE = {
    "array.array": array.array("f", [1, 2, 3]),
    "memoryview": memoryview(np.array([1, 2, 3], np.float32)),
    "__array__": Array(np.array([1, 2, 3], np.float32)),
    "__dlpack__": Dlpack(np.array([1, 2, 3], np.float32)),
    "bytearray": bytearray([1, 2, 3]),
}


@pytest.mark.parametrize("vector", SINGLE.values(), ids=SINGLE)
@pytest.mark.parametrize("backend", ["python", "numpy", "rust"])
def test_single_vectors_through_each_protocol(backend, vector):
    store = VectorStore(3, backend=backend)
    store.add_vector("a", vector)
    assert store.get_vector("a").tolist() == [1, 2, 3]
    assert as_array(vector).base is not None or isinstance(vector, Array)
