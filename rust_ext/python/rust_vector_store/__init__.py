"""The native backend of refvec: ``VectorStore(..., backend="rust")``."""

from . import marks  # noqa: F401 - core takes it where it is loaded
from .store import RustVectorStore
from .threads import num_threads, set_num_threads

__version__ = "0.1.0"

__all__ = ["RustVectorStore", "__version__", "num_threads", "set_num_threads"]
