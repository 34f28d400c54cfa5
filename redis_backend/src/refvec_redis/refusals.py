"""What a server's refusal means: try again elsewhere, or raise."""

from __future__ import annotations

from redis.exceptions import (
    AskError,
    ClusterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
    TryAgainError,
)
from refvec import BackendUnavailableError, CorruptStoreError, RefvecError, StoreClosedError, StoreFullError

# MOVED is an AskError, MASTERDOWN a ClusterDownError for redis-py.
_KINDS = (AskError, ClusterDownError, ReadOnlyError, TryAgainError)
_WORDS = (
    "CLUSTERDOWN",
    "TRYAGAIN",
    "MASTERDOWN",
    "LOADING",
    "NOREPLICAS",
    "READONLY",
    "MOVED",
    "ASK",
    "UNKILLABLE",
)


def not_executed(error: ResponseError) -> bool:
    """Return whether the command has surely not run, and may elsewhere or later."""
    return isinstance(error, _KINDS) or str(error).startswith(_WORDS)


def without_function(error: ResponseError) -> bool:
    """Return whether the server lacks our functions, as a new one does."""
    return "Function not found" in str(error)


def dropped(name: str) -> StoreClosedError:
    """Return the error for a store that somebody has dropped."""
    return StoreClosedError(f"The store {name!r} was dropped by drop(); open it again to have a new one")


def lasting(address: str, error: ResponseError) -> RefvecError:
    """Return the error for a refusal that no further try would change."""
    text = str(error)
    if isinstance(error, OutOfMemoryError) or "OOM" in text:
        return StoreFullError(f"{address} has no memory left (maxmemory); add servers, or raise its limit")
    if isinstance(error, NoPermissionError) or text.startswith("NOPERM"):
        return BackendUnavailableError(f"{address} does not let this user do what the store needs")
    if text.startswith("DROPPED"):
        return dropped(text.partition("{")[2].rsplit(":", 2)[0])
    if "WRONGTYPE" in text:
        return CorruptStoreError(
            f"{address} has a key of somebody else's where the store has one; it was left alone"
        )
    return RefvecError(f"{address} answers: {text}")
