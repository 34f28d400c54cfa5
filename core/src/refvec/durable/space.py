"""What a store takes of the disk, and which parts of a row file are needed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .catalog import Catalog
from .leftovers import leftovers
from .loading import Loaded
from .places import Place
from .rows import FIRST

BLOCK_BYTES = 4096
LEAST_HOLE = 2**14  # a file of many small holes would be slow to read, and its list of them long


def taken(path: Path) -> int:
    """Return the bytes of the disk that a file takes; holes take none."""
    try:
        return path.stat().st_blocks * 512
    except FileNotFoundError:
        return 0


def taken_by(place: Place) -> int:
    """Return the bytes of the disk that the directory of a store takes, whatever is in it."""
    with os.scandir(place.root) as entries:
        return sum(taken(Path(entry)) for entry in entries if entry.is_file())


def extents(indices: NDArray[np.int64], dimension: int) -> NDArray[np.int64]:
    """Return the parts of a row file, (start, stop), with its header and the rows at ascending indices.

    Between two there is room for a hole, and the last one ends with the last row.
    """
    jumps = np.flatnonzero(np.diff(indices) > 1)
    firsts, lasts = np.append(indices[:1], indices[jumps + 1]), np.append(indices[jumps], indices[-1:])
    starts = np.append(0, FIRST + firsts * (4 * dimension))
    stops = np.append(FIRST, FIRST + (lasts + 1) * (4 * dimension))
    starts -= starts % BLOCK_BYTES
    stops[:-1] += -stops[:-1] % BLOCK_BYTES
    apart = starts[1:] - stops[:-1] >= LEAST_HOLE
    return np.stack((starts[np.append(True, apart)], stops[np.append(apart, True)]), axis=1)


def reclaimable(place: Place, loaded: Loaded, catalog: Catalog) -> int:
    """Return about how many bytes of the disk a compaction would give back."""
    meta = loaded.meta
    rows = 0
    if meta.generation and meta.dimension is not None:
        parts = extents(loaded.replayed().layout.indices, meta.dimension)
        needed = (-(-parts[:, 1] // BLOCK_BYTES) * BLOCK_BYTES - parts[:, 0]).sum()
        rows = max(0, taken(place.rows(meta.generation)) - int(needed))
    return rows + catalog.free_bytes() + taken(place.log) + sum(map(taken, leftovers(place, meta)))
