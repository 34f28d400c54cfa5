"""``refvec copy`` between files and directories; with servers it is tested in redis_backend."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from refvec import CorruptStoreError, DuplicateIdError, VectorStore
from refvec.interchange import source
from refvec.transfer import copy_store
from refvec_command.app import app
from typer.testing import CliRunner


def everything(store):
    seen = store.snapshot()
    slots = [store.ids_at(index) for index in seen.indices.tolist()]
    counts = store.get_statistics()
    return (
        (seen.ids, seen.id_indices.tolist(), seen.indices.tolist(), seen.vectors.tobytes(), slots),
        (store.precision, store.dimension, counts["capacity"], counts["free_indices"]),
    )


def by_id(store):
    return store.ids(), store.get_vectors(store.ids()).tobytes(), store.precision


def opened(path):
    return VectorStore(path=path, mode="r", backend="numpy") if path.is_dir() else VectorStore.load(path)


@pytest.fixture
def places(odd_store, tmp_path):
    """A saved file and a directory with the same content."""
    saved, directory = tmp_path / "saved", tmp_path / "directory"
    odd_store.save(saved)
    copy_store(saved, directory)
    return {"file": saved, "directory": directory}


@pytest.mark.parametrize("to", ["file", "directory"])
@pytest.mark.parametrize("of", ["file", "directory"])
def test_everything_is_kept(odd_store, places, tmp_path, of, to):
    told = []
    target = tmp_path / "far" / "copy" if to == "directory" else tmp_path / "copy"
    copied = copy_store(places[of], target, as_file=to == "file", progress=lambda *one: told.append(one))
    assert copied == (odd_store.total_references, 0, True, 0)
    assert told[-1] == (len(odd_store), len(odd_store))
    with opened(target) as store:
        assert everything(store) == everything(odd_store)
    assert sorted(path.name for path in target.parent.iterdir()) == sorted(
        {"saved", "directory", "copy"} if to == "file" else {"copy"}
    )


@pytest.mark.parametrize("backend", ["python", "numpy"])
def test_a_copied_directory_is_a_store_like_others(places, odd_store, backend):
    with VectorStore(path=places["directory"], backend=backend) as store:
        store.verify()
        free = store.get_statistics()["free_indices"]
        assert free
        store.add_vector("new", [7, 7, 7])
        assert store.get_statistics()["free_indices"] == free - 1
    with opened(places["directory"]) as store:
        assert store.ids() == [*odd_store.ids(), "new"]


@pytest.mark.parametrize("dimension", [None, 5])
def test_an_empty_store(tmp_path, dimension):
    VectorStore(dimension, 7, backend="numpy", precision=2).save(tmp_path / "empty")
    assert copy_store(tmp_path / "empty", tmp_path / "copy") == (0, 0, True, 0)
    with opened(tmp_path / "copy") as store:
        assert (store.dimension, store.precision, store.get_statistics()["capacity"]) == (dimension, 2, 7)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("of", ["file", "directory"])
def test_into_a_store_that_is_there(odd_store, places, tmp_path, of):
    target = tmp_path / "there"
    VectorStore(3, path=target, backend="numpy", precision="exact").close()
    assert copy_store(places[of], target) == (odd_store.total_references, 0, False, 0)
    with opened(target) as store:
        assert by_id(store) == by_id(odd_store)
        assert len(store) == len(odd_store)


def test_what_is_there_is_left_alone(places, tmp_path):
    with VectorStore(3, path=tmp_path / "there", backend="numpy", precision="exact") as store:
        store.add_vector("n1", [1, 2, 3])
    before = by_id(opened(tmp_path / "there"))
    with pytest.raises(FileExistsError, match="--append"):
        copy_store(places["file"], tmp_path / "there")
    with pytest.raises(FileExistsError, match="--overwrite"):
        copy_store(places["file"], places["file"])
    with pytest.raises(FileExistsError, match="--overwrite"):
        copy_store(places["directory"], places["file"], as_file=True)
    with pytest.raises(ValueError, match=r"in the store already") as caught:
        copy_store(places["file"], tmp_path / "there", append=True)
    assert isinstance(caught.value.__cause__, DuplicateIdError)
    assert "Nothing was copied" in caught.value.__notes__[0]
    assert by_id(opened(tmp_path / "there")) == before


def test_appending(odd_store, places, tmp_path):
    with VectorStore(3, path=tmp_path / "there", backend="numpy", precision="exact") as store:
        store.add_vector("n1", [1, 2, 3])
    count = odd_store.total_references
    adding = {"target": tmp_path / "there", "append": True}
    assert copy_store(places["file"], **adding, on_duplicate="skip") == (count - 1, 1, False, 0)
    assert opened(tmp_path / "there").get_vector("n1").tolist() == [1, 2, 3]
    assert copy_store(places["file"], **adding, on_duplicate="upsert").ids == count
    with opened(tmp_path / "there") as store:
        assert store.get_vectors(odd_store.ids()).tobytes() == odd_store.get_vectors(odd_store.ids()).tobytes()


def test_a_store_that_does_not_fit(places, tmp_path):
    VectorStore(4, path=tmp_path / "wide", backend="numpy", precision="exact").close()
    with pytest.raises(ValueError, match="dimension 4, the source 3"):
        copy_store(places["file"], tmp_path / "wide")
    VectorStore(3, path=tmp_path / "coarse", backend="numpy").close()
    with pytest.raises(ValueError, match="precision 6"):
        copy_store(places["file"], tmp_path / "coarse")


def test_damage_is_found_and_leaves_nothing(places, tmp_path):
    for path in (places["file"], places["directory"] / "rows-00000001.f32"):
        with path.open("r+b") as file:
            file.seek(-5 if path == places["file"] else 4096, 2 if path == places["file"] else 0)
            file.write(b"bad")
    for place in places.values():
        for as_file in (False, True):
            with pytest.raises(CorruptStoreError):
                copy_store(place, tmp_path / "copy", as_file=as_file)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["directory", "saved"]


def test_what_a_killed_copy_left_is_removed(places, odd_store, tmp_path):
    code = (
        "import os, signal, sys\n"
        "from refvec.transfer import copy_store\n"
        "copy_store(*sys.argv[1:], progress=lambda *_: os.kill(os.getpid(), signal.SIGKILL))"
    )
    target = tmp_path / "copy"
    done = subprocess.run([sys.executable, "-c", code, places["file"], target], check=False)
    assert done.returncode == -signal.SIGKILL
    assert Path(f"{target}.unfinished-copy").exists()
    assert not target.exists()
    copy_store(places["file"], target)
    assert not Path(f"{target}.unfinished-copy").exists()
    with opened(target) as store:
        assert everything(store) == everything(odd_store)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments, code=0):
        result = CliRunner().invoke(app, ["copy", *map(os.fspath, arguments)], env={"COLUMNS": "120"})
        assert result.exit_code == code, result.output
        return " ".join(result.output.split())

    return run


def test_the_command_says_what_is_kept(run, places):
    assert "51 ids copied to two" in run(places["file"], "two")
    output = run("two", "three", "--file")
    assert "their indices are the same" in output
    VectorStore(3, path="four", backend="numpy", precision="exact").close()
    assert "their indices are new" in run("three", "four")
    assert "51 skipped" in run("three", "four", "--append", "--on-duplicate", "skip", "--backend", "python")


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (("none", "x"), "none: No such file", 2),
        (("saved", "directory"), "--append", 2),
        (("saved", "saved"), "--overwrite", 2),
        (("saved", "redis://me:secret@127.0.0.1:1/x", "--file"), "an address and no file", 2),
        (("saved", "nowhere://me:secret@127.0.0.1:1/x"), "No installed backend", 2),
        (("saved", "directory", "--backend", "nunpy"), "Did you mean 'numpy'", 2),
        (("saved", "directory", "--append"), "--on-duplicate", 1),
    ],
)
def test_the_command_says_what_is_wrong(run, places, tmp_path, arguments, words, code):
    before = sorted(path.name for path in tmp_path.iterdir())
    output = run(*arguments, code=code)
    assert words in output
    assert "secret" not in output
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_copy_that_ends_early_says_how_to_go_on(run, places, odd_store, monkeypatch):
    monkeypatch.setattr(source, "MOST_ROWS", 7)
    monkeypatch.setattr("refvec.interchange.importing.FLUSH_BYTES", 1)
    VectorStore(3, path="there", backend="numpy", precision="exact").close()
    real, calls = VectorStore.add_vectors, iter(range(99))

    def failing(self, *arguments):
        if next(calls) == 3:
            raise OSError(28, "No space left on device", "there")
        return real(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr("refvec_backends.numpy.NumpyVectorStore.add_vectors", failing)
        output = run(places["file"], "there", "--backend", "numpy", code=1)
    assert "there: No space left on device" in output
    assert "21 of 51 ids are in there" in output
    assert "--append --on-duplicate skip" in output
    assert "30 ids" in run(places["file"], "there", "--append", "--on-duplicate", "skip")
    assert by_id(opened(Path("there"))) == by_id(odd_store)


def test_the_help_teaches(run):
    output = run("--help")
    for words in ("redis://127.0.0.1:7101/corpus", "--append --on-duplicate skip", "never shown", "indices"):
        assert words in output
