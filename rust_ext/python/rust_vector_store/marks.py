"""Checksums and fingerprints of rows (docs/format.md), for core and all backends that do not know them."""

from ._native import checksums, fingerprints

__all__ = ["checksums", "fingerprints"]
