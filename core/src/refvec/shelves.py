"""Where payloads are: in memory, with changes that become visible together."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import RLock, get_ident

from .errors import RefvecError


class Shelf:
    """The payloads of a store in memory, by canonical ids.

    Parameters
    ----------
    content : mapping of str to bytes
        What is there at first.
    read_only : bool
        Whether the store that they belong to only reads.
    """

    def __init__(self, content: Mapping[str, bytes] | None = None, *, read_only: bool = False) -> None:
        self.lock = RLock()
        self.read_only = read_only
        self._content: dict[str, bytes | None] = dict(content or {})
        self._gone: list[str] = []  # those that may still be there, as None, where a change was interrupted
        self._staged: dict[str, bytes | None] | None = None  # changes that `together` has not ended with
        self._inside: int | None = None  # the thread that is there
        _shelves.add(self)

    # Changing

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let all changes until the end be one, or none."""
        with self.lock:
            outer, thread = self._staged, self._inside
            self._staged, self._inside = dict(outer or {}), get_ident()
            try:
                yield
                staged = self._staged
            finally:
                self._staged, self._inside = outer, thread
            self.change(staged)

    def change(self, changes: Mapping[str, bytes | None]) -> None:
        """Put payloads, or remove those that are None."""
        with self.lock:
            if self._staged is None:
                self._apply(changes)
            else:
                self._staged.update(changes)

    def _apply(self, changes: Mapping[str, bytes | None]) -> None:
        self._gone += [one for one, content in changes.items() if content is None]
        self._content.update(changes)  # one call, so whatever interrupts, all has changed or nothing
        self._swept()

    def _swept(self) -> dict[str, bytes | None]:
        """Return the content, without what has been removed."""
        while self._gone:
            if self._content.get(self._gone[-1], b"") is None:
                del self._content[self._gone[-1]]
            self._gone.pop()
        return self._content

    def require_outside(self) -> None:
        """Raise within `together`: who flushes has the lock of the files first, and this one then."""
        if self._inside == get_ident():
            raise RefvecError(
                "flush(), compact(), verify() or close() was called within payloads.together(); "
                "call it afterwards"
            )

    # Looking up

    def get(self, ids: list[str]) -> dict[str, bytes]:
        """Return those payloads that are there."""
        with self.lock:
            staged = self._staged or {}
            found = self._look_up([one for one in ids if one not in staged])
            found.update((one, content) for one in ids if (content := staged.get(one)) is not None)
            return found

    def present(self, ids: list[str]) -> list[str]:
        """Return those of the distinct ids that have a payload."""
        with self.lock:
            staged = self._staged or {}
            there = set(self._present([one for one in ids if one not in staged]))
            return [one for one in ids if one in there or staged.get(one) is not None]

    def ids(self) -> list[str]:
        """Return all ids."""
        with self.lock:
            return merged(self._all(), self._staged or {})

    def count(self) -> int:
        """Return how many there are."""
        with self.lock:
            return len(self.ids()) if self._staged else self._count()

    def sample(self) -> bytes | None:
        """Return some payload; None if there is none."""
        with self.lock:
            found = self.get(self.ids()[:1])
            return next(iter(found.values()), None)

    def _look_up(self, ids: list[str]) -> dict[str, bytes]:
        content = self._swept()
        return {one: found for one in ids if (found := content.get(one)) is not None}

    def _present(self, ids: list[str]) -> list[str]:
        content = self._swept()
        return [one for one in ids if one in content]

    def _all(self) -> list[str]:
        return list(self._swept())

    def _count(self) -> int:
        return len(self._swept())

    # Ending

    def close(self) -> None:
        """Release what is held."""

    def disown(self) -> None:
        """Go on in a forked child, where nobody holds the lock."""
        self.lock = RLock()
        self._staged = self._inside = None


def merged(ids: list[str], changes: Mapping[str, bytes | None]) -> list[str]:
    """Return the ids after the changes."""
    if not changes:
        return ids
    after = dict.fromkeys(ids)
    for one, content in changes.items():
        if content is None:
            after.pop(one, None)
        else:
            after[one] = None
    return list(after)


_shelves: weakref.WeakSet[Shelf] = weakref.WeakSet()


def _disown_all() -> None:
    for shelf in list(_shelves):
        shelf.disown()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_disown_all)
