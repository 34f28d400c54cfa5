"""The native backend of refvec: ``VectorStore(..., backend="rust")``."""

from .store import RustVectorStore

__version__ = "0.1.0"

__all__ = ["RustVectorStore", "__version__"]
