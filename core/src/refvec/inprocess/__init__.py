"""Backends that keep everything in this process: the lock, the steps and the bookkeeping are here."""

from .store import InProcessVectorStore

__all__ = ["InProcessVectorStore"]
