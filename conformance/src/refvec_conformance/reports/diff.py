"""What changed between two runs."""

from __future__ import annotations

from dataclasses import dataclass

from ..judging.records import Outcome, current_id
from ..judging.results import BackendResult, RunResult, Verdict


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was.

    Attributes
    ----------
    backend : str
        The backend.
    what : str
        "backend", "level", "clause" or "test".
    id : str
        Which one.
    before, after : str
        The outcomes; "" where it did not exist.
    """

    backend: str
    what: str
    id: str
    before: str
    after: str

    @property
    def worse(self) -> bool:
        """Whether something that held before does not now."""
        good = {Verdict.PASS.value, Verdict.UNSUPPORTED_PROVEN.value, Outcome.PASSED.value, "earned"}
        # An outcome that is new, and no failure, is no loss; one that is gone is.
        bad = {Verdict.FAIL.value, Verdict.BLOCKED.value, Outcome.FAILED.value}
        return (self.before in good and self.after not in good) or (
            self.after in bad and self.before not in bad
        )


def diff(before: RunResult, after: RunResult) -> list[Change]:
    """Return the changes from one run to another, by backend: levels, clauses, tests."""
    old = {one.name: one for one in before.backends}
    new = {one.name: one for one in after.backends}
    lone = [Change(name, "backend", name, "judged", "") for name in old if name not in new]
    lone += [Change(name, "backend", name, "", "judged") for name in new if name not in old]
    return lone + [
        change
        for name in old
        if name in new
        for what in ("level", "clause", "test")
        for change in _changes(name, what, _table(old[name], what), _table(new[name], what))
    ]


def _table(backend: BackendResult, what: str) -> dict[str, str]:
    if what == "level":
        return {row.name: row.status for row in backend.levels}
    if what == "clause":
        return {row.id: str(row.verdict) for row in backend.clauses}
    return {current_id(row.id): str(row.outcome) for row in backend.tests}


def _changes(name: str, what: str, old: dict[str, str], new: dict[str, str]) -> list[Change]:
    both = dict.fromkeys([*old, *new])
    pairs = [(one, old.get(one, ""), new.get(one, "")) for one in both]
    return [Change(name, what, one, was, now) for one, was, now in pairs if was != now]
