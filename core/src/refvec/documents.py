"""Documents: JSON objects and their vectors under the same ids, as the adapters for frameworks keep them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Literal, NamedTuple, TypeAlias

from numpy.typing import ArrayLike

from .contract import VectorStore
from .errors import DuplicateIdError
from .failures import quoted, type_name
from .metrics import Metric

Document: TypeAlias = Mapping[str, Any]
Present: TypeAlias = Literal["replace", "skip", "refuse"]
Keep: TypeAlias = Callable[[str, dict[str, Any]], bool]
_MOST_AT_ONCE = 256  # documents that are read together
_WIDER = 4  # times as many vectors, where those that were asked for were not enough


class Hit(NamedTuple):
    """A document that a search found: its id, its score, and the document."""

    chunk_id: str
    score: float
    document: dict[str, Any]


class Documents:
    """The documents of a store: each is a payload, and has a vector or none.

    A change is one step for vectors and payloads. Of a durable store it is
    flushed before the call returns, so what was acknowledged survives a crash.

    Parameters
    ----------
    store : VectorStore
        In memory, or durable. `UnsupportedError` if it keeps no payloads.
    """

    def __init__(self, store: VectorStore) -> None:
        self.store = store
        self._payloads = store.payloads

    def put(
        self, documents: Mapping[str, Document], vectors: Mapping[str, Any], *, present: Present = "replace"
    ) -> list[str]:
        """Keep documents, all or nothing; return the ids of those that were kept.

        Parameters
        ----------
        documents : mapping of str to mapping
            What JSON can say: text, numbers, booleans, None, lists (tuples become
            lists) and mappings with keys that are text.
        vectors : mapping of str to array_like
            Of some of these ids; the others have none afterwards.
        present : {"replace", "skip", "refuse"}
            What becomes of an id that has a document.

        Raises
        ------
        DuplicateIdError
            If there is one, and it is to be refused.
        TypeError, ValueError
            For a document that cannot be stored, or a vector of another dimension.
        """
        encoded = {one: _encoded(one, document) for one, document in documents.items()}
        with self._payloads.together():
            if present != "replace":
                self._leave_out(encoded, refuse=present == "refuse")
            self._payloads.put(encoded)
            ids = [one for one in encoded if one in vectors]
            if ids:
                self.store.upsert_vectors(ids, [vectors[one] for one in ids])
            self.store.remove_vectors(one for one in encoded if one not in vectors)
        self.store.flush()
        return list(encoded)

    def _leave_out(self, encoded: dict[str, bytes], *, refuse: bool) -> None:
        """Take those that are there out of what is to be kept, or raise for the first of them."""
        for one in [one for one in encoded if one in self._payloads]:
            if refuse:
                raise DuplicateIdError(f"There is a document {quoted(one)} already", chunk_id=one)
            del encoded[one]

    def amend(self, keep: Keep | None, change: Callable[[dict[str, Any]], Document]) -> int:
        """Change documents in one step, and leave their vectors; return how many there were.

        Parameters
        ----------
        keep : callable, optional
            Which documents, by id and document. Nobody else can change any while it is asked.
        change : callable
            Returns what a document becomes.
        """
        with self._payloads.together():
            found = [(one, document) for one, document in self.items() if keep is None or keep(one, document)]
            self._payloads.put({one: _encoded(one, change(document)) for one, document in found})
        self.store.flush()
        return len(found)

    def remove(self, ids: Iterable[str]) -> int:
        """Remove documents with their vectors; return how many there were."""
        gone = list(ids)
        with self._payloads.together():
            count = self._payloads.remove(gone)
            self.store.remove_vectors(gone)
        self.store.flush()
        return count

    def clear(self) -> None:
        """Remove all documents, and all vectors."""
        with self._payloads.together():
            self._payloads.clear()
            self.store.clear()
        self.store.flush()

    def get(self, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return those documents that are there, in the order of the ids."""
        wanted = list(dict.fromkeys(ids))
        found = zip(wanted, self._payloads.get(wanted), strict=True)
        return {one: _decoded(content) for one, content in found if content is not None}

    def items(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Iterate over all documents."""
        for one, content in self._payloads.items():
            yield one, _decoded(content)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._payloads)

    def __contains__(self, chunk_id: object) -> bool:
        """Return whether there is a document with this id."""
        return chunk_id in self._payloads

    def search(
        self, query: ArrayLike, k: int, *, metric: Metric = "cosine", keep: Keep | None = None
    ) -> list[Hit]:
        """Return the k documents whose vectors are nearest, best first, each on its own where some share one.

        Parameters
        ----------
        query : array_like, shape (dimension,)
            The query.
        k : int
            The most hits.
        metric : {"cosine", "dot", "euclidean"}
            As for `VectorStore.search`.
        keep : callable, optional
            Which documents count, by id and document. Only those are asked for that are near
            enough; what it raises passes through.
        """
        if not len(self.store):
            return []
        hits: list[Hit] = []
        seen, wanted = 0, k
        while True:
            found = self.store.search(query, wanted, metric=metric)
            assert found.ids is not None
            pairs = zip(found.ids[seen:], found.scores[seen:].tolist(), strict=True)
            new = ((one, score) for ids, score in pairs for one in ids)
            hits += islice(self._kept(new, keep, k), k - len(hits))
            seen = len(found.indices)
            if len(hits) == k or seen < wanted:
                return hits
            wanted *= _WIDER

    def _kept(self, found: Iterator[tuple[str, float]], keep: Keep | None, size: int) -> Iterator[Hit]:
        """Yield hits for those ids whose document counts, read some at a time: thousands may share a vector."""
        while batch := dict(islice(found, size)):
            for one, document in self.get(batch).items():
                if keep is None or keep(one, document):
                    yield Hit(one, batch[one], document)
            size = min(2 * size, _MOST_AT_ONCE)


def _encoded(chunk_id: str, document: Document) -> bytes:
    try:
        _require_text_keys(document)
        return json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")
    except (TypeError, ValueError, RecursionError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(
            f"The document {quoted(chunk_id)} cannot be stored: {error}; JSON must be able to say it"
        ) from None


def _require_text_keys(value: Any) -> None:
    """Raise for a key that JSON would silently make text of."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            if not isinstance(key, str):
                raise TypeError(f"the key {key!r:.40} is of type {type_name(type(key))}, and keys must be text")
            _require_text_keys(one)
    elif isinstance(value, list | tuple):
        for one in value:
            _require_text_keys(one)


def _decoded(content: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(content.decode("utf-8", "surrogatepass"))
    return found
