"""Write rust_ext/THIRD-PARTY-LICENSES: whose code is linked into the native module, and on what terms.

Usage: ``python tools/third_party.py``, after a change to Cargo.lock; a test compares the file with that. The
file goes into every wheel, and no wheel needs this to be built. cargo knows the crates and has their sources.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from projects import ROOT

CRATE = ROOT / "rust_ext"
FILE = CRATE / "THIRD-PARTY-LICENSES"
FEATURES = ("--no-default-features", "--features", "python")
CHOSEN = "MIT"  # where there is a choice
HEAD = """\
The native module of rust-vector-store is linked from the crates below, beside its own code (LICENSE), on any
system and at the versions of its Cargo.lock. Where a crate may be used under the MIT licence or another, it is
used under the MIT licence.

It is linked with the standard library of Rust too: copyright The Rust Project Developers, MIT OR Apache-2.0.
What that has from others is listed in COPYRIGHT-library.html of every Rust toolchain.
"""


def cargo(*arguments: str) -> str:
    """Return what cargo prints, for the crate as it is locked."""
    program = shutil.which("cargo")
    if program is None:
        raise FileNotFoundError("cargo is not on PATH; rustup installs it")
    command = (program, *arguments, "--locked")
    return subprocess.run(command, cwd=CRATE, capture_output=True, text=True, check=True).stdout


def linked() -> list[tuple[str, str]]:
    """Return name and version of every crate that is linked on some system: no build script, no macro."""
    edges = ("--edges", "normal,no-proc-macro", "--target", "all")
    printed = cargo("tree", *edges, *FEATURES, "--prefix", "none", "--format", "{p}")
    found = {(name, version[1:]) for name, version, *_ in (line.split() for line in printed.splitlines())}
    return sorted(one for one in found if one[0] != "rust_vector_store")


def packages() -> dict[tuple[str, str], tuple[str, Path]]:
    """Return licence and folder of all crates, by name and version."""
    listed = json.loads(cargo("metadata", "--format-version", "1", *FEATURES))["packages"]
    return {
        (one["name"], one["version"]): (one["license"].replace("/", " OR "), Path(one["manifest_path"]).parent)
        for one in listed
    }


def texts(licence: str, folder: Path) -> list[str]:
    """Return the licence texts that a crate brings, of those that are to be chosen from the chosen one.

    Raises
    ------
    FileNotFoundError
        If it brings none.
    """
    files = sorted(one for one in folder.iterdir() if re.match(r"(LICEN[CS]E|COPYING|NOTICE)", one.name))
    chosen = [one for one in files if one.name.endswith(f"-{CHOSEN}")]
    if " OR " in licence and chosen:
        files = chosen
    if not files:
        raise FileNotFoundError(f"{folder.name} has no licence text; write it here by hand")
    return [one.read_text("utf-8").strip() for one in files]


def content() -> str:
    """Return what the file should hold: each text once, below the crates that are under it."""
    known = packages()
    users = defaultdict(list)
    for crate in linked():
        licence, folder = known[crate]
        for text in texts(licence, folder):
            users[text].append(f"{crate[0]} {crate[1]} ({licence})")
    rule = "-" * 79
    parts = ("\n".join(crates) + f"\n\n{text}\n" for text, crates in users.items())
    return f"\n{rule}\n\n".join((HEAD, *parts))


def main() -> None:
    """Write the file."""
    FILE.write_text(content(), "utf-8")
    sys.stdout.write(f"{FILE.relative_to(ROOT)}: {len(linked())} crates\n")


if __name__ == "__main__":
    main()
