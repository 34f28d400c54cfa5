"""Folding: the log of a catalog becomes one snapshot, with the same content."""

from __future__ import annotations

from dataclasses import replace

from .catalog import Catalog
from .loading import naming_catalog
from .places import Place
from .records import Meta
from .replay import Replayed, replayed


def folded(place: Place, catalog: Catalog) -> tuple[Meta, Replayed]:
    """Return the meta page, as it is with a snapshot of the last flush, and what that holds."""
    content = catalog.read()
    meta = content.meta
    with naming_catalog(place):
        found = replayed(content.snapshot, content.logs, meta.size)
    return replace(meta, snapshot=meta.flush, logged=0), found
