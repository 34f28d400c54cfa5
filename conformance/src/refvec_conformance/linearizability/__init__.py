"""Linearizability (THREAD-1): record what threads did, and look for an order that explains it.

::

    workloads ──programs──> recording ──history──> checking ──verdict──> shrinking ──> timeline
                                                      │
                                                    model   the store as a pure function
"""

from .checking import explanation, is_linearizable
from .history import ANY, Call, Op
from .model import Contents, Model
from .recording import record
from .shrinking import smallest_failure
from .timeline import drawn

__all__ = [
    "ANY",
    "Call",
    "Contents",
    "Model",
    "Op",
    "drawn",
    "explanation",
    "is_linearizable",
    "record",
    "smallest_failure",
]
