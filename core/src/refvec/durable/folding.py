"""Folding: the log of a catalog becomes one snapshot, with the same content."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from .catalog import Catalog
from .directory import Directory
from .loading import naming_catalog
from .places import Place
from .records import Meta, encode_snapshot
from .replay import Replayed, replayed


class Folded(NamedTuple):
    """The last flush as a snapshot: the meta page, who references what, and where payloads are."""

    meta: Meta
    replayed: Replayed
    directory: Directory

    def encode(self) -> bytes:
        """Pack the snapshot."""
        return encode_snapshot(*self.replayed, self.directory.log())


def folded(place: Place, catalog: Catalog) -> Folded:
    """Return the last flush, which becomes a snapshot."""
    content = catalog.read()
    meta = content.meta
    with naming_catalog(place):
        found = replayed(content.snapshot, content.logs, meta.size)
    return Folded(replace(meta, snapshot=meta.flush, logged=0), found, content.directory)
