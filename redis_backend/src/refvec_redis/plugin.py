"""The entry point of the backend, which imports nothing until it is asked for it."""

from __future__ import annotations

from refvec import BackendPlugin, hookimpl


class RedisPlugin:
    """Provides the backend ``redis``."""

    @staticmethod
    @hookimpl
    def refvec_backend() -> BackendPlugin:
        """Return the redis backend."""
        from .store import RedisVectorStore

        return BackendPlugin(RedisVectorStore)
