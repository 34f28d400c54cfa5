"""refvec in LlamaIndex: a vector store of nodes."""

from .vector_store import RefvecVectorStore

__all__ = ["RefvecVectorStore"]
