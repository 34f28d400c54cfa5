"""What the broken backends of the zoo are made of."""

from __future__ import annotations

from refvec_backends.python import PythonVectorStore


class Specimen(PythonVectorStore):
    """The python backend under a name of its own; the mutants break one thing of it."""

    backend = "zoo"
