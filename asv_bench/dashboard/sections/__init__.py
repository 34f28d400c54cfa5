"""The sections of the page, in order; each builds itself, or gives None where it has nothing to show."""

from __future__ import annotations

from ..parts import Section
from ..results import Results
from . import history, machine, memory, operations, peers, scaling, seed_table

ORDER = (seed_table, operations, scaling, memory, peers, history, machine)


def build(results: Results) -> list[Section]:
    """Return all sections that have something to show."""
    made = (module.section(results) for module in ORDER)
    return [section for section in made if section is not None]
