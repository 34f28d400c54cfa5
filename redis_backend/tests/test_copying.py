"""``refvec copy`` from and to servers."""

import numpy as np
import pytest
from refvec import BackendUnavailableError, VectorStore
from refvec.interchange import source
from refvec.transfer import copy_store
from refvec_command.app import app
from typer.testing import CliRunner


@pytest.fixture
def original(monkeypatch):
    """A store whose ids are in another order than its vectors; batches are small."""
    monkeypatch.setattr(source, "MOST_ROWS", 7)
    store = VectorStore(4, backend="numpy", precision=3)
    rng = np.random.default_rng(0)
    rows = rng.random((30, 4))
    store.add_vectors([f"n{one}" for one in range(30)], rows)
    store.add_vectors(["", "🦀", "twice"], rows[[5, 6, 0]])
    store.upsert_vector("n3", rows[29])
    store.remove_vector("n20")
    return store


def content(store):
    groups = {tuple(store.ids_at(index)) for index in store.indices().tolist()}
    ids = store.ids()
    return (
        ids,
        store.get_vectors(ids).tobytes(),
        store.dimension,
        store.precision,
        {frozenset(one) for one in groups},
    )


@pytest.fixture
def new_address(address):
    return lambda name: address.replace("?", f"-{name}?")


def test_round_and_round(original, new_address, tmp_path):
    one, two = new_address("one"), new_address("two")
    original.save(tmp_path / "saved")
    assert copy_store(tmp_path / "saved", tmp_path / "directory").indices_kept
    assert copy_store(tmp_path / "directory", one) == (32, 0, False, 0)
    assert copy_store(one, two) == (32, 0, False, 0)
    assert copy_store(two, tmp_path / "copy") == (32, 0, True, 0)
    assert copy_store(two, tmp_path / "file", as_file=True) == (32, 0, True, 0)
    with VectorStore(path=two, mode="r") as served, VectorStore(path=tmp_path / "copy", mode="r") as copy:
        assert content(served) == content(copy) == content(original)
        assert content(VectorStore.load(tmp_path / "file")) == content(original)
        assert served.get_indices(served.ids()).tolist() == copy.get_indices(copy.ids()).tolist()
        copy.verify()


def test_a_store_with_ids_is_added_to_if_asked(original, new_address, tmp_path):
    original.save(tmp_path / "saved")
    address = new_address("there")
    with VectorStore(4, path=address, precision=3) as store:
        store.add_vector("n0", [9, 9, 9, 9])
        with pytest.raises(FileExistsError, match="1 ids; append=True"):
            copy_store(tmp_path / "saved", address)
        assert store.ids() == ["n0"]
        assert copy_store(tmp_path / "saved", address, append=True, on_duplicate="skip") == (31, 1, False, 0)
        assert store.get_vector("n0").tolist() == [9, 9, 9, 9]


def test_ids_that_go_meanwhile_are_left_out(original, new_address, tmp_path, monkeypatch):
    original.save(tmp_path / "saved")
    one, two = new_address("one"), new_address("two")
    copy_store(tmp_path / "saved", one)
    with VectorStore(path=one) as other:
        copied = copy_store(
            one, two, progress=lambda done, _: other.remove_vectors(["n1", "n29"]) if done else None
        )
    with VectorStore(path=two, mode="r") as store:
        assert copied.ids == len(store.ids()) == 31
        assert [one for one in original.ids() if one != "n29"] == store.ids()


def test_a_copy_that_ends_early_says_how_to_go_on(original, new_address, tmp_path, monkeypatch):
    original.save(tmp_path / "saved")
    address = new_address("part")
    real, calls = VectorStore.add_vectors, iter(range(99))

    def failing(self, *arguments):
        if next(calls) == 2:
            raise BackendUnavailableError("node: has gone. Nothing was changed")
        return real(self, *arguments)

    secret = address.replace("redis://", "redis://default:hunter2@")
    with monkeypatch.context() as patch:
        patch.setattr(VectorStore, "add_vectors", failing)
        patch.setenv("COLUMNS", "400")
        done = CliRunner().invoke(app, ["copy", str(tmp_path / "saved"), address])
    assert done.exit_code == 1, done.output
    assert "has gone" in done.output
    assert "14 of 32 ids are in" in done.output
    assert "--append --on-duplicate skip" in done.output
    assert "hunter2" not in CliRunner().invoke(app, ["copy", str(tmp_path / "saved"), secret]).output
    done = CliRunner().invoke(
        app, ["copy", str(tmp_path / "saved"), address, "--append", "--on-duplicate", "skip"]
    )
    assert "18 ids copied" in done.output
    with VectorStore(path=address, mode="r") as store:
        assert content(store) == content(original)


def test_the_buckets_fit_what_is_copied(original, cluster, tmp_path, monkeypatch):
    monkeypatch.setattr("refvec_redis.settings._PER_BUCKET", 0.05)
    original.save(tmp_path / "saved")
    address = f"{cluster.url}fitting"
    copy_store(tmp_path / "saved", address)
    with VectorStore(path=address) as store:
        assert store._meta.buckets == 16_384
        store.drop()
