"""Who claims which name, as the metadata of the installed distributions says (PLUGIN-1, PLUGIN-2).

Nothing is imported, and metadata is parsed only of distributions that have to
do with refvec. A backend of ours is asked of its distribution, so what it
costs to find does not grow with the environment; any other, with hundreds of
distributions, costs a look at their lists of entry points.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import metadata

from refvec_command.elsewhere import how_to_install

GROUP = "refvec.backends"
# The schemes of a networked backend: each entry point has the name of a scheme
# and the value of the backend's own entry point.
SCHEMES = "refvec.schemes"
OWNERS = {
    "rust": "rust-vector-store",
    "numpy": "refvec-backends",
    "python": "refvec-backends",
    "redis": "refvec-redis",
}
SCHEMES_OF_OURS = {"redis": "redis", "rediss": "redis"}  # and the backend that takes it
_HEADER = re.compile(r"^(name|version):(.*)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Claim:
    """One distribution's claim of one backend name.

    Attributes
    ----------
    name : str
        The name of the entry point, which is the backend's.
    distribution, version : str
        Whose it is.
    entry_point : importlib.metadata.EntryPoint
        Where the plugin is.
    schemes : tuple of str
        The schemes of URLs that it takes.
    """

    name: str
    distribution: str
    version: str
    entry_point: metadata.EntryPoint
    schemes: tuple[str, ...] = ()

    @cached_property
    def ours(self) -> bool:
        """Whether it is a name of refvec's, claimed by refvec."""
        return self.name in OWNERS and _normal(self.distribution) == OWNERS[self.name]


@cache
def claims() -> dict[str, tuple[Claim, ...]]:
    """Return every claim, by the name claimed, both in alphabetical order; remembered until `rescan`."""
    found: dict[tuple[str, str], Claim] = {}
    for dist in metadata.distributions():
        for claim in _claims_of(dist):
            found.setdefault((claim.name, _normal(claim.distribution)), claim)  # the first on the path counts
    names: dict[str, tuple[Claim, ...]] = {}
    for (name, _), claim in sorted(found.items(), key=lambda item: item[0]):
        names[name] = (*names.get(name, ()), claim)
    return names


def rescan() -> None:
    """Look again at what is installed, when it is next asked for."""
    claims.cache_clear()
    holder.cache_clear()


@cache
def holder(name: str) -> Claim | None:
    """Return the claim that has a name; None if there is none, or several and none of them ours."""
    return _ours(name) or next((claim for claim in claims().get(name, ()) if refusal(claim) is None), None)


def _ours(name: str) -> Claim | None:
    """Return our claim of a name of ours, which nobody else's can take away."""
    found = metadata.distributions(name=OWNERS[name]) if name in OWNERS else ()
    dist = next(iter(found), None)
    if dist is None:
        return None
    return next((claim for claim in _claims_of(dist) if claim.name == name and claim.ours), None)


def refusal(claim: Claim) -> str | None:
    """Return why a claim does not count beside the others of its name, None if it does.

    Our names are ours. Of any other that several claim nobody has it: which
    came first is nothing that an environment says twice in the same way.
    """
    others = [other for other in claims()[claim.name] if other != claim]
    if claim.ours or not others:
        return None
    owner = next((other for other in others if other.ours), None)
    if owner is not None:
        return f"the name {claim.name!r} belongs to {owner.distribution}"
    return contested(claim.name)


def missing(name: str) -> str:
    """Return how to install a backend of ours that is not there; an empty text for any other name."""
    if name not in OWNERS:
        return ""
    return f" {name!r} is in the distribution {OWNERS[name]}: {how_to_install(OWNERS[name])}."


def contested(name: str) -> str:
    """Return what to do about a name that several distributions claim."""
    claimants = " and ".join(claim.distribution for claim in claims()[name])
    return f"the name {name!r} is claimed by {claimants}; uninstall all of them but one"


def takers(scheme: str) -> list[str]:
    """Return the names of the installed backends that take addresses with this scheme, sorted."""
    return sorted({claim.name for claim in _all() if scheme in claim.schemes and refusal(claim) is None})


def known_schemes() -> list[str]:
    """Return every scheme that an installed backend takes."""
    return sorted({scheme for claim in _all() for scheme in claim.schemes})


def _all() -> Iterator[Claim]:
    return (claim for several in claims().values() for claim in several)


def _claims_of(dist: metadata.Distribution) -> list[Claim]:
    try:
        text = dist.read_text("entry_points.txt")
        if text is None or GROUP not in text:
            return []
        points = dist.entry_points
        name, version = _named(dist)
        schemes = points.select(group=SCHEMES)
        return [
            Claim(point.name, name, version, point, _schemes_of(point, schemes))
            for point in points.select(group=GROUP)
        ]
    except Exception:  # unreadable metadata of one distribution is no reason to lose the others
        return []


def _named(dist: metadata.Distribution) -> tuple[str, str]:
    """Return name and version, without having the whole README that follows them parsed as a message."""
    text = dist.read_text("METADATA") or dist.read_text("PKG-INFO") or ""
    told = {key.lower(): value.strip() for key, value in _HEADER.findall(text.partition("\n\n")[0])}
    return told.get("name", "unknown"), told.get("version", "unknown")


def _schemes_of(point: metadata.EntryPoint, schemes: Iterable[metadata.EntryPoint]) -> tuple[str, ...]:
    return tuple(scheme.name.lower() for scheme in schemes if scheme.value == point.value)


def _normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()
