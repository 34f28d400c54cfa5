"""refvec in LangChain: a vector store, and a store of embeddings to cache them in."""

from .embeddings import RefvecEmbeddingStore
from .vectorstores import RefvecVectorStore

__all__ = ["RefvecEmbeddingStore", "RefvecVectorStore"]
