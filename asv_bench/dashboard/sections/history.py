"""Cost over commits: the first table's operations, and whatever became slower."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from .. import lines, words
from ..compare import Key
from ..parts import Picture, Section, Table
from ..results import Measurement, Results
from ..steps import Step, all_series, steps
from .seed_table import MODULE as SEED_TABLE

MOST_PICTURES = 12
MOST_ROWS = 20
ALONE = (
    "So far there are results of one commit only. `nox -s asv -- run A..B` measures a range of commits; "
    "after that, this section shows how each operation changed, and marks what became slower."
)
LEAD = (
    "The same operations at every commit that was measured, the oldest on the left. asv looks for steps that "
    "last: two commits before and two after are the least that it takes. A ring marks the commit from which on "
    "something is slower or larger; what became better again is not marked."
)
NOTHING = " In the {} commits from {} to {} it found none."

Group = dict[str, list[Measurement]]  # a series of each backend


def section(results: Results) -> Section:
    """Return the list of changes, and pictures of the first table and of what is slower now."""
    if len(results.commits) < 2:
        return Section("history", "Over time", ALONE)
    series = [one for one in all_series(results) if len(one) > 1]
    found = [step for one in series for step in steps(one)]
    groups = in_groups(series, results.backends)
    worse = {place(step.series[0]) for step in found if step.slower}
    shown = [key for key in groups if key[0].startswith(SEED_TABLE) or key in worse]
    shown.sort(key=lambda key: (key not in worse, not key[0].startswith(SEED_TABLE)))
    order = [commit.short for commit in results.commits]
    pictures = [picture(groups[key], found, order) for key in shown[:MOST_PICTURES]]
    nothing = "" if found else NOTHING.format(len(order), order[0], order[-1])
    changes = [table(found, order)] if found else []
    return Section("history", "Over time", LEAD + nothing, [*changes, *pictures])


def who(one: Measurement) -> str:
    """Return the backend or the peer."""
    return one.parameter("backend") or one.parameter("peer") or "any backend"


def place(one: Measurement) -> Key:
    """Return what the lines of one picture have in common."""
    return one.benchmark, one.without("backend", "peer")


def in_groups(series: Sequence[list[Measurement]], backends: Sequence[str]) -> dict[Key, Group]:
    """Return the series that stand in one picture, by backend."""
    groups: dict[Key, Group] = defaultdict(dict)
    for one in sorted(
        series, key=lambda one: backends.index(name) if (name := who(one[0])) in backends else -1
    ):
        groups[place(one[0])][who(one[0])] = one
    return groups


def picture(group: Group, found: Sequence[Step], order: Sequence[str]) -> Picture:
    """Return lines over commits, with a ring where one became slower."""
    marked = {
        name: {step.at.hash for step in found if step.slower and step.series[0] is series[0]}
        for name, series in group.items()
    }
    title = words.label(next(iter(group.values()))[0], "backend", "peer")
    caption = f"“{title}” at each commit; lower is better."
    return Picture(title[0].upper() + title[1:], caption, lines.over_commits(order, group, marked))


def table(found: Sequence[Step], order: Sequence[str]) -> Table:
    """Return the changes: the worst regressions first, then the greatest gains."""
    ranked = sorted(found, key=lambda step: (not step.slower, -abs(step.after / step.before - 1)))
    slower = sum(step.slower for step in found)
    caption = (
        f"In {len(order)} commits, {order[0]} to {order[-1]}, {slower} figures became worse and stayed so, "
        f"and {len(found) - slower} better; the {min(MOST_ROWS, len(found))} greatest changes."
    )
    header = ["what", "since commit", "change"]
    return Table("What changed", caption, header, [row(step) for step in ranked[:MOST_ROWS]])


def row(step: Step) -> list[str]:
    """Return a change as a line of the table."""
    one = step.series[0]
    what = f"{words.label(one, 'backend', 'peer')}\n{who(one)}"
    change = (
        f"▲ {words.ratio(step.after / step.before)}" if step.slower else f"▼ {step.after / step.before:.0%}"
    )
    values = [words.quantity(value, one.unit) for value in (step.before, step.after)]
    return [what, step.at.short, f"{change}\n{values[0]} → {values[1]}"]
