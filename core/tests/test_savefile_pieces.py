"""Saved files piece by piece, and what becomes of the file that was there."""

import os
import stat
from contextlib import contextmanager

import numpy as np
import pytest
from refvec import CorruptStoreError, Layout, OpenSpec, State, VectorStore, savefile
from refvec.savefile import replacing
from refvec.savefile.format import PIECE_BYTES, spans


@pytest.fixture
def saved(tmp_path):
    store = VectorStore(2)
    store.add_vectors(["a", "b", "c", "é"], [[1, 2], [3, 4], [1, 2], [5, 6]])
    store.remove_vector("b")
    store.save(tmp_path / "store.refvec")
    return tmp_path / "store.refvec"


@contextmanager
def untouched(path):
    """Fail unless the folder of a file is afterwards what it was before."""
    before = path.read_bytes()
    yield
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "error", [OSError("disk full"), KeyboardInterrupt("disk full"), MemoryError("disk full")]
)
@pytest.mark.parametrize("function", ["fsync", "replace", "fchmod", "fstat"])
def test_a_failed_save_leaves_the_old_file(saved, monkeypatch, function, error):
    def fail(*_):
        raise error

    saved.chmod(0o640)
    with untouched(saved):
        monkeypatch.setattr(os, function, fail)
        with pytest.raises(type(error), match="disk full"):
            VectorStore(3).save(saved)
        monkeypatch.undo()


def test_save_follows_a_link(saved, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(saved)
    VectorStore(7).save(link)
    assert link.is_symlink()
    assert VectorStore.load(saved).dimension == 7


def many(count=3 * PIECE_BYTES // 4096):
    """A state whose rows fill several pieces."""
    rows = np.arange(count * 1024, dtype=np.float32).reshape(count, 1024)
    layout = Layout([str(j) for j in range(count)], np.arange(count), None, count, count, 1024)
    return State(layout, [rows[:5], rows[5:6], rows[6:]])


SPEC = OpenSpec(1024, 1, 6)


def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path):
    path = tmp_path / "store"
    savefile.write(path, SPEC, many())

    def use(spec, state):
        blocks = iter(state.blocks)
        next(blocks)
        with path.open("r+b") as file:
            file.seek(-20, os.SEEK_END)
            file.write(b"here")
        return len(list(blocks))

    with pytest.raises(CorruptStoreError, match="checksum"):
        savefile.read(path, use)


def test_a_file_that_shrinks_while_it_is_read_is_noticed(tmp_path):
    path = tmp_path / "store"
    savefile.write(path, SPEC, many())

    def use(spec, state):
        os.truncate(path, 2 * PIECE_BYTES)
        return list(state.blocks)

    with pytest.raises(CorruptStoreError, match="shorter"):
        savefile.read(path, use)


def test_the_checksum_is_looked_at_even_if_nobody_wants_the_rows():
    blob = bytearray(savefile.encode(SPEC, many()))
    blob[-20] ^= 1
    with pytest.raises(CorruptStoreError, match=r"^here is.*checksum"):
        savefile.decode(bytes(blob), "here", lambda *_: None)


def test_damage_explains_the_error_that_it_led_to(saved):
    blob = saved.read_bytes().replace(b'"precision": 6', b'"precision": 7')

    def use(spec, state):
        raise RuntimeError(f"cannot do {spec.precision}")

    with pytest.raises(CorruptStoreError, match="checksum"):
        savefile.decode(blob, "here", use)
    with pytest.raises(RuntimeError, match="cannot do 6"):
        savefile.decode(saved.read_bytes(), "here", use)


@pytest.mark.parametrize("error", [OSError("a bad sector"), MemoryError("a bad sector")])
def test_what_cannot_be_read_is_not_called_damage(saved, error):
    def use(spec, state):
        raise error

    with pytest.raises(type(error), match="a bad sector"):
        savefile.decode(saved.read_bytes()[:-1] + b"?", "here", use)


def test_blocks_are_arrays_of_their_own():
    state = many()
    kept = savefile.decode(savefile.encode(SPEC, state), "here", lambda _, state: list(state.blocks))
    assert len(kept) > 2
    assert np.concatenate(kept).tobytes() == np.concatenate(state.blocks).tobytes()


def test_encode_returns_what_write_writes(tmp_path):
    savefile.write(tmp_path / "store", SPEC, many())
    assert (tmp_path / "store").read_bytes() == savefile.encode(SPEC, many())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda blocks: blocks[:-1],
        lambda blocks: [*blocks, blocks[0]],
        lambda blocks: [block[:, 1:] for block in blocks],
        lambda blocks: [block.ravel() for block in blocks],
        lambda _: [],
    ],
    ids=["too few", "too many", "too narrow", "flat", "none"],
)
def test_other_rows_than_announced_replace_nothing(saved, spoil):
    state = many()
    with untouched(saved), pytest.raises(RuntimeError, match=r"announced 192 rows of 1024 components"):
        savefile.write(saved, SPEC, state._replace(blocks=spoil(state.blocks)))


def test_an_error_of_the_rows_keeps_its_own_name(saved):
    def blocks():
        raise FileNotFoundError(2, "gone", "rows.bin")
        yield

    with untouched(saved), pytest.raises(FileNotFoundError, match=r"rows\.bin"):
        savefile.write(saved, SPEC, many()._replace(blocks=blocks()))


@pytest.mark.parametrize(
    "lengths", [[], [0], [5, 0, 0], [PIECE_BYTES + 1, 1], [PIECE_BYTES // 2] * 5 + [1] * 9]
)
def test_spans_cover_everything_piece_by_piece(lengths):
    lengths = np.array(lengths, np.int64)
    found = list(spans(lengths))
    assert [j for start, stop in found for j in range(start, stop)] == list(range(len(lengths)))
    assert all(stop == start + 1 or lengths[start:stop].sum() <= PIECE_BYTES for start, stop in found)


def test_many_long_ids_are_kept(tmp_path):
    store = VectorStore(1, backend="python")
    ids = [f"{j} " + letter * (PIECE_BYTES // 3) for j, letter in enumerate("a\u00e9\U0001f600b") for _ in [0]]
    store.add_vectors(ids, [[j] for j in range(len(ids))])
    store.save(tmp_path / "store")
    assert VectorStore.load(tmp_path / "store").ids() == ids


def test_a_device_is_refused():
    with pytest.raises(OSError, match=r"character device.*asked") as caught:
        replacing.require_plain(stat.S_IFCHR | 0o666, "asked")
    assert caught.value.filename == "asked"


def test_a_group_that_cannot_be_kept_gets_no_more_than_everybody(saved, monkeypatch):
    saved.chmod(0o764)
    found = saved.stat()
    other = os.stat_result((*found[:5], found.st_gid + 1, *found[6:]))
    monkeypatch.setattr(os, "fchown", lambda *_: (saved.parent / "missing").stat())
    with saved.open() as file:
        replacing._resemble(file.fileno(), other)
    assert stat.S_IMODE(saved.stat().st_mode) == 0o744


def test_a_fifo_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(OSError, match=r"FIFO.*fifo"):
        VectorStore.load(tmp_path / "fifo")


def test_only_the_beginning_of_a_stranger_is_read(tmp_path):
    with (tmp_path / "stranger").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(CorruptStoreError, match="begin"):
        VectorStore.load(tmp_path / "stranger")
