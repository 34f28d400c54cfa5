"""Linearizability (THREAD-1): record what threads did, and look for an order that explains it.

::

    operations ──programs──> recording ──history──> checking ──verdict──> shrinking ──> timeline
                                                       │
                                                  sequential   the oracle as a pure function
"""

from .checking import explanation, is_linearizable
from .explaining import UnexplainedError, explain
from .history import Call
from .labels import Labels
from .recording import record
from .sequential import Sequential
from .shrinking import smallest_failure
from .timeline import drawn

__all__ = [
    "Call",
    "Labels",
    "Sequential",
    "UnexplainedError",
    "drawn",
    "explain",
    "explanation",
    "is_linearizable",
    "record",
    "smallest_failure",
]
