"""What this was measured on, and how."""

from __future__ import annotations

from datetime import UTC, datetime

from ..parts import Section, Table
from ..results import Results

LEAD = (
    "Times are medians of several samples; a figure with a spread shows the middle half of them. Other "
    "programs on the same machine make figures larger, never smaller: differences below a tenth may be "
    "noise. Compare ratios, not machines."
)
NAMES = {
    "machine": "machine",
    "cpu": "processor",
    "num_cpu": "cores",
    "ram": "memory",
    "os": "operating system",
    "arch": "architecture",
    "python": "Python",
}


def section(results: Results) -> Section:
    """Return the facts as a table."""
    facts = {**results.machine, **results.environment}
    rows = [[NAMES.get(key, key), shown(key, value)] for key, value in facts.items() if value]
    last = results.commits[-1]
    rows.append(
        ["newest commit", f"{last.short}, {datetime.fromtimestamp(last.date / 1000, UTC):%Y-%m-%d %H:%M} UTC"]
    )
    older = sum(one.commit != last for one in results.newest)
    caption = (
        f"{len(results.newest)} figures, {older} of them from older commits"
        if older
        else "All figures are of this commit"
    )
    if results.other_machines:
        caption += f"; there are results of other machines too: {', '.join(results.other_machines)}"
    return Section(
        "machine", "Where and how this was measured", LEAD, [Table("Facts", caption + ".", ["", ""], rows)]
    )


def shown(key: str, value: str) -> str:
    """Return a fact as a reader wants it."""
    if key == "ram" and value.isdigit():
        return f"{int(value) / 1e9:.1f} GB"
    return value
