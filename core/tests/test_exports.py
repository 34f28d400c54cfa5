"""The export list, and the one version of all distributions."""

import re
import tomllib
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest
import refvec

ROOT = Path(__file__).parents[2]
INTEGRATIONS = ("integrations/haystack", "integrations/langchain", "integrations/llama_index")
PROJECTS = (".", "core", "backends", "rust_ext", "conformance", "redis_backend", *INTEGRATIONS)


def test_all_exports_are_there():  # ruff keeps them sorted
    assert all(hasattr(refvec, name) for name in refvec.__all__)


def test_nothing_public_is_left_out():
    named = {name: one for name, one in vars(refvec).items() if not name.startswith("_")}
    public = {name for name, one in named.items() if not isinstance(one, ModuleType)}
    assert public <= set(refvec.__all__)


@pytest.mark.parametrize("project", PROJECTS)
def test_versions_are_in_lockstep(project):
    table = tomllib.loads((ROOT / project / "pyproject.toml").read_text())["project"]
    assert table["version"] == refvec.__version__
    ours = [line for line in table.get("dependencies", []) if re.match("refvec|rust-vector", line)]
    assert all(line.endswith(f"=={refvec.__version__}") for line in ours)


def test_the_crate_has_the_version_too():
    table = tomllib.loads((ROOT / "rust_ext" / "Cargo.toml").read_text())
    assert table["package"]["version"] == refvec.__version__


def test_what_is_installed_is_this_version():
    assert metadata.version("refvec-core") == refvec.__version__
