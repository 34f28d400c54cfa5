"""Which indices new vectors take, and what a backend promises of that (INDEX-1, DUR-8)."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from refvec import VectorStore

from .atomicity import capabilities_of


def judge_taken(
    store: VectorStore, taken: list[int], lowest: list[int], *, withheld: Collection[int] = ()
) -> None:
    """Fail if new vectors took other indices than promised.

    Parameters
    ----------
    store : VectorStore
        The store, in which they still are.
    taken, lowest : list of int
        What they took, in order, and what they take where ``dense_indices`` is declared: the lowest
        indices that are reusable, then the next ones.
    withheld : collection of int
        What nothing may take yet. Who numbers as he likes may take anything else, and need not reuse at all.
    """
    if capabilities_of(store).dense_indices and taken != lowest:
        pytest.fail(f"new vectors took the indices {taken}; expected the lowest, {lowest}", pytrace=False)
    early = sorted({*taken} & {*withheld})
    if early:
        wanted = f"expected none of {early} before a flush"
        pytest.fail(f"new vectors took the indices {taken}; {wanted}", pytrace=False)
    if len({*taken}) < len(taken):
        pytest.fail(f"new vectors took the indices {taken}; expected one for each", pytrace=False)
