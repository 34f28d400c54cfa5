"""The entry point of the backend."""

from __future__ import annotations

from refvec import BackendPlugin, hookimpl


class RustPlugin:
    """Provides the backend ``rust``."""

    @staticmethod
    @hookimpl
    def refvec_backend() -> BackendPlugin:
        """Return the rust backend."""
        from .store import RustVectorStore

        return BackendPlugin(RustVectorStore)
