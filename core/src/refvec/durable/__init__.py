"""Durable stores: one directory, one format, one protocol, for every backend (DUR; docs/format.md)."""

from .opening import begin
from .session import Session

__all__ = ["Session", "begin"]
