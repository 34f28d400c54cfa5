"""The interchange file of ``save`` and ``load`` (SAVE-1): its format, writing and reading."""

from .reading import decode, read
from .writing import encode, write

__all__ = ["decode", "encode", "read", "write"]
