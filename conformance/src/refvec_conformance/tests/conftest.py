"""Makes the fixtures of the suite known to its tests."""

from __future__ import annotations

from refvec_conformance.probes.fixtures import budget, explore, names, place, rng, seed, spelling, stocked

__all__ = ["budget", "explore", "names", "place", "rng", "seed", "spelling", "stocked"]
