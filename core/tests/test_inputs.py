"""VEC-1 and ID-1 with the arrays of ml_dtypes, pandas, pyarrow and polars (``nox -s inputs``)."""

import warnings

import ml_dtypes
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from refvec import DimensionMismatchError, IdTypeError, VectorError, VectorStore, VectorTypeError

ROWS = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]], np.float32)
IDS = ["x", "y", "z"]
LISTS = ROWS.tolist()
FIXED = pa.list_(pa.float32(), 3)
NULL_ROW = [LISTS[0], None, LISTS[2]]
NULL_INSIDE = [LISTS[0], [4, None, 6], LISTS[2]]
SHORT_ROW = [LISTS[0], [4, 5], LISTS[2]]

FLOATS = [
    np.float16,
    ml_dtypes.bfloat16,
    *(getattr(ml_dtypes, name) for name in dir(ml_dtypes) if name.startswith("float")),
]


@pytest.fixture(params=["python", "numpy", "rust"])
def store(request):
    return VectorStore(3, backend=request.param)


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def codes(dtype):
    """Return every value of a dtype, in a single row."""
    kind = np.dtype(dtype)
    return np.arange(256**kind.itemsize).astype(f"u{kind.itemsize}").view(kind)


@pytest.mark.parametrize("dtype", FLOATS, ids=lambda dtype: dtype.__name__)
def test_every_value_of_a_small_float_is_taken(store, dtype):
    values = codes(dtype)
    wide = VectorStore(len(values), backend=store.backend, precision="exact")
    wide.add_vector("a", values)
    np.testing.assert_array_equal(wide.get_vector("a"), [np.float32(float(one)) for one in values])


HALVES = pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16], ids=["float16", "bfloat16"])


@HALVES
@pytest.mark.parametrize("given", [lambda rows: rows, list, lambda rows: rows[::-1][::-1]])
def test_a_batch_of_halves(store, dtype, given):
    rows = given(ROWS.astype(dtype))
    store.add_vectors(IDS, rows)
    np.testing.assert_array_equal(store.get_vectors(IDS), ROWS)
    store.upsert_vectors(IDS, rows[::-1])
    np.testing.assert_array_equal(store.get_vectors(IDS), ROWS[::-1])
    assert (store.find_vector(rows[0]), store.search(rows[2], 1).ids) == (store.get_index("z"), [("x",)])


@HALVES
def test_halves_on_the_disk(store, tmp_path, dtype):
    values = codes(dtype)[np.isfinite(codes(dtype).astype(np.float32))]
    where = {"path": tmp_path, "backend": store.backend}
    with VectorStore(precision="exact", **where) as durable:
        durable.add_vectors(["a"], [values])
    with VectorStore(**where) as durable:
        np.testing.assert_array_equal(durable.get_vector("a"), [float(one) for one in values])


def test_int4_is_an_integer(store):
    store.add_vector("a", np.array([1, -2, 3], ml_dtypes.int4))
    assert store.get_vector("a").tolist() == [1, -2, 3]


@pytest.mark.parametrize("dtype", ["V4", [("x", "f4")], [("x", "i1"), ("y", "f4")]], ids=str)
def test_other_void_dtypes_are_refused(store, dtype):
    with pytest.raises(VectorTypeError):
        store.add_vector("a", np.zeros(3, dtype))


BATCHES = {
    "Series of arrays": pd.Series(list(ROWS)),
    "Series of lists": pd.Series(LISTS),
    "Series of arrow lists": pd.Series(LISTS, dtype=pd.ArrowDtype(FIXED)),
    "DataFrame": pd.DataFrame(ROWS),
    "list of Series": [pd.Series(row) for row in LISTS],
    "list of nullable Series": [pd.Series(row, dtype="Float32") for row in LISTS],
    "pyarrow fixed size lists": pa.array(LISTS, FIXED),
    "pyarrow lists": pa.array(LISTS, pa.list_(pa.float64())),
    "pyarrow slice": pa.array([[0, 0, 0], *LISTS], FIXED)[1:],
    "pyarrow chunked": pa.chunked_array([pa.array(LISTS[:1], FIXED), pa.array(LISTS[1:], FIXED)]),
    "pyarrow tensor": pa.FixedShapeTensorArray.from_numpy_ndarray(ROWS),
    "pyarrow table": pa.table({str(at): ROWS[:, at] for at in range(3)}),
    "list of pyarrow arrays": [pa.array(row) for row in LISTS],
    "pyarrow large lists": pa.array(LISTS, pa.large_list(pa.float64())),
    "pyarrow lists of halves": pa.array(list(ROWS.astype(np.float16)), pa.list_(pa.float16())),
    "pyarrow chunks of tensors": pa.chunked_array([pa.FixedShapeTensorArray.from_numpy_ndarray(ROWS)]),
    "pyarrow with an empty chunk": pa.chunked_array([pa.array([], FIXED), pa.array(LISTS, FIXED)]),
    "column of a pyarrow table": pa.table({"id": IDS, "v": pa.array(LISTS, FIXED)})["v"],
    "column of a DataFrame": pd.DataFrame({"id": IDS, "v": LISTS})["v"],
    "column of a polars frame": pl.DataFrame({"id": IDS, "v": LISTS})["v"],
    "polars lists of integers": pl.Series([[1, 2, 3], [4, 5, 6], [7, 8, 9]]),
    "polars lists in chunks": pl.concat([pl.Series(LISTS[:1]), pl.Series(LISTS[1:])], rechunk=False),
    "polars arrays": pl.Series(LISTS, dtype=pl.Array(pl.Float32, 3)),
    "polars lists": pl.Series(LISTS),
    "polars frame": pl.DataFrame(ROWS),
    "list of polars Series": [pl.Series(row) for row in LISTS],
}


@pytest.mark.parametrize("rows", BATCHES.values(), ids=BATCHES)
@pytest.mark.parametrize("method", ["add_vectors", "upsert_vectors"])
def test_a_batch_as_users_have_it(store, rows, method):
    getattr(store, method)(IDS, rows)
    np.testing.assert_array_equal(store.get_vectors(IDS), ROWS)


INCOMPLETE = {
    "Series with a missing row": pd.Series(NULL_ROW),
    "Series with None inside": pd.Series(NULL_INSIDE),
    "Series of arrow lists": pd.Series(NULL_ROW, dtype=pd.ArrowDtype(FIXED)),
    "Series of arrow lists with null inside": pd.Series(NULL_INSIDE, dtype=pd.ArrowDtype(FIXED)),
    "nullable DataFrame": pd.DataFrame(NULL_INSIDE, dtype="Float32"),
    "list of nullable Series": [pd.Series(row, dtype="Float32") for row in NULL_INSIDE],
    "list with NA": [LISTS[0], [4, pd.NA, 6], LISTS[2]],
    "pyarrow row": pa.array(NULL_ROW, FIXED),
    "pyarrow inside": pa.array(NULL_INSIDE, FIXED),
    "pyarrow lists inside": pa.array(NULL_INSIDE),
    "pyarrow slice": pa.array([[0, 0, 0], *NULL_INSIDE], FIXED)[1:],
    "pyarrow chunked": pa.chunked_array([pa.array(NULL_INSIDE[:1], FIXED), pa.array(NULL_INSIDE[1:], FIXED)]),
    "pyarrow table": pa.table({"a": [1, 4, 7], "b": [2, None, 8], "c": [3, 6, 9]}),
    "pyarrow record batch": pa.record_batch({"a": [1, 4, 7], "b": [2, None, 8], "c": [3, 6, 9]}),
    "list of pyarrow arrays": [pa.array(row) for row in NULL_INSIDE],
    "polars array row": pl.Series(NULL_ROW, dtype=pl.Array(pl.Float32, 3)),
    "polars array inside": pl.Series(NULL_INSIDE, dtype=pl.Array(pl.Float32, 3)),
    "polars list row": pl.Series(NULL_ROW),
    "polars list inside": pl.Series(NULL_INSIDE),
    "polars frame": pl.DataFrame({"a": [1, 4, 7], "b": [2, None, 8], "c": [3, 6, 9]}),
    "list of polars Series": [pl.Series(row) for row in NULL_INSIDE],
    "list with None": NULL_ROW,
    "list of arrays with None": [ROWS[0], None, ROWS[2]],
    "object array with None": np.array([ROWS[0], None, ROWS[2]], object),
    "Series with NaN for a row": pd.Series([ROWS[0], np.nan, ROWS[2]]),
    "Series with NA for a row": pd.Series([ROWS[0], pd.NA, ROWS[2]]),
}


@pytest.mark.parametrize("rows", INCOMPLETE.values(), ids=INCOMPLETE)
def test_a_null_in_a_batch_is_refused_and_named(store, rows):
    with pytest.raises(VectorTypeError) as caught:
        store.add_vectors(IDS, rows)
    assert (caught.value.position, store.count) == (1, 0)


def test_a_row_that_is_missing_says_what_to_do(store):
    with pytest.raises(VectorTypeError, match=r"got None; leave it out, and its id, or fill it \(position 1"):
        store.add_vectors(IDS, NULL_ROW)


RAGGED = {
    "Series": pd.Series(SHORT_ROW),
    "pyarrow": pa.array(SHORT_ROW),
    "polars": pl.Series(SHORT_ROW),
    "pyarrow chunked": pa.chunked_array([pa.array(SHORT_ROW[:1]), pa.array(SHORT_ROW[1:])]),
    "lists": SHORT_ROW,
    "arrays": [np.array(row) for row in SHORT_ROW],
    "list of Series": [pd.Series(row) for row in SHORT_ROW],
}


@pytest.mark.parametrize("rows", RAGGED.values(), ids=RAGGED)
def test_a_short_row_is_named(store, rows):
    with pytest.raises(DimensionMismatchError, match="expected 3, got 2") as caught:
        store.add_vectors(IDS, rows)
    assert caught.value.position == 1


SINGLE = {
    "Series": pd.Series([1, 2, np.nan], dtype="float64"),
    "sparse Series": pd.Series([1, 2, np.nan], dtype="Sparse[float]"),
    "pyarrow": pa.array([1, 2, float("nan")]),
    "polars": pl.Series([1.0, 2.0, float("nan")]),
}


@pytest.mark.parametrize("vector", SINGLE.values(), ids=SINGLE)
def test_a_nan_is_taken(store, vector):
    store.add_vector("a", vector)
    np.testing.assert_array_equal(store.get_vector("a"), [1, 2, np.nan])


MISSING = {
    "Float32": pd.Series([1, None, 3], dtype="Float32"),
    "Int64": pd.Series([1, None, 3], dtype="Int64"),
    "extension array": pd.array([1, None, 3], dtype="Float64"),
    "arrow dtype": pd.Series([1, None, 3], dtype="float[pyarrow]"),
    "object": pd.Series([1, None, 3], dtype=object),
    "pyarrow": pa.array([1, None, 3]),
    "pyarrow chunked": pa.chunked_array([pa.array([1.0, None]), pa.array([3.0])]),
    "polars": pl.Series([1, None, 3]),
    "list with NA": [1, pd.NA, 3],
    "list with masked": [1.0, np.ma.masked, 3.0],
}


@pytest.mark.parametrize("vector", MISSING.values(), ids=MISSING)
@pytest.mark.filterwarnings("ignore:Warning. converting a masked element")
def test_a_missing_component_is_refused(store, vector):
    warnings.simplefilter("ignore", UserWarning)  # of numpy, for its own masked constant
    with pytest.raises(VectorTypeError, match="fill") as caught:
        store.add_vector("a", vector)
    assert (caught.value.position, store.count) == (None, 0)


TEXTS = {
    "Series": pd.Series(IDS),
    "object Series": pd.Series(IDS, dtype=object),
    "categories": pd.Series(IDS, dtype="category"),
    "Index": pd.Index(IDS),
    "polars": pl.Series(IDS),
    "numpy": np.array(IDS),
    "numpy of variable width": np.array(IDS, np.dtypes.StringDType()),
    "pyarrow as Python": pa.array(IDS).to_pylist(),
}


@pytest.mark.parametrize("ids", TEXTS.values(), ids=TEXTS)
def test_a_column_of_ids(store, ids):
    store.add_vectors(ids, ROWS)
    assert store.ids() == IDS


@pytest.mark.parametrize("ids", [pa.array(IDS), pa.chunked_array([IDS])], ids=["array", "chunked"])
def test_scalars_of_pyarrow_are_no_ids(store, ids):
    with pytest.raises(IdTypeError, match="to_pylist") as caught:
        store.add_vectors(ids, ROWS)
    assert caught.value.position == 0


def test_a_missing_id_is_named(store):
    with pytest.raises(IdTypeError) as caught:
        store.add_vectors(pd.Series(["x", None, "z"]), ROWS)
    assert caught.value.position == 1


WAYS_OUT = {
    "set": ({1, 2, 3}, "no order"),
    "dict": ({"a": 1}, r"vector\.values\(\)"),
    "generator": ((one for one in (1, 2, 3)), r"list\(vector\)"),
    "dict view": ({"a": 1}.values(), r"list\(vector\)"),
    "str": ("123", "got str"),
    "None": (None, "got NoneType"),
    "numeric strings": (["1", "2", "3"], "np.asarray"),
    "bools": ([True, False, True], "np.asarray"),
    "complex": ([1j, 2, 3], r"\.real"),
    "column": (pd.Series(LISTS), "batches"),
    "pyarrow row": (pa.array(LISTS, FIXED)[0], "to_pylist"),
}


@pytest.mark.parametrize(("vector", "hint"), WAYS_OUT.values(), ids=WAYS_OUT)
def test_the_way_out_is_in_the_message(store, vector, hint):
    with pytest.raises(VectorTypeError, match=hint):
        store.add_vector("a", vector)


@pytest.mark.parametrize(
    ("vector", "hint"), [(5, "in a list"), (ROWS, "one of the rows")], ids=["scalar", "batch"]
)
def test_the_way_out_of_wrong_axes(store, vector, hint):
    with pytest.raises(VectorError, match=hint):
        store.add_vector("a", vector)


def test_a_vector_where_a_batch_is_wanted(store):
    with pytest.raises(VectorError, match=r"pass \[vector\]"):
        store.add_vectors(IDS, ROWS[0])


def test_numbers_are_no_ids_but_their_texts_are(store):
    with pytest.raises(TypeError, match="got int; ids are text, pass str") as caught:
        store.add_vectors(["x", 7], np.ones((2, 2)))
    assert caught.value.position == 1
    for missing in (None, float("nan"), pd.NA):
        with pytest.raises(TypeError, match=r"got .*; leave it out, and its vector"):
            store.add_vectors(["x", missing], np.ones((2, 2)))
    with pytest.raises(TypeError, match=r"got NoneType$"):  # of one there is nothing to leave out
        store.get_vector(None)


@pytest.mark.parametrize("library", [pl, pa], ids=["polars", "pyarrow"])
def test_a_missing_row_may_be_left_out(store, library):
    rows = [[1.0, 2.0], None, [3.0, 4.0]]
    column = pl.Series(rows, dtype=pl.Array(pl.Float32, 2)) if library is pl else pa.array(rows)
    with pytest.raises(VectorTypeError, match="leave the row out, and its id, or fill it") as caught:
        store.add_vectors(["x", "y", "z"], column)
    assert caught.value.position == 1
