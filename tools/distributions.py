"""Look into built sdists and wheels, whether each is whole and what its pyproject.toml says.

Usage: ``python tools/distributions.py FOLDER [--sdists]``. Prints what is wrong, a line each, and ends with 1.
With ``--sdists`` there must be those too.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

import projects
from packaging.metadata import Metadata

NATIVE = (".so", ".pyd")
OURS = {projects.metadata(one)["name"] for one in projects.PROJECTS}
ADDED = {"PKG-INFO", ".gitignore"}  # by whoever builds an sdist


@dataclass(frozen=True)
class Built:
    """A built file: what lies in it, and what it says of itself."""

    path: Path
    files: frozenset[str]
    metadata: Metadata


def opened_wheel(path: Path) -> Built:
    """Read a wheel."""
    with zipfile.ZipFile(path) as archive:
        names = frozenset(one for one in archive.namelist() if not one.endswith("/"))
        (told,) = (one for one in names if one.endswith(".dist-info/METADATA"))
        return Built(path, names, Metadata.from_email(archive.read(told), validate=True))


def opened_sdist(path: Path) -> Built:
    """Read an sdist; its files are named as in their folder of the repository."""
    top = path.name.removesuffix(".tar.gz") + "/"
    with tarfile.open(path) as archive:
        names = frozenset(one.name.removeprefix(top) for one in archive.getmembers() if one.isfile())
        told = archive.extractfile(top + "PKG-INFO")
        assert told is not None
        return Built(path, names, Metadata.from_email(told.read(), validate=True))


@cache
def tracked(project: str) -> frozenset[str]:
    """Return the files of a folder that git knows; of the top of the repository those that lie in no other."""
    command = ("git", "ls-files", "-z")
    listed = subprocess.run(command, cwd=projects.ROOT / project, capture_output=True, check=True)
    names = filter(None, listed.stdout.decode().split("\0"))
    return frozenset(name for name in names if project != "." or "/" not in name)


def modules(project: str) -> dict[str, str]:
    """Return which file of the repository is which in the wheel, but for what is compiled."""
    tool = projects.pyproject(project)["tool"]
    if "maturin" in tool:
        roots = [tool["maturin"]["python-source"]]
    else:
        wheel = tool["hatch"]["build"]["targets"]["wheel"]
        roots = wheel.get("sources") or [str(PurePosixPath(one).parent) for one in wheel.get("packages", [])]
    found = {}
    for root in roots:
        found.update(
            {one: one.removeprefix(root + "/") for one in tracked(project) if one.startswith(root + "/")}
        )
    return found


def of_metadata(project: str, told: Metadata) -> Iterator[str]:
    """Yield how the metadata differ from the pyproject.toml, and what an index would miss."""
    table = projects.metadata(project)
    if (told.name, str(told.version)) != (table["name"], table["version"]):
        yield f"is {told.name} {told.version}, not {table['name']} {table['version']}"
    if not told.description or not str(told.description_content_type).startswith("text/markdown"):
        yield "has no description"
    if sorted(told.license_files or ()) != sorted(table["license-files"]):
        yield f"names the licences {told.license_files}, its pyproject.toml {table['license-files']}"
    if sorted(told.project_urls or {}) != sorted(table.get("urls", {})):
        yield f"names the URLs {told.project_urls}"
    for one in told.requires_dist or ():
        if one.url is not None:
            yield f"depends on a place, {one}"
        exact = f"=={table['version']}"
        if one.name in OURS and project not in projects.EXAMPLES and str(one.specifier) != exact:
            yield f"depends on any version but its own: {one}"


def of_wheel(project: str, wheel: Built) -> Iterator[str]:
    """Yield what is missing in a wheel, and what should not be there."""
    info = f"{projects.file_stem(project)}.dist-info/"
    inside = {one for one in wheel.files if not one.startswith(info)}
    native = {one for one in inside if one.endswith(NATIVE)}
    expected = set(modules(project).values())
    for one in expected - inside:
        yield f"lacks {one}"
    for one in inside - expected - native:
        yield f"has {one}, which git does not know"
    for one in projects.metadata(project)["license-files"]:
        if f"{info}licenses/{one}" not in wheel.files:
            yield f"lacks the licence {one}"
    if bool(native) != (project == "rust_ext"):
        yield f"has the native modules {sorted(native)}"
    yield from untyped(project, inside, native)


def untyped(project: str, inside: set[str], native: set[str]) -> Iterator[str]:
    """Yield what a type checker would miss in a distribution that says that it is typed."""
    if "Typing :: Typed" not in projects.metadata(project).get("classifiers", ()):
        return
    for package in {one.split("/")[0] for one in inside}:
        if f"{package}/py.typed" not in inside:
            yield f"says that it is typed, and lacks {package}/py.typed"
    for one in native:
        if re.sub(r"\..*", ".pyi", one) not in inside:
            yield f"has no stub of {one}"


def of_sdist(project: str, sdist: Built) -> Iterator[str]:
    """Yield what is missing in an sdist, and what should not be there."""
    table = projects.metadata(project)
    for one in {"pyproject.toml", table["readme"], *table["license-files"], *modules(project)} - sdist.files:
        yield f"lacks {one}"
    for one in sdist.files - tracked(project) - ADDED:
        yield f"has {one}, which git does not know"


def problems(project: str, folder: Path, *, sdists: bool) -> Iterator[str]:
    """Yield what is wrong with the built files of a distribution."""
    wheels, archives = projects.wheels_of(project, folder), [folder / f"{projects.file_stem(project)}.tar.gz"]
    if not wheels:
        yield f"{folder} has no wheel of {project}"
    for path in wheels:
        wheel = opened_wheel(path)
        yield from (
            f"{path.name} {one}" for one in (*of_metadata(project, wheel.metadata), *of_wheel(project, wheel))
        )
    for path in archives if sdists else ():
        if not path.exists():
            yield f"{folder} has no {path.name}"
            continue
        sdist = opened_sdist(path)
        yield from (
            f"{path.name} {one}" for one in (*of_metadata(project, sdist.metadata), *of_sdist(project, sdist))
        )


def main() -> None:
    """Look at all distributions."""
    folder, sdists = Path(sys.argv[1]), "--sdists" in sys.argv[2:]
    found = [one for project in projects.PROJECTS for one in problems(project, folder, sdists=sdists)]
    if found:
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
