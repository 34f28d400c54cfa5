"""The distributions of this repository: which there are, and what they are called."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
# What `pip install refvec` brings, and the suite; nearly every task needs these.
MAIN = ("core", "backends", "rust_ext", "conformance", ".")
REDIS = "redis_backend"
# The adapters for frameworks, and what their suites come with; heavy, so in tasks of their own.
INTEGRATIONS = {
    "integrations/haystack": (),
    "integrations/langchain": ("langchain-tests>=1.1",),
    "integrations/llama_index": (),
}
# Backends as strangers write them.
EXAMPLES = ("examples/refvec-dict-backend", "examples/refvec-sqlite-backend")
RELEASED = (*MAIN, REDIS, *INTEGRATIONS)
PROJECTS = (*RELEASED, *EXAMPLES)


@cache
def pyproject(project: str) -> dict[str, Any]:
    """Return the pyproject.toml of the distribution in a folder."""
    return tomllib.loads((ROOT / project / "pyproject.toml").read_text("utf-8"))


def metadata(project: str) -> dict[str, Any]:
    """Return what a distribution says of itself, the table `project`."""
    table: dict[str, Any] = pyproject(project)["project"]
    return table


def file_stem(project: str) -> str:
    """Return how the names of its sdist and its wheels begin."""
    return f"{metadata(project)['name'].replace('-', '_')}-{metadata(project)['version']}"


def wheels_of(project: str, folder: Path) -> list[Path]:
    """Return the wheels of a distribution that lie in a folder: several if it is built for several Pythons."""
    return sorted(folder.glob(f"{file_stem(project)}-*.whl"))
