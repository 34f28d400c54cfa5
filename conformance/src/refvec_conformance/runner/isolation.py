"""A child process in which nothing counts but the suite: no configuration, no other plugin, no leftovers."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def environment(home: Path, seed: int) -> dict[str, str]:
    """Return the environment variables of a child.

    Parameters
    ----------
    home : Path
        Where it may write.
    seed : int
        The seed of the hashes of its strings.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_") and k != "REFVEC_BACKEND"}
    # What this process can import, the worker can, and the working directory last.
    local = [str(Path(entry or ".").resolve()) for entry in [*sys.path, ""] if not _part_of_python(entry)]
    return kept | {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(local)),
        "PYTHONHASHSEED": str(seed % 2**32),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(home / "hypothesis"),
    }


def _part_of_python(entry: str) -> bool:
    return bool(entry) and any(Path(entry).is_relative_to(home) for home in (sys.prefix, sys.base_prefix))


def arguments(home: Path, *tests: str) -> list[str]:
    """Return the arguments with which pytest runs packages or modules of tests in such a child."""
    # A file of our own: whatever is configured where the user stands is not for us.
    ini = home / "pytest.ini"
    ini.write_text("[pytest]\nverbosity_assertions = 2\n", "utf-8")
    found = ["--pyargs", *tests, "-c", str(ini), "--rootdir", str(home), "-q"]
    found += ["--basetemp", str(home / "tmp"), "--import-mode=importlib", "--tb=short"]
    for plugin in ("no:cacheprovider", "refvec_conformance.plugin", "_hypothesis_pytestplugin"):
        found += ["-p", plugin]
    return found
