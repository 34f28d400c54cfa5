"""What the broken backends of the zoo are made of."""

from __future__ import annotations

from typing import Any

from refvec_backends.python import PythonVectorStore


class Specimen(PythonVectorStore):
    """The python backend under a name of its own; the mutants break one thing of it."""

    backend = "zoo"

    def _kept(self, things: Any) -> Any:
        """Return what may be gone through more than once, with the same items; what is refused as it is."""
        return things if self.closed or isinstance(things, str | bytes) or things is None else list(things)
