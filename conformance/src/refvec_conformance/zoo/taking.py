"""One method that takes what it must refuse, or refuses what it must take (VEC, INT, GET, OPEN-7)."""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
from refvec import VectorStore

from .catalogue import breaks, mutant
from .specimen import Specimen

ONE = ("add_vector", "upsert_vector", "find_vector", "search")
BATCH = ("add_vectors", "upsert_vectors")


def taking(
    clause: str, name: str, summary: str, methods: tuple[str, ...], changed: Callable[[Any, Any], Any]
) -> None:
    """Put a backend into the zoo for each method, in which it changes the argument that counts.

    Parameters
    ----------
    clause, name, summary : str
        What it breaks, what it is called, and what it does.
    methods : tuple of str
        One backend for each of them.
    changed : callable
        Of the store and the argument: what is passed on. It is the last one that must be given.
    """
    for method in methods:
        stem = "".join(part.capitalize() for part in method.split("_"))
        body = {"__doc__": f"``{method}`` {summary}.", "__module__": __name__, method: _taking(method, changed)}
        globals()[name + stem] = breaks(clause)(type(name + stem, (Specimen,), body))


def _taking(method: str, changed: Callable[[Any, Any], Any]) -> Any:
    plain = getattr(Specimen, method)
    signature = inspect.signature(plain)
    *_, counts = (one.name for one in signature.parameters.values() if one.default is one.empty)

    def taking(self: Any, *args: Any, **kwargs: Any) -> Any:
        given = signature.bind(self, *args, **kwargs).arguments
        return plain(**given if self.closed else given | {counts: changed(self, given[counts])})

    return taking


def _texts(_store: VectorStore, given: Any) -> Any:
    kind = type(given)
    numeric = kind is list and given and all(type(one) is str and one.isdecimal() for one in given)
    return np.array(given, np.float32) if numeric else given


def _nested_texts(_store: VectorStore, given: Any) -> Any:
    if type(given) is not list or not given or type(given[0]) is not list:
        return given
    return [_texts(_store, row) for row in given]


def _scalar(_store: VectorStore, given: Any) -> Any:
    return [given] if isinstance(given, int | float) and not isinstance(given, bool) else given


def _squeezed(_store: VectorStore, given: Any) -> Any:
    return given[0] if isinstance(given, np.ndarray) and given.ndim == 2 and len(given) == 1 else given


def _promoted(_store: VectorStore, given: Any) -> Any:
    return given[None] if type(given) is np.ndarray and given.ndim == 1 and given.size else given


def _column(store: VectorStore, given: Any) -> Any:
    fits = store.dimension == 1 and type(given) is list and given and isinstance(given[0], int | float)
    return [[one] for one in given] if fits else given


def _masks_dropped(_store: VectorStore, given: Any) -> Any:
    plain = isinstance(given, np.ma.MaskedArray) and not np.ma.getmaskarray(given).any()
    return given.data if plain else given


def _times(_store: VectorStore, given: Any) -> Any:
    return given.astype("i8") if isinstance(given, np.ndarray) and given.dtype.kind == "m" else given


def _signed(_store: VectorStore, given: Any) -> Any:
    wide = isinstance(given, np.ndarray) and given.dtype == np.uint64
    return given.astype(np.int64) if wide else given


def _writable(_store: VectorStore, given: Any) -> Any:
    if isinstance(given, np.ndarray) and given.size and not given.flags.writeable:
        raise ValueError("buffer source array is read-only")
    return given


def _sorted_in_place(_store: VectorStore, given: Any) -> Any:
    if type(given) is list and all(type(one) is int for one in given):
        given.sort()
    return given


def _once(_store: VectorStore, given: Any) -> Any:
    return list(dict.fromkeys(given)) if type(given) is list else given


def _masked_index(_store: VectorStore, given: Any) -> Any:
    wide = type(given) in (int, np.uint64) and 2**63 <= given < 2**64
    return int(given) - 2**64 if wide else given


def _low_bits(_store: VectorStore, given: Any) -> Any:
    """Keep 32 bits, as a cast does; the numbers that other tests use stay invalid."""
    return given & 0xFFFFFFFF if type(given) is int and 2**32 < given < 2**40 else given


def _dates(_store: VectorStore, given: Any) -> Any:
    whole = type(given) is list and given and all(type(one) is float and one.is_integer() for one in given)
    return [int(one) for one in given] if whole else given


def _letters(_store: VectorStore, given: Any) -> Any:
    return list(given) if type(given) is str and given else given


def _one_uuid(_store: VectorStore, given: Any) -> Any:
    return [given] if isinstance(given, uuid.UUID) else given


def _bytes_items(_store: VectorStore, given: Any) -> Any:
    return [one.decode() if type(one) is np.bytes_ else one for one in given] if type(given) is list else given


def _sized(_store: VectorStore, given: Any) -> Any:
    len(given)
    return given


taking("VEC-1", "NumericTexts", "takes texts of numbers", ONE, _texts)
taking("VEC-1", "NumericTexts", "takes texts of numbers", BATCH, _nested_texts)
taking(
    "VEC-1",
    "NoMask",
    "takes masked arrays in which nothing is masked",
    ("search", "find_vector"),
    _masks_dropped,
)
taking("VEC-1", "Durations", "takes durations for integers", (*ONE, *BATCH), _times)
taking("VEC-1", "Signed", "reads large unsigned integers as negative ones", (*ONE, *BATCH), _signed)
taking("VEC-1", "Writable", "refuses read-only arrays", (*ONE, *BATCH), _writable)
taking("VEC-2", "Scalar", "takes a scalar for a vector", ONE, _scalar)
taking("VEC-2", "Squeezed", "takes a batch of one for a vector", ONE[:3], _squeezed)
taking("VEC-2", "Promoted", "takes a vector for a batch of one", BATCH, _promoted)
taking("VEC-2", "Column", "takes a list of numbers for vectors of one component", BATCH, _column)
INDICES = ("get_vectors_by_indices", "get_refcounts")
INDEX = ("get_vector_by_index", "get_refcount", "ids_at")
taking("GET-3", "Writable", "refuses a read-only array of indices", INDICES, _writable)
taking("GET-3", "Sorts", "sorts the caller's list", INDICES, _sorted_in_place)
taking("GET-3", "Once", "answers repeated indices once", ("get_refcounts",), _once)
taking("INT-1", "Wraps", "wraps at 64 bits", INDEX, _masked_index)
taking("INT-1", "LowBits", "keeps 32 bits of an index", INDEX, _low_bits)
taking("INT-1", "WholeFloats", "takes whole floats for indices", INDICES, _dates)
IDS = ("get_indices", "get_vectors", "remove_vectors")
taking("ADD-4", "Letters", "takes a text for its letters", IDS, _letters)
taking("ADD-4", "OneUuid", "takes a single UUID for a list of one", IDS, _one_uuid)
taking("GET-8", "Sized", "takes no iterable without a length", ("get_indices",), _sized)
taking("REMOVE-1", "Sized", "takes no iterable without a length", ("remove_vectors",), _sized)
taking("GET-2", "Sized", "takes no iterable without a length", ("get_vectors",), _sized)
taking("GET-8", "Once", "answers repeated ids once", ("get_indices",), _once)
taking("GET-2", "Once", "answers repeated ids once", ("get_vectors",), _once)
taking("ID-1", "Bytes", "takes numpy bytes for ids", IDS, _bytes_items)


mutant("OPEN-7", "AnythingFirst", "Before the first vector ``find_vector`` looks at nothing.").does(
    find_vector=lambda store, call: None if store.dimension is None and not store.closed else call()
)
mutant("VEC-1", "NothingToFind", "``find_vector`` of an empty store looks at nothing.").does(
    find_vector=lambda store, call: None if not store.closed and not len(store) else call()
)


@breaks("SEARCH-2")
class NothingToSearch(Specimen):
    """A search of an empty store looks at no query."""

    def search(
        self, query: Any, k: Any = 10, *, metric: Any = "cosine", within: Any = None, with_ids: Any = True
    ) -> Any:
        if not self.closed and not len(self) and np.ndim(query) == 1:
            query = np.zeros(self.dimension or 1)
        return super().search(query, k, metric=metric, within=within, with_ids=with_ids)


mutant("SEARCH-4", "WithinUnread", "A search of an empty store does not look at ``within``.").does(
    search=lambda store, call, within: call(within=within if store.closed or len(store) else None)
)
mutant("OPEN-7", "FirstOfTwoAxes", "The first vector may come as a batch of one.").does(
    upsert_vector=lambda store, call, vector: call(
        vector=_squeezed(store, vector) if (not store.closed and store.dimension is None) else vector
    )
)
mutant("OPEN-7", "FirstScalar", "The first vector may be a number.").does(
    upsert_vector=lambda store, call, vector: call(
        vector=_scalar(store, vector) if (not store.closed and store.dimension is None) else vector
    )
)


@breaks("GET-3")
class OutKeepsRepeats(Specimen):
    """With ``out`` only the first of equal indices is filled."""

    def get_vectors_by_indices(self, indices: Any, out: Any = None) -> Any:
        before = None if out is None or type(out) is not np.ndarray else out.copy()
        found = super().get_vectors_by_indices(indices, out)
        if before is not None:
            seen: set[int] = set()
            for position, index in enumerate(np.asarray(indices).tolist()):
                if index in seen:
                    out[position] = before[position]
                seen.add(index)
        return found


@breaks("GET-3")
class IndicesChanged(Specimen):
    """``get_vectors_by_indices`` sorts the array that it is given."""

    def get_vectors_by_indices(self, indices: Any, out: Any = None) -> Any:
        found = super().get_vectors_by_indices(indices, out)
        if type(indices) is np.ndarray and indices.flags.writeable:
            indices.sort()
        return found
