"""The entry points of the two backends; each imports its own module only."""

from __future__ import annotations

from refvec import BackendPlugin, hookimpl


class PythonPlugin:
    """Provides the backend ``python``."""

    @staticmethod
    @hookimpl
    def refvec_backend() -> BackendPlugin:
        """Return the python backend."""
        from .python import PythonVectorStore

        return BackendPlugin(PythonVectorStore)


class NumpyPlugin:
    """Provides the backend ``numpy``."""

    @staticmethod
    @hookimpl
    def refvec_backend() -> BackendPlugin:
        """Return the numpy backend."""
        from .numpy import NumpyVectorStore

        return BackendPlugin(NumpyVectorStore)
