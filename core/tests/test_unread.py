"""The numpy backend reads the rows of a durable store when they are wanted, and never an unchecked one."""

import numpy as np
import pytest
from refvec import CorruptStoreError, VectorStore

COUNT = 3000
IDS = [f"id {at}" for at in range(COUNT)]
ROWS = np.random.default_rng(3).standard_normal((COUNT, 200), np.float32)


@pytest.fixture
def path(tmp_path):
    with VectorStore(200, path=tmp_path / "store", backend="numpy") as store:
        store.add_vectors(IDS, ROWS)
    return tmp_path / "store"


def opened(path, mode="r"):
    return VectorStore(path=path, backend="numpy", mode=mode)


def damage(path, *indices):
    with (path / "rows-00000001.f32").open("r+b") as file:
        for index in indices:
            file.seek(4096 + 800 * index + 5)
            file.write(b"\xff\xff")


def unread(store):
    return 0 if store._unread is None else int(store._unread.left.sum())


@pytest.mark.parametrize("mode", ["r", "r+"])
def test_what_is_read_is_what_is_asked_for(path, mode):
    with opened(path, mode) as store:
        assert unread(store) == COUNT
        assert store.get_vector("id 7").tobytes() == ROWS[7].tobytes()
        assert store.get_vectors(["id 9", "id 7", "id 9"]).tobytes() == ROWS[[9, 7, 9]].tobytes()
        assert store.get_vector_by_index(2999).tobytes() == ROWS[2999].tobytes()
        assert unread(store) == COUNT - 3
        assert list(store.search(ROWS[5], 1).ids) == [("id 5",)]
        assert unread(store) == 0
        assert store.get_all_vectors().tobytes() == ROWS.tobytes()


CALLS = {
    "get": lambda store: store.get_vector("id 8"),
    "get many": lambda store: store.get_vectors(["id 7", "id 8"]),
    "get by index": lambda store: store.get_vector_by_index(8),
    "get all": lambda store: store.get_all_vectors(),
    "search": lambda store: store.search(ROWS[0], 2),
    "search within": lambda store: store.search(ROWS[0], 2, within=["id 8"]),
    "find": lambda store: store.find_vector(ROWS[8]),
    "snapshot": lambda store: store.snapshot(),
    "items": lambda store: list(store.items(100)),
    "batches": lambda store: list(store.iter_batches(100)),
    "add": lambda store: store.add_vector("new", ROWS[0]),
    "upsert": lambda store: store.upsert_vector("id 8", ROWS[0]),
    "remove": lambda store: store.remove_vector("id 7"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_damaged_row_is_told_by_who_needs_it_and_changes_nothing(path, call):
    damage(path, 8)
    with opened(path, "r+") as store:
        for _ in range(2):
            with pytest.raises(CorruptStoreError, match=r"rows-00000001\.f32.*index 8 \(offset 10496\)"):
                call(store)
        assert (len(store), store.ids()) == (COUNT, IDS)
        assert store.get_vectors(["id 7", "id 9"]).tobytes() == ROWS[[7, 9]].tobytes()
        store.clear()
        assert store.add_vector("new", ROWS[8]) == COUNT
    with opened(path) as store:
        assert store.get_vector("new").tobytes() == ROWS[8].tobytes()


def test_a_writer_goes_on_as_if_everything_had_been_read(path):
    with opened(path, "r+") as store:
        assert store.add_vectors(["a", "b"], np.stack([ROWS[4], ROWS[4] + 1])).tolist() == [4, COUNT]
        store.remove_vectors(["id 4", "id 5", "a"])
        store.flush()
        assert store.add_vector("c", ROWS[5]) == 4
        assert store.upsert_vector("id 6", ROWS[7]) == 7
    wanted = {**dict(zip(IDS, ROWS, strict=True)), "b": ROWS[4] + 1, "c": ROWS[5], "id 6": ROWS[7]}
    del wanted["id 4"], wanted["id 5"]
    with opened(path) as store:
        assert store.get_vectors(list(wanted)).tobytes() == np.stack(list(wanted.values())).tobytes()


def test_a_row_that_is_replaced_before_it_was_read_is_not_read_any_more(path):
    with opened(path, "r+") as store:
        store._ledger.complete = True  # as if nobody needed tokens
        for function, *arguments in store._storing(np.array([3, 1]), ROWS[:2]):
            function(*arguments)
        assert unread(store) == COUNT - 2
        assert store.get_vectors(["id 1", "id 2", "id 3"]).tobytes() == ROWS[[1, 2, 0]].tobytes()


def test_vectors_whose_digests_collide_are_told_apart(path):
    rows = np.ones((5, 200), np.float32)
    rows[:, 199] = range(5)  # which no digest looks at
    with opened(path, "r+") as store:
        store.add_vectors(["p", "q", "r", "s", "t"], rows)
    with opened(path, "r+") as store:
        assert store.find_vector(rows[3]) == COUNT + 3
        assert store.add_vectors(["u", "v"], rows[:2]).tolist() == [COUNT, COUNT + 1]


def test_a_compaction_leaves_the_old_file_to_who_has_not_read_it(path):
    with opened(path, "r+") as store:
        store.get_vector("id 0")
        store.compact()
        assert unread(store) == COUNT - 1
        assert store.get_all_vectors().tobytes() == ROWS.tobytes()


def test_a_reader_that_has_read_everything_lets_go(path):
    with opened(path, "r+") as writer, opened(path) as reader:
        writer.remove_vector("id 0")
        writer.flush()
        assert writer.add_vector("x", ROWS[0] + 1) == COUNT
        reader.get_all_vectors()
        writer.flush()
        assert writer.add_vector("y", ROWS[0] + 2) == 0
