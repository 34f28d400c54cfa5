"""What sessions share: the wheels that they install, and the tools that they test with."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import nox
from projects import MAIN, ROOT, wheels_of

WHEELS = ROOT / "build" / "wheels"
FREE_THREADED = "3.14t"
PYTHONS = ("3.11", "3.12", "3.13", "3.14", FREE_THREADED)
BACKENDS = ("python", "numpy", "rust")
TESTING = ("pytest>=8.3", "pytest-benchmark>=5", "pytest-xdist>=3.6", "hypothesis>=6.120", "jsonschema>=4.20")
INPUTS = ("ml_dtypes>=0.4", "pandas>=2.2", "polars>=1", "pyarrow>=17", "safetensors>=0.5")
ASV = ("asv==0.6.6", "virtualenv>=20.30")
PLOTLY = "plotly>=6"


def show_pythons_of_pyenv() -> None:
    """Have pyenv show all its Pythons that are tested: it shows only those that are asked for."""
    pyenv = shutil.which("pyenv")
    if pyenv is None:
        return
    listed = subprocess.run([pyenv, "versions", "--bare"], capture_output=True, text=True, check=False)
    tested = [one for one in listed.stdout.split() if one.rpartition(".")[0] in PYTHONS]
    chosen = os.environ.get("PYENV_VERSION", "").split(":")
    os.environ["PYENV_VERSION"] = ":".join(dict.fromkeys(filter(None, [*chosen, *tested])))


def rust_wheels(session: nox.Session) -> Iterable[Path]:
    """Return the wheel of the native backend for the Python of a session.

    One for the stable ABI serves all but the free-threaded ones, which have
    no such ABI before 3.15.
    """
    free = str(session.python).endswith("t")
    return [path for path in wheels_of("rust_ext", WHEELS) if ("-abi3-" in path.name) is not free]


def install(session: nox.Session, *requirements: str, also: Iterable[str] = (), children: bool = True) -> None:
    """Install our wheels as built last, and what a session needs besides.

    A backend that is installed is tested with the others, and the adapters
    bring much with them, so these are installed only where they are asked for
    (`also`). Where many children start, all is compiled once for them, and
    pytest keeps the tests that it rewrote (half of what collecting the suite
    costs): the environment around may keep Python from writing bytecode.
    """
    wanted = {
        one: rust_wheels(session) if one == "rust_ext" else wheels_of(one, WHEELS) for one in (*MAIN, *also)
    }
    missing = [one for one, found in wanted.items() if not found]
    if missing:
        session.error(f"build/wheels has no wheel of {', '.join(missing)}: run `nox -s wheels` first")
    wheels = [path for found in wanted.values() for path in found]
    again = [f"--reinstall-package={path.name.split('-')[0]}" for path in wheels]
    if children:
        session.env["PYTHONDONTWRITEBYTECODE"] = ""
    compiled = {"UV_COMPILE_BYTECODE": str(int(children))}
    session.install(*again, *map(str, wheels), *requirements, env=compiled)


def require_redis(session: nox.Session) -> None:
    """Skip a session where there is no server, and say what to install."""
    if shutil.which("redis-server") is None:
        session.skip("there is no redis-server on PATH; as a package of the system it is called redis-server")
