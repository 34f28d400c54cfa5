"""The store that an adapter keeps documents in: chosen, looked at, and refused before anything is made."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

from .contract import VectorStore
from .documentjson import decoded, owner_of
from .errors import CorruptStoreError, UnsupportedError
from .failures import shortened, type_name
from .location import Url, parse_location
from .payloads import require_kept, sample_of


class Closing:
    """What an adapter's store is besides: a context manager, at the end of which it is closed."""

    def close(self) -> None:
        """Close the store, so that another process, or another object, may write to it."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        """Return the store, which is closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the store."""
        self.close()


@contextmanager
def closed_on_error(store: VectorStore, given: VectorStore | None) -> Iterator[None]:
    """Close a store if the body raises, unless it was given: that is the caller's.

    Its end would come only with that of the error, which knows the frames that hold it.
    """
    try:
        yield
    except BaseException:
        if given is None:
            store.close(flush=False)
        raise


def opened(owner: str, store: VectorStore | None, options: Mapping[str, Any]) -> VectorStore:
    """Return the store for documents that is given, or open one with these options.

    Raises
    ------
    UnsupportedError
        If it would keep no payloads; nothing was opened then.
    """
    require_store(store, options)
    if store is not None:
        return store
    _require_directory(owner, options)
    chosen = VectorStore.__new__(VectorStore, **options)
    require_kept(chosen, chosen._given)
    chosen.__init__(**options)  # type: ignore[misc]  # what VectorStore(...) does after `__new__`
    return chosen


def require_store(store: object, options: Mapping[str, Any]) -> None:
    """Raise unless there is an open store, or None, which alone leaves room for options."""
    if store is not None and not isinstance(store, VectorStore):
        raise TypeError(
            f"store must be a refvec.VectorStore, got {type_name(type(store))}; a directory is given as path="
        )
    if store is not None and options:
        raise ValueError(f"store= is open already; leave {', '.join(sorted(options))} out")


def _require_directory(owner: str, options: Mapping[str, Any]) -> None:
    for name in ("path", "mmap_path"):
        place = None if options.get(name) is None else parse_location(options[name], name)
        if isinstance(place, Url):
            raise UnsupportedError(
                f"{owner} keeps documents in memory or in a directory, and servers keep none: {name} must name "
                f"a directory, got {place}"
            )


def require_own(owner: str, store: VectorStore) -> None:
    """Raise ``ValueError`` if a store holds documents of another owner, or payloads that are none.

    One is looked at, and each again when it is read. What is damaged has no owner.
    """
    try:
        content = sample_of(store)
    except CorruptStoreError:
        return
    if content is not None:
        decoded(owner, content)


def require_no_documents(asking: str, store: VectorStore) -> None:
    """Raise ``ValueError`` if a store holds documents, where ids are wanted for something else."""
    try:
        content = sample_of(store)
    except (CorruptStoreError, UnsupportedError):
        return
    owner = None if content is None else owner_of(content)
    if owner is not None:
        raise ValueError(
            f"The store holds documents of {shortened(owner)}; give {asking} a directory of its own"
        )


def warn_of_bare_vectors(store: VectorStore, documents: int) -> None:
    """Warn if there are surely vectors that no document belongs to, as those of ``refvec import``."""
    bare = store.total_references - documents
    if bare > 0:
        warnings.warn(
            f"{bare} ids of this store have a vector and no document, as those that `refvec import` writes: "
            "a search leaves them out; write documents under the same ids",
            stacklevel=_level_of_caller(),
        )


def _level_of_caller() -> int:
    """Return the stack level, seen from who calls this, of the code that uses an adapter."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith("refvec"):
        frame, level = frame.f_back, level + 1
    return level
