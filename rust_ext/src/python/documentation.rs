//! What `help()` shows of the methods, as `tools/native_docs.py` takes it from `refvec.VectorStore`.

/// The documentation of the method of this name.
macro_rules! documentation {
    (add_vector) => {
        "add_vector(chunk_id: ChunkId, vector: ArrayLike) -> int

Store a vector under a new id.

Parameters
----------
chunk_id : str or uuid.UUID
    An id that is not in the store. A UUID is the same id as its canonical text.
vector : array_like, shape (dimension,)
    Integers or floats, rounded once to the nearest float32.

Returns
-------
int
    The index of the vector: that of the identical vector if one is
    stored (which gains a reference), else the lowest free one.

Raises
------
DuplicateIdError
    If the id is present; use `upsert_vector` to replace its vector.
DimensionMismatchError, VectorError, VectorTypeError
    If the vector does not fit; nothing is stored.

Examples
--------
>>> from refvec import VectorStore
>>> store = VectorStore(3, backend=\"python\")
>>> store.add_vector(\"a\", [1, 2, 3]), store.add_vector(\"b\", [1, 2, 3])
(0, 0)"
    };
    (add_vectors) => {
        "add_vectors(chunk_ids: Iterable[ChunkId], vectors: ArrayLike) -> NDArray[np.int64]

Store a batch under new ids: `add_vector` for each pair in order, all or nothing.

Parameters
----------
chunk_ids : iterable of str or uuid.UUID
    Distinct ids that are not in the store; generators are welcome.
vectors : array_like, shape (n, dimension)
    One row for each id: a list of vectors; an array, a tensor of torch or jax,
    or whatever else has ``__array__``, ``__dlpack__`` or a buffer; a column of
    vectors (a Series of pandas or polars, pyarrow's lists and fixed-size lists,
    in chunks or not); a DataFrame or table with nothing but columns of numbers.
    Integers or floats of any size, bfloat16 and float8 of ml_dtypes included,
    rounded once, from their own dtype to the nearest float32.

Returns
-------
ndarray of int64, shape (n,)
    The index of every id; equal vectors share one.

Raises
------
DuplicateIdError
    For the first id that is present or repeated; its ``position`` says where.
VectorTypeError
    For other dtypes, masked arrays, and what is missing (None, a null); of a
    table with other columns, it says which of them to pass.
DimensionMismatchError, VectorError
    For another number of components or of axes, and for a finite number that
    is too large for a float32.
ValueError
    If the lengths differ.

Notes
-----
What the caller's ``__array__`` raises passes through. That of torch refuses a
tensor that is sparse, on a device or needs a gradient, and bfloat16 and float8,
which numpy lacks; the error says which of ``tensor.to_dense()``, ``.cpu()``,
``.detach()`` and ``.float()`` to call."
    };
    (count) => {
        "Unique vectors stored; the same as ``len(store)``. O(1)."
    };
    (dimension) => {
        "Components of every vector; None until the first vector fixes it."
    };
    (find_vector) => {
        "find_vector(vector: ArrayLike) -> int | None

Return the index of the stored vector that is identical to this one, or None."
    };
    (get_all_vectors) => {
        "get_all_vectors() -> NDArray[np.float32]

Return every stored vector once, shape (count, dimension), by ascending index.

Row r is the vector at ``indices()[r]``. The rows are neither in the order
of `ids` nor as many: `items` says which id has which vector."
    };
    (get_index) => {
        "get_index(chunk_id: ChunkId) -> int | None

Return the index that an id references, or None if the id is unknown."
    };
    (get_indices) => {
        "get_indices(chunk_ids: Iterable[ChunkId]) -> NDArray[np.int64]

Return the index that every id references, -1 where an id is unknown."
    };
    (get_refcount) => {
        "get_refcount(index: SupportsIndex) -> int

Return the number of ids that reference an active index."
    };
    (get_refcounts) => {
        "get_refcounts(indices: Sequence[SupportsIndex] | NDArray[np.integer[Any]]) -> NDArray[np.int64]

Return the number of ids that reference each of the active indices."
    };
    (get_vector) => {
        "get_vector(chunk_id: ChunkId) -> NDArray[np.float32] | None

Return the vector of an id, shape (dimension,), or None if the id is unknown."
    };
    (get_vector_by_index) => {
        "get_vector_by_index(index: SupportsIndex) -> NDArray[np.float32]

Return the vector at an active index, shape (dimension,).

Raises
------
InvalidIndexError
    If the index was never allocated, or has been freed."
    };
    (get_vectors) => {
        "get_vectors(chunk_ids: Iterable[ChunkId]) -> NDArray[np.float32]

Return the vectors of the ids, shape (n, dimension), in their order.

Raises
------
UnknownIdError
    For the first id that is not in the store; its ``position`` says where."
    };
    (get_vectors_by_indices) => {
        "get_vectors_by_indices(indices: Sequence[SupportsIndex] | NDArray[np.integer[Any]], out: NDArray[np.float32] | None = None) -> NDArray[np.float32]

Return the vectors at active indices, in the order of the indices.

Parameters
----------
indices : sequence of int or 1-D integer ndarray
    Repeats are allowed.
out : ndarray of float32, shape (n, dimension), optional
    Writable, aligned and C-contiguous; filled and returned, and
    untouched if the call raises.

Raises
------
InvalidIndexError
    For the first index that is not active; its ``position`` says where.
ValueError
    If `out` is anything else."
    };
    (ids) => {
        "ids() -> list[str]

Return the ids in the order in which they were added; an upsert keeps the place.

Not the order of `get_all_vectors`, which has each vector once: do not zip
the two. `items` gives each id with its vector."
    };
    (ids_at) => {
        "ids_at(index: SupportsIndex) -> list[str]

Return the ids that reference an active index, in the order in which they came to it."
    };
    (indices) => {
        "indices() -> NDArray[np.int64]

Return the active indices, ascending."
    };
    (remove_vector) => {
        "remove_vector(chunk_id: ChunkId) -> bool

Remove an id; the slot of its vector is freed with the last reference.

Returns
-------
bool
    Whether the id was there."
    };
    (remove_vectors) => {
        "remove_vectors(chunk_ids: Iterable[ChunkId]) -> int

Remove ids in one step and return how many distinct ones were there."
    };
    (total_references) => {
        "Ids in the store. O(1)."
    };
    (upsert_vector) => {
        "upsert_vector(chunk_id: ChunkId, vector: ArrayLike) -> int

Store a vector under an id, new or present.

The new reference is added before the old one is dropped: an identical
vector changes nothing, and a new vector never takes the slot that the
id itself frees. The id keeps its place in `ids`. Parameters, result
and errors are those of `add_vector`, without `DuplicateIdError`."
    };
    (upsert_vectors) => {
        "upsert_vectors(chunk_ids: Iterable[ChunkId], vectors: ArrayLike) -> NDArray[np.int64]

Store a batch under ids, new or present, all or nothing.

Equals `upsert_vector` for each item of ``dict(zip(chunk_ids, vectors))``
in order: of a repeated id, the last vector counts.

Returns
-------
ndarray of int64, shape (n,)
    For every position the index that its id ends with."
    };
    ($other:ident) => {
        "For `RustVectorStore` alone."
    };
}
pub(super) use documentation;
