"""Parquet, which pyarrow reads and writes, and safetensors beside the library of that name."""

import subprocess
import sys
import uuid
from contextlib import suppress

import numpy as np
import pytest
from refvec import VectorStore
from refvec.interchange import InterchangeError, export_store, import_file, open_source

arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


def imported(path, **given):
    store = VectorStore(backend="numpy", precision="exact")
    import_file(store, path, **given)
    return store


def alike(one, other):
    assert one.ids() == other.ids()
    assert one.get_vectors(one.ids()).tobytes() == other.get_vectors(one.ids()).tobytes()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.parquet"


def write(path, ids, vectors, **columns):
    parquet.write_table(arrow.table({"id": ids, "vector": vectors, **columns}), path)
    return path


@pytest.mark.usefixtures("small_batches")
def test_a_store_comes_back(odd_store, path):
    assert export_store(odd_store, path) == odd_store.total_references
    alike(imported(path), odd_store)
    assert parquet.read_metadata(path).num_row_groups > 1


@pytest.mark.parametrize("dimension", [None, 5])
def test_an_empty_store(path, dimension):
    export_store(VectorStore(dimension, backend="numpy"), path)
    with open_source(path) as opened:
        assert (opened.rows, opened.dimension, list(opened.batches())) == (0, dimension, [])


def test_other_libraries_read_it(odd_store, path):
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    export_store(odd_store, path)
    wanted = odd_store.get_vectors(odd_store.ids()).tobytes()
    frame = pandas.read_parquet(path)
    assert (frame["id"].tolist(), np.stack(frame["vector"]).tobytes()) == (odd_store.ids(), wanted)
    frame = polars.read_parquet(path)
    assert (frame["id"].to_list(), frame["vector"].to_numpy().tobytes()) == (odd_store.ids(), wanted)


@pytest.mark.parametrize("item", ["float16", "float32", "float64", "int8", "uint16", "int64"])
@pytest.mark.parametrize("kind", ["list_", "large_list", "fixed"])
@pytest.mark.usefixtures("small_batches")
def test_lists_of_any_number(path, item, kind):
    item = getattr(arrow, item)()
    kind = arrow.list_(item, 3) if kind == "fixed" else getattr(arrow, kind)(item)
    rows = np.arange(60).reshape(20, 3)
    values = arrow.array(list(rows.astype(item.to_pandas_dtype())), kind)
    write(path, [f"{row}" for row in range(20)], values, other=values)
    assert (imported(path).get_all_vectors() == rows).all()


def test_tensors_of_a_fixed_shape(path):
    rows = np.arange(6, dtype=np.float32).reshape(2, 3)
    write(path, ["a", "b"], arrow.FixedShapeTensorArray.from_numpy_ndarray(rows))
    assert (imported(path).get_all_vectors() == rows).all()


def test_ids_of_other_types(path):
    names = [uuid.UUID(int=number) for number in range(3)]
    rows = arrow.array([[1.0], [2.0], [3.0]])
    kinds = [arrow.large_string(), arrow.string_view(), arrow.dictionary(arrow.int8(), arrow.string())]
    for ids in (arrow.array(["a", "b", "c"], kind) for kind in kinds):
        assert imported(write(path, ids, rows)).ids() == ["a", "b", "c"]
    ids = arrow.ExtensionArray.from_storage(
        arrow.uuid(), arrow.array([one.bytes for one in names], arrow.binary(16))
    )
    assert imported(write(path, ids, rows)).ids() == list(map(str, names))


def test_columns_by_name(path):
    table = arrow.table({"key": ["a"], "embedding": [[1.0, 2.0]], "text": ["t"]})
    parquet.write_table(table, path)
    assert imported(path, id_column="key", vector_column="embedding").get_vector("a").tolist() == [1, 2]
    with pytest.raises(InterchangeError, match=r"no column 'id' but 'key', 'embedding', 'text' \(--id-column"):
        open_source(path)
    wide = path.with_name("wide.parquet")
    parquet.write_table(arrow.table({f"c{n}": [1.0] for n in range(384)}), wide)
    with pytest.raises(InterchangeError, match=r"'c7' and 376 more \(--id-column") as caught:
        open_source(wide)
    assert len(str(caught.value)) < 300
    with pytest.raises(InterchangeError, match="no column 'vector'"):
        open_source(path, id_column="key")
    with pytest.raises(InterchangeError, match="in a column"):
        open_source(path, ids=path)


TWENTY = [f"{row}" for row in range(20)]


def twenty(odd, at=17):
    return [odd if row == at else [row, row] for row in range(20)]


@pytest.mark.parametrize(
    ("ids", "vectors", "row", "words"),
    [
        (TWENTY, twenty(None), 17, "'vector' is null"),
        (TWENTY, twenty([1, None]), 17, "component 1 of 'vector' is null"),
        (TWENTY, twenty([1]), 17, "1 components, expected 2"),
        (TWENTY, twenty([]), 17, "0 components, expected 2"),
        (TWENTY, twenty([1.0, 1e300]), 17, "beyond the largest float32"),
        ([None if row == 18 else f"{row}" for row in range(20)], twenty([0, 0]), 18, "null"),
        (["a"] * 20, twenty([0, 0]), 1, "more than once|already"),
    ],
    ids=range(7),
)
@pytest.mark.usefixtures("small_batches")
def test_rows_that_are_refused_are_named(path, ids, vectors, row, words):
    write(path, arrow.array(ids), arrow.array(vectors, arrow.list_(arrow.float64())))
    with pytest.raises(InterchangeError, match=words) as caught:
        imported(path)
    assert caught.value.row == row


@pytest.mark.parametrize(
    ("ids", "vectors", "words"),
    [
        (arrow.array([1]), arrow.array([[1.0]]), "'id' holds int64"),
        (arrow.array([b"a"]), arrow.array([[1.0]]), "'id' holds binary"),
        (arrow.array([["a"]]), arrow.array([[1.0]]), "'id' holds list"),
        (arrow.array(["a"]), arrow.array([1.0]), "'vector' holds double"),
        (arrow.array(["a"]), arrow.array(["1.0"]), "'vector' holds string"),
        (arrow.array(["a"]), arrow.array([["1.0"]]), "lists of string"),
        (arrow.array(["a"]), arrow.array([[True]]), "lists of bool"),
        (arrow.array(["a"]), arrow.array([[[1.0]]]), "lists of list"),
        (arrow.array(["a"]), arrow.array([{"x": 1.0}]), "'vector' holds struct"),
    ],
    ids=range(9),
)
def test_columns_of_another_type(path, ids, vectors, words):
    with pytest.raises(InterchangeError, match=words):
        imported(write(path, ids, vectors))


def test_a_file_that_is_cut_or_altered(odd_store, path):
    export_store(odd_store, path)
    whole = path.read_bytes()
    for size in range(0, len(whole), 31):
        path.write_bytes(whole[:size])
        with pytest.raises(InterchangeError, match=r"x\.parquet"):
            open_source(path)
    rng = np.random.default_rng(0)
    footer = int.from_bytes(whole[-8:-4], "little")  # which has no checksum
    for at in rng.integers(len(whole) - 8 - footer, size=100).tolist():
        altered = bytearray(whole)
        altered[at] ^= 0xFF
        path.write_bytes(altered)
        with suppress(InterchangeError):  # nothing else is raised, and what is read is what was written
            alike(imported(path), odd_store)


CHILD = """
import sys
import pyarrow
from refvec.interchange import export_store, open_source, parquet
source, path = sys.argv[1:]
if source:
    parquet.GROUP_BYTES = 2**20
    export_store(source, path)
with open_source(path) as opened:
    print(sum(len(batch.ids) for batch in opened.batches()), pyarrow.default_memory_pool().max_memory())
"""


@pytest.mark.parametrize("groups", ["ours", "one"])
def test_a_file_is_never_all_in_memory(tmp_path, path, groups):
    rows = np.random.default_rng(0).standard_normal((16_000, 1_000), np.float32)  # 64 MB
    ids, source = list(map(str, range(len(rows)))), ""
    if groups == "ours":
        source = str(tmp_path / "store")
        store = VectorStore(backend="numpy")
        store.add_vectors(ids, rows)
        store.save(source)
    else:
        write(path, ids, arrow.FixedSizeListArray.from_arrays(arrow.array(rows.reshape(-1)), rows.shape[1]))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, source, path], capture_output=True, text=True, check=True
    )
    count, most = map(int, done.stdout.split())
    assert count == len(rows)
    assert most < 32 * 2**20  # some batches of 4, decoded


def test_the_missing_extra_is_named(tmp_path):
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from refvec.interchange import export_store; from refvec import VectorStore\n"
        f"export_store(VectorStore(2, backend='numpy'), r'{tmp_path / 'x.parquet'}')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert 'pip install "refvec[parquet]"' in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_library_of_safetensors_reads_ours(odd_store, tmp_path):
    library = pytest.importorskip("safetensors.numpy")
    export_store(odd_store, tmp_path / "x.safetensors")
    found = library.load_file(tmp_path / "x.safetensors")
    wanted = odd_store.get_vectors(odd_store.ids()).tobytes()
    assert found["vectors"][found["id_rows"]].tobytes() == wanted
    assert found["vectors"].tobytes() == odd_store.get_all_vectors().tobytes()
    ends = np.cumsum(found["id_lengths"])
    text = found["id_bytes"].tobytes()
    assert [text[end - size : end].decode() for end, size in zip(ends, found["id_lengths"], strict=True)] == (
        odd_store.ids()
    )


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i8", "u1"])
def test_we_read_what_the_library_of_safetensors_writes(tmp_path, dtype):
    library = pytest.importorskip("safetensors.numpy")
    rows = np.arange(6).reshape(2, 3).astype(dtype)
    library.save_file({"b": rows, "a": np.zeros(7, np.float32)}, tmp_path / "x.safetensors", {"by": "them"})
    (tmp_path / "ids").write_text('"a"\n"b"\n')
    store = imported(tmp_path / "x.safetensors", ids=tmp_path / "ids", vector_column="b")
    assert (store.get_all_vectors() == rows).all()
