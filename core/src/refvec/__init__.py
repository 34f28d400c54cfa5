"""refvec: id -> float32 vector, identical vectors stored once, on interchangeable backends."""

from .capabilities import Capabilities
from .contract import VectorStore
from .errors import (
    BackendError,
    BackendLoadError,
    BackendLoadWarning,
    BackendUnavailableError,
    CorruptStoreError,
    DimensionMismatchError,
    DuplicateIdError,
    IdEncodingError,
    IdTypeError,
    InvalidIndexError,
    OutcomeUnknownError,
    ReadOnlyError,
    RefvecError,
    StoreClosedError,
    StoreFullError,
    StoreLockedError,
    UnknownBackendError,
    UnknownIdError,
    UnsupportedError,
    VectorError,
    VectorTypeError,
)
from .hookspecs import CONTRACT_VERSION, BackendPlugin, hookimpl
from .identity import identity_keys
from .inprocess import InProcessVectorStore
from .location import Url
from .opening import OpenSpec
from .options import Option
from .registry import Backend, backends
from .searching import SearchResult
from .state import Changes, Compaction, Layout, Size, Snapshot, State, grown_capacity

__version__ = "0.1.0"

__all__ = [
    "CONTRACT_VERSION",
    "Backend",
    "BackendError",
    "BackendLoadError",
    "BackendLoadWarning",
    "BackendPlugin",
    "BackendUnavailableError",
    "Capabilities",
    "Changes",
    "Compaction",
    "CorruptStoreError",
    "DimensionMismatchError",
    "DuplicateIdError",
    "IdEncodingError",
    "IdTypeError",
    "InProcessVectorStore",
    "InvalidIndexError",
    "Layout",
    "OpenSpec",
    "Option",
    "OutcomeUnknownError",
    "ReadOnlyError",
    "RefvecError",
    "SearchResult",
    "Size",
    "Snapshot",
    "State",
    "StoreClosedError",
    "StoreFullError",
    "StoreLockedError",
    "UnknownBackendError",
    "UnknownIdError",
    "UnsupportedError",
    "Url",
    "VectorError",
    "VectorStore",
    "VectorTypeError",
    "__version__",
    "backends",
    "grown_capacity",
    "hookimpl",
    "identity_keys",
]
