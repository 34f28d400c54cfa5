"""What the distributions say of themselves agrees, and with the folders that there are."""

import itertools
import re
import subprocess
import tomllib
from pathlib import PurePosixPath

import pytest
from packaging.requirements import Requirement
from projects import INTEGRATIONS, PROJECTS, RELEASED, ROOT, metadata, pyproject

REFVEC = metadata(".")
NAMES = {metadata(project)["name"]: project for project in PROJECTS}


def ours(project):
    table = metadata(project)
    lines = itertools.chain(table["dependencies"], *table.get("optional-dependencies", {}).values())
    return [one for one in map(Requirement, lines) if one.name in NAMES]


def test_every_distribution_is_known():
    command = ("git", "ls-files", "pyproject.toml", "*/pyproject.toml")
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {PurePosixPath(one).parent.as_posix() for one in listed.split()} == set(PROJECTS)


@pytest.mark.parametrize("project", RELEASED)
def test_versions_are_in_lockstep(project):
    assert metadata(project)["version"] == REFVEC["version"]
    assert {str(one.specifier) for one in ours(project)} <= {f"=={REFVEC['version']}"}


@pytest.mark.parametrize("project", RELEASED)
def test_what_an_index_shows_is_there(project):
    table = metadata(project)
    assert table["readme"] == "README.md"
    assert table["description"]
    assert table["license-files"][0] == "LICENSE"
    # There are none: the repository has no public address. When it has one, all distributions are to name it.
    assert table.get("urls") == REFVEC.get("urls")


def test_the_module_and_the_crate_have_the_version_too():
    module = (ROOT / "core/src/refvec/__init__.py").read_text("utf-8")
    assert re.search(r'^__version__ = "(.*)"$', module, re.MULTILINE)[1] == REFVEC["version"]
    crate = tomllib.loads((ROOT / "rust_ext/Cargo.toml").read_text("utf-8"))
    assert crate["package"]["version"] == REFVEC["version"]


def test_the_changelog_has_an_entry_for_the_version():
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.search(rf"^## {re.escape(REFVEC['version'])}( |$)", text, re.MULTILINE)


def test_refvec_brings_or_offers_every_distribution():
    assert {one.name for one in ours(".")} == {
        metadata(project)["name"] for project in RELEASED if project != "."
    }


def test_uv_finds_all_of_them_here():
    uv = pyproject(".")["tool"]["uv"]
    assert uv["sources"] == {one.name: {"workspace": True} for one in ours(".")}
    members = {
        path.relative_to(ROOT).as_posix() for one in uv["workspace"]["members"] for path in ROOT.glob(one)
    }
    assert members == {project for project in RELEASED if project != "."}


@pytest.mark.parametrize("project", INTEGRATIONS)
def test_an_adapter_is_an_extra_of_its_name(project):
    name = metadata(project)["name"]
    lines = REFVEC["optional-dependencies"][name.removeprefix("refvec-")]
    assert [Requirement(line).name for line in lines] == [name]


@pytest.mark.parametrize("project", PROJECTS)
def test_the_licence_is_that_of_the_repository(project):
    assert (ROOT / project / "LICENSE").read_text("utf-8") == (ROOT / "LICENSE").read_text("utf-8")
