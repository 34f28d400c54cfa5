"""Who may not write, or not even read (DUR-5, DUR-7): tried as somebody whom permissions stop.

Run as a program, ``python -m refvec_conformance.probes.permissions BACKEND``, it prints what was wrong.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from ..judging.target import Target, resolved
from .durability import folder, names_in

NOBODY = 65534
FILES = ("catalog.sqlite", "head", "writer.lock", "rows-00000001.f32")
ROWS = "rows-00000001.f32"
# What may not be done with a store, and which modes still open it. The first is the directory's own mode.
STORES: dict[str, tuple[int, dict[str, int], tuple[str, ...]]] = {
    "a read-only directory": (0o555, {}, ("r",)),
    "read-only files, too": (
        0o555,
        dict.fromkeys(FILES, 0o444),
        ("r",),
    ),
    "a locked directory": (0o000, {}, ()),
    "an unreadable catalog": (0o777, {"catalog.sqlite": 0o000}, ()),
    "an unreadable head": (0o777, {"head": 0o000}, ()),
    "unreadable rows": (0o777, {ROWS: 0o000}, ()),
    "a read-only head": (0o777, {"head": 0o444}, ("r",)),
    "a lock that is not ours": (0o777, {"writer.lock": 0o444}, ("r",)),
}
FOLDERS = {"a read-only folder": 0o555, "a locked folder": 0o000}


def prepared(target: Target, place: Path) -> None:
    """Make the stores and the folders, as somebody who may."""
    for name in STORES:
        with target.open(2, path=place / name) as store:
            store.add_vector("a", [1, 2])
    for name in FOLDERS:
        (place / name).mkdir()


def restrict(place: Path) -> None:
    """Take the permissions away; whatever is not named is everybody's."""
    place.chmod(0o777)
    for name, (own, files, _) in STORES.items():
        for path in (place / name).iterdir():
            path.chmod(files.get(path.name, 0o666))
        (place / name).chmod(own)
    for name, mode in FOLDERS.items():
        (place / name).chmod(mode)


def release(place: Path) -> None:
    """Give the permissions back."""
    for name in (*STORES, *FOLDERS):
        (place / name).chmod(0o777)


def outcome(call: Callable[[], object]) -> str:
    """Return what a call came to: "done", or the class of what it raised."""
    try:
        call()
    except OSError as error:
        return "refused" if isinstance(error, PermissionError) else f"{type(error).__name__}: {error}"
    except Exception as error:  # whatever it is, it is told
        return f"{type(error).__name__}: {error}"
    return "done"


def complaints(target: Target, place: Path) -> Iterator[str]:
    """Yield what is wrong with how stores and folders are refused."""
    for name, (_, _, allowed) in STORES.items():
        for mode in ("r", "r+", "a"):
            wanted = "done" if mode in allowed else "refused"
            found = outcome(partial(_read, target, place / name, mode))
            if found != wanted:
                yield f"{name}, mode {mode}: {found}"
    for name in FOLDERS:
        for path in (place / name, place / name / "new"):
            found = outcome(partial(target.open, 2, path=path))
            if found != "refused":
                yield f"a new store in {name}: {found}"


def _read(target: Target, path: Path, mode: str) -> None:
    with target.open(path=path, mode=mode) as store:
        store.verify()
        assert store.ids() == ["a"]


def _as_nobody() -> None:
    if not os.geteuid():  # whom no permission stops
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def main(spelling: str) -> None:
    """Print the complaints about a backend."""
    with resolved(spelling) as target, folder() as place:
        prepared(target, place)
        before = {name: names_in(place / name) for name in STORES}
        restrict(place)
        child = os.fork()
        if not child:
            _as_nobody()
            print(*complaints(target, place), sep="\n", flush=True)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        release(place)
        changed = [name for name in STORES if _lasting(names_in(place / name)) != _lasting(before[name])]
    print(*(f"{name}: other files than before" for name in changed), sep="\n")
    sys.exit(os.waitstatus_to_exitcode(status))


def _lasting(names: list[str]) -> list[str]:
    """Return the names without those that sqlite makes for readers."""
    return [name for name in names if not name.endswith(("-wal", "-shm"))]


if __name__ == "__main__":
    main(*sys.argv[1:])
