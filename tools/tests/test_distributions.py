"""What is wrong with a built file is found, and what is right with one is not."""

import io
import sys
import tarfile
import zipfile
from pathlib import Path

import distributions
import projects
import pytest
from projects import ROOT, file_stem, metadata

PROJECT = "backends"
INFO = f"{file_stem(PROJECT)}.dist-info"


def told(**changed):
    table = metadata(PROJECT)
    fields = {
        "Metadata-Version": "2.4",
        "Name": table["name"],
        "Version": table["version"],
        "License-Expression": table["license"],
        "License-File": "LICENSE",
        "Requires-Dist": table["dependencies"][0],
        "Description-Content-Type": "text/markdown",
        **changed,
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items()) + "\nText.\n"


def wheel_files(**changed):
    files = dict.fromkeys(distributions.modules(PROJECT).values(), "")
    return files | {f"{INFO}/METADATA": told(), f"{INFO}/licenses/LICENSE": "", f"{INFO}/RECORD": ""} | changed


def sdist_files(**changed):
    files = dict.fromkeys(["pyproject.toml", "README.md", "LICENSE", *distributions.modules(PROJECT)], "")
    return files | {"PKG-INFO": told()} | changed


def found(folder: Path, wheel, sdist=None, *, tag="py3-none-any"):
    with zipfile.ZipFile(folder / f"{file_stem(PROJECT)}-{tag}.whl", "w") as archive:
        for name, text in wheel.items():
            archive.writestr(name, text)
    with tarfile.open(folder / f"{file_stem(PROJECT)}.tar.gz", "w:gz") as archive:
        for name, text in (sdist or {}).items():
            member = tarfile.TarInfo(f"{file_stem(PROJECT)}/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return list(distributions.problems(PROJECT, folder, sdists=sdist is not None))


def without(files, name):
    return {one: text for one, text in files.items() if one != name}


def test_what_is_right_passes(tmp_path):
    assert found(tmp_path, wheel_files(), sdist_files()) == []


@pytest.mark.parametrize(
    ("wheel", "said"),
    [
        (without(wheel_files(), "refvec_backends/numpy.py"), "lacks refvec_backends/numpy.py"),
        (without(wheel_files(), "refvec_backends/py.typed"), "lacks refvec_backends/py.typed"),
        (without(wheel_files(), f"{INFO}/licenses/LICENSE"), "lacks the licence LICENSE"),
        (wheel_files(**{"tests/test_it.py": ""}), "has tests/test_it.py, which git does not know"),
        (wheel_files(**{"refvec_backends/_fast.so": ""}), "has no stub of refvec_backends/_fast.so"),
    ],
)
def test_what_is_missing_or_strange_in_a_wheel_is_named(tmp_path, wheel, said):
    assert any(one.endswith(said) for one in found(tmp_path, wheel))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"Version": "0.0.1"}, "is refvec-backends 0.0.1"),
        ({"License-File": "COPYING"}, "names the licences"),
        ({"Requires-Dist": "refvec-core>=0.1.0"}, "depends on any version but its own"),
        ({"Requires-Dist": "refvec-core @ file:///core"}, "depends on a place"),
        ({"Project-URL": "Source, https://example.org"}, "names the URLs"),
        ({"Description-Content-Type": "text/plain"}, "has no description"),
    ],
)
def test_metadata_that_are_not_those_of_the_folder_are_named(tmp_path, changed, said):
    wheel = wheel_files(**{f"{INFO}/METADATA": told(**changed)})
    assert any(said in one for one in found(tmp_path, wheel))


def test_what_is_missing_or_strange_in_an_sdist_is_named(tmp_path):
    sdist = without(sdist_files(**{"core/README.md": ""}), "LICENSE")
    problems = found(tmp_path, wheel_files(), sdist)
    assert [one.partition(" ")[2] for one in problems] == [
        "lacks LICENSE",
        "has core/README.md, which git does not know",
    ]


def test_a_file_that_was_not_built_is_named(tmp_path):
    problems = list(distributions.problems(PROJECT, tmp_path, sdists=True))
    assert len(problems) == 2
    assert all(str(tmp_path) in one for one in problems)


def test_of_the_top_of_the_repository_only_its_own_files_count():
    assert "README.md" in distributions.tracked(".")
    assert not any("/" in one for one in distributions.tracked("."))
    assert ROOT.joinpath("core/README.md").exists()


def test_the_command_ends_with_what_is_wrong_and_well_without(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["distributions", str(tmp_path)])
    monkeypatch.setattr(projects, "PROJECTS", [PROJECT])
    with pytest.raises(SystemExit, match=f"has no wheel of {PROJECT}"):
        distributions.main()
    assert found(tmp_path, wheel_files()) == []
    distributions.main()
