"""Tables in place of a batch: the message names the column, and the call that takes it (``nox -s inputs``)."""

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from refvec import VectorStore, VectorTypeError

IDS = ["x", "y", "z"]
LISTS = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]
FIXED = pa.list_(pa.float32(), 3)


@pytest.fixture(params=["python", "numpy", "rust"])
def store(request):
    return VectorStore(3, backend=request.param)


FRAME = {"id": IDS, "v": LISTS}
NUMBERS = {"id": IDS, "a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0]}
TABLES = {
    "pandas": (pd.DataFrame(FRAME), r"vectors\['v'\]"),
    "pandas, nulls first": (pd.DataFrame({"v": [None, *LISTS[1:]]}), r"vectors\['v'\]"),
    "pandas, numbers": (pd.DataFrame(NUMBERS), r"vectors\.drop\(columns=\['id'\]\)"),
    "polars": (pl.DataFrame(FRAME), r"vectors\['v'\]"),
    "polars arrays": (pl.DataFrame({"v": pl.Series(LISTS, dtype=pl.Array(pl.Float32, 3))}), r"vectors\['v'\]"),
    "polars, numbers": (pl.DataFrame(NUMBERS), r"vectors\.drop\(\['id'\]\)"),
    "polars, lazy": (pl.LazyFrame(FRAME), r"vectors\.collect\(\)"),
    "pyarrow": (pa.table({"id": IDS, "v": pa.array(LISTS, FIXED)}), r"vectors\['v'\]"),
    "pyarrow batch": (pa.record_batch({"id": IDS, "v": LISTS}), r"vectors\['v'\]"),
    "pyarrow, numbers": (pa.table(NUMBERS), r"vectors\.drop_columns\(\['id'\]\)"),
}


@pytest.mark.parametrize(("table", "hint"), TABLES.values(), ids=TABLES)
def test_a_table_in_place_of_its_column_says_which(store, table, hint):
    with pytest.raises(VectorTypeError, match=hint) as caught:
        store.add_vectors(IDS, table)
    assert (caught.value.position, store.count) == (None, 0)


def test_what_the_hints_say_works(store):
    """Each call that a message names, made as it says."""
    for vectors in (pd.DataFrame(FRAME)["v"], pl.DataFrame(FRAME)["v"], pa.table(FRAME)["v"]):
        store.upsert_vectors(IDS, vectors)
    store.upsert_vectors(IDS, pl.LazyFrame(FRAME).collect()["v"])
    small = VectorStore(2, backend=store.backend)
    small.upsert_vectors(IDS, pd.DataFrame(NUMBERS).drop(columns=["id"]))
    small.upsert_vectors(IDS, pl.DataFrame(NUMBERS).drop(["id"]))
    small.upsert_vectors(IDS, pa.table(NUMBERS).drop_columns(["id"]))
    assert (len(store), len(small)) == (3, 3)
