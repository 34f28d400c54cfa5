"""The redis backend of refvec: stores that servers keep, the same for many processes on many machines."""

from .store import RedisVectorStore

__version__ = "0.1.0"

__all__ = ["RedisVectorStore", "__version__"]
