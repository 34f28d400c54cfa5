"""The session that builds what is released, and tries it with nothing but the built files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import nox
from projects import INTEGRATIONS, PROJECTS, RELEASED, ROOT, file_stem, metadata, pyproject, wheels_of

from sessions.common import BACKENDS

RELEASE = ROOT / "build" / "release"
INSPECTORS = ("twine>=6.1", "check-wheel-contents>=0.6", "packaging>=26")


@nox.session(reuse_venv=False)
def release(session: nox.Session) -> None:
    """Build all sdists, wheels from them, and try those in empty environments; ``-- --reuse`` builds none."""
    session.install(*INSPECTORS)
    if "--reuse" not in session.posargs:
        shutil.rmtree(RELEASE, ignore_errors=True)
        build(session)
    inspect(session)
    known = constraints(session)
    try_refvec(Environment(session, "refvec", ["refvec"], known))
    adapters = {metadata(project)["name"].removeprefix("refvec-"): project for project in INTEGRATIONS}
    others = ",".join(metadata(".")["optional-dependencies"].keys() - adapters.keys())
    try_suite(session, Environment(session, "suite", [f"refvec[{others}]"], known))
    for extra, project in adapters.items():
        adapter = Environment(session, extra, [f"refvec[{extra}]"], known)
        adapter.run("python", "-I", str(ROOT / "tools/page_examples.py"), str(ROOT / project / "README.md"))
    for path in sorted(RELEASE.iterdir()):
        session.log(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")


def build(session: nox.Session) -> None:
    """Build the sdists, and each wheel from an sdist alone, which uv unpacks outside the repository."""
    for project in PROJECTS:
        session.run("uv", "build", "--sdist", "--out-dir", str(RELEASE), project, silent=True, external=True)
    for project in PROJECTS:
        sdist = str(RELEASE / f"{file_stem(project)}.tar.gz")
        session.run("uv", "build", "--wheel", "--out-dir", str(RELEASE), sdist, silent=True, external=True)


def inspect(session: nox.Session) -> None:
    """Look into the built files: are they what we say of them, and what an index and an installer want."""
    session.run("python", "tools/distributions.py", str(RELEASE), "--sdists")
    built = [*RELEASE.glob("*.tar.gz"), *RELEASE.glob("*.whl")]
    session.run("twine", "check", "--strict", *map(str, sorted(built)))
    for project in PROJECTS:
        if project != ".":  # the wheel of `refvec` is empty, as it is meant to be
            wheels = map(str, wheels_of(project, RELEASE))
            session.run("check-wheel-contents", *toplevel(project), *wheels)


def toplevel(project: str) -> tuple[str, ...]:
    """Return the option by which a wheel has these packages and no others, where more than one is meant."""
    built = pyproject(project).get("tool", {}).get("hatch", {}).get("build", {})
    packages = built.get("targets", {}).get("wheel", {}).get("packages", [])
    names = [Path(package).name for package in packages]
    return ("--toplevel", ",".join(names)) if len(names) > 1 else ()


def constraints(session: nox.Session) -> Path:
    """Write a file by which our names are the built files, whatever an index may have under them."""
    path = Path(session.create_tmp()) / "constraints.txt"
    files = {metadata(one)["name"]: wheels_of(one, RELEASE)[0] for one in RELEASED}
    path.write_text("".join(f"{name} @ {wheel.as_uri()}\n" for name, wheel in files.items()), "utf-8")
    return path


class Environment:
    """A virtual environment that was empty, and a folder of its own to run commands in."""

    def __init__(self, session: nox.Session, name: str, requirements: Iterable[str], known: Path) -> None:
        self._session = session
        self._folder = Path(session.create_tmp()).resolve() / name
        self._bin = self._folder / "env" / ("Scripts" if os.name == "nt" else "bin")
        shutil.rmtree(self._folder, ignore_errors=True)
        session.run("uv", "venv", "--quiet", str(self._folder / "env"), external=True)
        into = ("--python", str(self._bin / "python"), "--constraints", str(known))
        session.run("uv", "pip", "install", "--quiet", *into, *requirements, external=True)
        session.run("uv", "pip", "check", *into[:2], external=True)

    def run(self, command: str, *arguments: str) -> None:
        """Run a command that is installed here, outside the repository."""
        path = f"{self._bin}{os.pathsep}{os.environ['PATH']}"
        own = {"PATH": path, "PYTHONPATH": None, "REFVEC_BACKEND": None}
        with self._session.chdir(self._folder):
            self._session.run(str(self._bin / command), *arguments, external=True, env=own)


def try_refvec(plain: Environment) -> None:
    """Try what `pip install refvec` brings: the command, the three backends, the demo on its own data."""
    plain.run("refvec", "--version")
    plain.run("refvec", "backends")
    plain.run("refvec", "demo")


def try_suite(session: nox.Session, judge: Environment) -> None:
    """Run the smoke tier on every backend; on redis where there is a server."""
    judge.run("refvec", "conformance", *BACKENDS, "--tier", "smoke")
    if shutil.which("redis-server") is None:
        session.warn("There is no redis-server on PATH: the redis backend was installed, and not tried")
        return
    on_servers = ("refvec", "conformance", "redis", "--tier", "smoke")
    judge.run("refvec", "serve-local", "--options", "buckets=1", "--", *on_servers)
