"""asv builds without isolation and installs without an index: its configuration must name what we need."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

HERE = Path(__file__).parents[1]
ROOT = HERE.parent
OURS = {"core": "refvec-core", "backends": "refvec-backends", "rust_ext": "rust-vector-store", ".": "refvec"}


def config():
    lines = (HERE / "asv.conf.json").read_text().splitlines()
    return json.loads("\n".join(line for line in lines if not line.lstrip().startswith("//")))


def needed():
    """Return the names of all that our distributions need to be built and to run."""
    wanted = []
    for folder in OURS:
        project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text())
        wanted += project["build-system"]["requires"] + project["project"]["dependencies"]
        wanted += project["project"].get("optional-dependencies", {}).get("cli", [])
    return {re.split(r"[^\w-]", name)[0] for name in wanted} - set(OURS.values())


def test_the_matrix_names_all_that_is_needed():
    assert set(config()["matrix"]["req"]) == needed()


def test_all_distributions_are_built_installed_and_removed():
    (build, install, uninstall) = (config()[f"{step}_command"][0] for step in ("build", "install", "uninstall"))
    assert {
        word.split("{build_dir}")[1].strip("/") or "." for word in build.split() if "{build_dir}" in word
    } == set(OURS)
    for name in OURS.values():
        assert name in install.split()
        assert name in uninstall.split()


def test_no_result_is_committed():
    ignored = (ROOT / ".gitignore").read_text().split()
    assert {f"asv_bench/{config()[kind]}/" for kind in ("env_dir", "results_dir", "html_dir")} <= set(ignored)
