"""Makes the fixtures of the suite known to its tests."""

from __future__ import annotations

from refvec_conformance.probes.fixtures import budget, explore, names, place, rng, seed, spelling, stocked
from refvec_conformance.probes.site import clients, points, site

__all__ = [
    "budget",
    "clients",
    "explore",
    "names",
    "place",
    "points",
    "rng",
    "seed",
    "site",
    "spelling",
    "stocked",
]
