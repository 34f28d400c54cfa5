"""Exchange with other programs through npy, safetensors and Parquet; see docs/interchange.md.

Vectors are read and written in pieces, so a file may be larger than memory.
What leaves is ids and vectors: indices, precision and the order within slots
are kept by ``VectorStore.save`` and by durable stores.
"""

from .errors import InterchangeError
from .exporting import export_store
from .formats import FORMATS, open_source
from .importing import Counts, import_file, import_source
from .source import Source

__all__ = [
    "FORMATS",
    "Counts",
    "InterchangeError",
    "Source",
    "export_store",
    "import_file",
    "import_source",
    "open_source",
]
