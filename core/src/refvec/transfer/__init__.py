"""Copying a store to another place: a file, a directory, or servers; its vectors are never all in memory."""

from .copying import Copied, copy_store

__all__ = ["Copied", "copy_store"]
