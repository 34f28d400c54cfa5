"""The ledger: from the records of the tests to one verdict for every clause.

::

    any test failed                                       -> fail
    the smoke tier failed, so it was not asked            -> blocked
    any test failed as expected                           -> expected-fail
    capability not declared, its refusal passed           -> unsupported-proven
    nothing of it applies to this backend                 -> not-applicable
    tests of it were skipped, or none ran                 -> not-run
    otherwise                                             -> pass
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .clauses import LEVELS, Clause, clauses
from .marks import TIERS
from .records import TOO_DEEP, Outcome, TestRecord
from .results import ClauseResult, ExitCode, LevelResult, Verdict

# Below this tier a pass says that nothing was found so far: no badge for it.
LEVEL_TIER = "standard"
_CLEAN = (Verdict.PASS, Verdict.UNSUPPORTED_PROVEN, Verdict.NOT_APPLICABLE)


def settle(
    records: Iterable[TestRecord], capabilities: Mapping[str, Any], contract: str
) -> tuple[ClauseResult, ...]:
    """Return one result for every clause of the contract, in its order.

    Parameters
    ----------
    records : iterable of TestRecord
        Every test of one backend.
    capabilities : mapping
        What the backend declares.
    contract : str
        The version of the contract that is asked for.
    """
    rows = list(records)
    found = tuple(_settle_one(one, rows, capabilities, contract) for one in clauses().values())
    if [row.id for row in found] != list(clauses()):
        raise AssertionError("the ledger does not add up")
    return found


def _settle_one(
    clause: Clause, rows: list[TestRecord], capabilities: Mapping[str, Any], contract: str
) -> ClauseResult:
    own = [row for row in rows if clause.id in row.clauses]
    tests = tuple(row.id for row in own)
    if not clause.in_force(contract):
        return ClauseResult(clause.id, Verdict.NOT_APPLICABLE, f"not part of contract {contract}", tests)
    judged = [row for row in own if not (row.provisional and row.outcome is Outcome.FAILED)]
    for outcome, verdict in _DECISIVE.items():
        hit = next((row for row in judged if row.outcome is outcome), None)
        if hit is not None:
            return ClauseResult(clause.id, verdict, _why(hit), tests)
    if clause.capability and not capabilities.get(clause.capability):
        return _refusal(clause, rows, tests)
    return ClauseResult(clause.id, *_quiet(clause, judged), tests)


_DECISIVE = {
    Outcome.FAILED: Verdict.FAIL,
    Outcome.BLOCKED: Verdict.BLOCKED,
    Outcome.EXPECTED_FAIL: Verdict.EXPECTED_FAIL,
}


def _why(row: TestRecord) -> str:
    first = (row.failure.message if row.failure else row.reason).strip().partition("\n")[0]
    return f"{row.id}: {first or row.reason}"


def _refusal(clause: Clause, rows: list[TestRecord], tests: tuple[str, ...]) -> ClauseResult:
    """Judge a clause of a capability that is not declared, by the tests of its refusal."""
    refusals = [row for row in rows if row.requires == f"!{clause.capability}"]
    names = tests + tuple(row.id for row in refusals if row.id not in tests)
    for outcome, verdict in _DECISIVE.items():
        hit = next((row for row in refusals if row.outcome is outcome and not row.provisional), None)
        if hit is not None:
            return ClauseResult(clause.id, verdict, _why(hit), names)
    lacking = f"capability {clause.capability!r} is not declared"
    if any(row.outcome is Outcome.PASSED for row in refusals):
        return ClauseResult(clause.id, Verdict.UNSUPPORTED_PROVEN, f"{lacking}, and refused", names)
    if not refusals:
        return ClauseResult(clause.id, Verdict.NOT_APPLICABLE, lacking, names)
    return ClauseResult(clause.id, Verdict.NOT_RUN, f"{lacking}; its refusal was not tested", names)


def _quiet(clause: Clause, judged: list[TestRecord]) -> tuple[Verdict, str]:
    """Judge a clause of which no test failed or was blocked."""
    outcomes = [row.outcome for row in judged]
    skipped = next((row for row in judged if row.outcome is Outcome.SKIPPED), None)
    if skipped is not None:
        return Verdict.NOT_RUN, f"{skipped.id} skipped itself: {skipped.reason}"
    if Outcome.PASSED in outcomes:
        lost = next((row for row in judged if row.outcome is Outcome.NOT_RUN and row.reason != TOO_DEEP), None)
        return (Verdict.NOT_RUN, f"{lost.id}: {lost.reason}") if lost else (Verdict.PASS, "")
    if outcomes and all(outcome is Outcome.NOT_APPLICABLE for outcome in outcomes):
        return Verdict.NOT_APPLICABLE, judged[0].reason
    if clause.planned:
        return Verdict.NOT_RUN, f"planned: {clause.planned}"
    if not judged:
        return Verdict.NOT_RUN, "no test judges it"
    row = next(row for row in judged if row.outcome is Outcome.NOT_RUN)
    return Verdict.NOT_RUN, f"{row.id}: {row.reason}"


def levels(
    results: Iterable[ClauseResult], capabilities: Mapping[str, Any], tier: str
) -> tuple[LevelResult, ...]:
    """Return which levels are earned: every MUST of it was run and none is broken, expected or not."""
    verdicts = {row.id: row.verdict for row in results}
    core = _level("Core", verdicts, capabilities, tier)
    others = [_level(name, verdicts, capabilities, tier) for name in LEVELS[1:]]
    if core.status == "earned":
        return (core, *others)
    needs = "needs Core, which is withheld"
    return (
        core,
        *(LevelResult(row.name, "withheld", needs) if row.status == "earned" else row for row in others),
    )


def _level(
    name: str, verdicts: Mapping[str, Verdict], capabilities: Mapping[str, Any], tier: str
) -> LevelResult:
    musts = [one for one in clauses().values() if one.level == name and one.keyword == "MUST"]
    missing = {one.capability for one in musts if one.capability and not capabilities.get(one.capability)}
    if name != "Core" and missing:
        return LevelResult(name, "not-claimed", f"{', '.join(sorted(missing))} is not declared")
    broken = {one.id: verdicts[one.id] for one in musts if verdicts[one.id] not in _CLEAN}
    shallow = TIERS.index(tier) < TIERS.index(LEVEL_TIER)
    if shallow and set(broken.values()) <= {Verdict.NOT_RUN}:
        return LevelResult(name, "withheld", f"needs tier {LEVEL_TIER}, this was {tier}")
    if not broken:
        return LevelResult(name, "earned")
    more = f" and {len(broken) - 3} more" if len(broken) > 3 else ""
    told = ", ".join(f"{one} {verdict}" for one, verdict in list(broken.items())[:3])
    return LevelResult(name, "withheld", told + more)


def missing_clauses(results: Iterable[ClauseResult], records: Iterable[TestRecord], tier: str) -> list[str]:
    """Return the clauses that the manifest and the tier imply and that were not run."""
    rows = {row.id: row for row in records}
    depth = TIERS.index(tier)
    lacking = []
    for result in results:
        if result.verdict is not Verdict.NOT_RUN or clauses()[result.id].planned:
            continue
        due = [test for test in result.tests if TIERS.index(rows[test].tier) <= depth]
        if due or not result.tests:
            lacking.append(result.id)
    return lacking


def verdict_code(
    results: Iterable[ClauseResult],
    records: Iterable[TestRecord],
    tier: str,
    problems: Iterable[str],
    *,
    partial: bool = False,
) -> ExitCode:
    """Return the exit code for one backend that could be run.

    Parameters
    ----------
    results, records, tier
        What was found.
    problems : iterable of str
        What is wrong with the expected failures.
    partial : bool
        Whether only some tests were asked for, so that clauses are missing by intention.
    """
    found, rows = list(results), list(records)
    bad = {Verdict.FAIL, Verdict.BLOCKED} & {row.verdict for row in found}
    if bad or list(problems):
        return ExitCode.FAILS
    ran = any(row.outcome in (Outcome.PASSED, Outcome.EXPECTED_FAIL) for row in rows)
    if not ran or (missing_clauses(found, rows, tier) and not partial):
        return ExitCode.VACUOUS
    return ExitCode.CONFORMS
