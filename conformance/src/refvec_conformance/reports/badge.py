"""The badge: JSON for the endpoint badge of shields."""

from __future__ import annotations

from typing import Any

from ..judging.results import BackendResult, ExitCode


def badge(backend: BackendResult, contract: str) -> dict[str, Any]:
    """Return the badge of a backend.

    It names the levels that were earned and the version of the contract. With
    none it says what stands in the way, in grey or red: there is no badge
    while a MUST of the level has not been run.

    Parameters
    ----------
    backend : BackendResult
        The backend.
    contract : str
        The version of the contract that it was judged by.
    """
    if backend.earned:
        text, colour = f"{' + '.join(backend.earned)} · contract {contract}", "brightgreen"
    elif backend.exit_code in (ExitCode.FAILS, ExitCode.CANNOT_RUN):
        text, colour = f"no level · contract {contract}", "red"
    else:
        text, colour = f"withheld: not everything was run · contract {contract}", "lightgrey"
    return {"schemaVersion": 1, "label": "refvec conformance", "message": text, "color": colour}
