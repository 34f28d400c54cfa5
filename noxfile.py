"""Every task of the project: ``nox -l`` lists them, ``nox`` runs those that decide what lands.

Wheels are built once into build/wheels (session ``wheels``) and every other
session installs them into an environment of its own.
"""

from __future__ import annotations

import os
from pathlib import Path

import nox

ROOT = Path(__file__).parent
WHEELS = ROOT / "build" / "wheels"
PROJECTS = ("core", "backends", "rust_ext", "conformance", ".")
PYTHONS = ("3.11", "3.12", "3.13")
BACKENDS = ("python", "numpy", "rust")
TEST_TOOLS = ("pytest>=8.3", "pytest-benchmark>=5", "hypothesis>=6.120")
SOURCES = ("core/src", "backends/src", "conformance/src", "rust_ext/python")

nox.needs_version = ">=2024.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["wheels", "lint", "types", "rust", "tests", "conformance", "demo"]


@nox.session
def wheels(session: nox.Session) -> None:
    """Build the wheels of all distributions into build/wheels; the other sessions install them."""
    session.install("build[virtualenv]")
    for old in WHEELS.glob("*.whl"):
        old.unlink()
    for project in PROJECTS:
        session.run("python", "-m", "build", "--wheel", "--outdir", str(WHEELS), project, silent=True)


def install(session: nox.Session, *requirements: str) -> None:
    """Install our wheels, and what a session needs besides."""
    found = sorted(map(str, WHEELS.glob("*.whl")))
    if len(found) < len(PROJECTS):
        session.error("build/wheels is not complete; run `nox -s wheels` first")
    session.install("--reinstall-package" if session.venv_backend == "uv" else "--force-reinstall", *_ours(session))
    session.install(*found, *requirements)


def _ours(session: nox.Session) -> list[str]:
    return []
