"""Documents: JSON objects and their vectors under the same ids, as the adapters for frameworks keep them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Literal, NamedTuple, TypeAlias

from numpy.typing import ArrayLike

from .contract import VectorStore
from .documentjson import decoded, encoded
from .documentstore import closed_on_error, opened, require_own, warn_of_bare_vectors
from .errors import DuplicateIdError, VectorError, VectorTypeError
from .failures import quoted
from .ids import canonical_ids
from .metrics import Metric
from .vectors import canonical_row

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
    owner : str
        Whose they are: the distribution of the adapter. It is kept with each, and
        ``ValueError`` is raised for a store with another's.

    Warns
    -----
    UserWarning
        If there are more vectors than documents.
    """

    def __init__(self, store: VectorStore, owner: str) -> None:
        self.store = store
        self._owner = owner
        self._payloads = store.payloads
        require_own(owner, store)
        warn_of_bare_vectors(store, len(self._payloads))

    @classmethod
    def opened(cls, owner: str, store: VectorStore | None, options: Mapping[str, Any]) -> Documents:
        """Return the documents of a store that is given, or open one with these options.

        Raises
        ------
        UnsupportedError
            If it would keep no payloads, as those in servers; nothing was opened then.
        ValueError
            If it holds another's documents; what was opened is closed then.
        """
        found = opened(owner, store, options)
        with closed_on_error(found, store):
            return cls(found, owner)

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
        contents = {one: encoded(self._owner, one, document) for one, document in documents.items()}
        with self._payloads.together():
            if present != "replace":
                self._leave_out(contents, refuse=present == "refuse")
            self._payloads.put(contents)
            self._put_vectors({one: vectors[one] for one in contents if one in vectors})
            self.store.remove_vectors(one for one in contents if one not in vectors)
        self.store.flush()
        return list(contents)

    def _leave_out(self, contents: dict[str, bytes], *, refuse: bool) -> None:
        """Take those that are there out of what is to be kept, or raise for the first of them."""
        for one in [one for one in contents if one in self._payloads]:
            if refuse:
                raise DuplicateIdError(f"There is a document {quoted(one)} already", chunk_id=one)
            del contents[one]

    def _put_vectors(self, vectors: dict[str, Any]) -> None:
        if not vectors:
            return
        try:
            self.store.upsert_vectors(list(vectors), list(vectors.values()))
        except (VectorError, VectorTypeError):
            _require_vectors(vectors, self.store.dimension)
            raise

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
            self._payloads.put({one: encoded(self._owner, one, change(document)) for one, document in found})
        self.store.flush()
        return len(found)

    def remove(self, ids: Iterable[str]) -> int:
        """Remove documents with their vectors; return how many there were."""
        gone = canonical_ids(ids)
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
        wanted = list(dict.fromkeys(canonical_ids(ids)))
        found = zip(wanted, self._payloads.get(wanted), strict=True)
        return {one: decoded(self._owner, content) for one, content in found if content is not None}

    def items(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Iterate over all documents."""
        for one, content in self._payloads.items():
            yield one, decoded(self._owner, content)

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
            The most hits; 0 finds nothing.
        metric : {"cosine", "dot", "euclidean"}
            As for `VectorStore.search`.
        keep : callable, optional
            Which documents count, by id and document. Only those are asked for that are near
            enough; what it raises passes through.
        """
        if k == 0 or not len(self.store):
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


def _require_vectors(vectors: Mapping[str, Any], dimension: int | None) -> None:
    """Raise for the first document whose vector cannot be stored: who wrote it knows ids, not positions."""
    for one, vector in vectors.items():
        try:
            dimension = len(canonical_row(vector, dimension))
        except (VectorError, VectorTypeError) as error:
            message = f"The vector of the document {quoted(one)} cannot be stored: {error}"
            raise type(error)(message, chunk_id=one) from None
