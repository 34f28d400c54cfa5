"""refvec in Haystack: a document store, and the retriever that searches it."""

from .document_store import RefvecDocumentStore
from .retriever import RefvecEmbeddingRetriever

__all__ = ["RefvecDocumentStore", "RefvecEmbeddingRetriever"]
