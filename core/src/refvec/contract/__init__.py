"""The contract: ``VectorStore``, layer by layer.

`primitives` is what a backend writes. `lifecycle`, `writing`, `reading`,
`search` and `interchange` are what callers use, built on the primitives;
`store` puts them together, and `meta` is the front door.
"""

from .store import VectorStore

__all__ = ["VectorStore"]
