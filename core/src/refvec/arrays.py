"""What numpy makes of a caller's object, if it is real numbers and none is missing (VEC-1)."""

from __future__ import annotations

import inspect
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import VectorError, VectorTypeError
from .failures import of_pyarrow, shortened, type_name
from .nulls import first_null, is_missing

_LOOKED_AT = 100_000  # the most items of an object array that are searched for what is wrong with it
_NUMBERS = (int, float, np.integer, np.floating)


def real_array(value: Any, name: str) -> NDArray[Any]:
    """Return a plain array of integers or floats, of any shape; it may be the caller's own memory.

    Raises
    ------
    VectorTypeError
        For another dtype, a masked array, or a missing value.
    VectorError
        For nested sequences of different lengths.
    """
    array = as_array(value)
    check_real(array, value, name)
    return np.asarray(array)


def as_array(value: Any) -> NDArray[Any]:
    """Return what numpy makes of a value; exceptions of the caller's own code pass through."""
    try:
        return np.from_dlpack(value) if _speaks_only_dlpack(value) else np.asanyarray(value)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        raise VectorError("Expected an array, got a sequence of items of different shapes") from error
    except Exception as error:
        _advise(error)
        raise


def _advise(error: Exception) -> None:
    """Add to what torch or numpy raised which call converts, where they do not say so themselves."""
    text = str(error)
    if text.startswith(
        ("Got unsupported ScalarType BFloat16", "Got unsupported ScalarType Float8")
    ):  # of torch
        error.add_note("refvec: pass tensor.float(), which has every value of bfloat16 and float8")
    elif text.endswith("in DLTensor."):  # of numpy: an unsupported dtype, or device
        error.add_note("refvec: pass a float32 copy in the memory of the host")


def is_real(dtype: np.dtype[Any]) -> bool:
    """Return whether values of the dtype are integers or floats.

    Beside numpy's own these are the dtypes of others, such as bfloat16 and
    float8 of ml_dtypes, that say of themselves that every value is a float32.
    """
    return dtype.kind in "iuf" or (dtype.kind == "V" and np.can_cast(dtype, np.float32))


def check_real(array: NDArray[Any], value: Any, name: str, *, batch: bool = False) -> None:
    """Raise ``VectorTypeError`` unless the array made of `value` holds numbers, all of them."""
    # First the exact type: naming numpy.ma imports it, and a child of a fork in that moment would wait forever.
    if type(array) is not np.ndarray and isinstance(array, np.ma.MaskedArray):
        raise VectorTypeError(f"{name} is a masked array; fill it first, for instance with .filled(0)")
    if array.ndim == 0 and not (is_real(array.dtype) or issubclass(type(value), np.ndarray)):
        raise VectorTypeError(f"{name} must be an array or a sequence of numbers, {_got(value, name)}")
    if array.dtype.kind == "O":
        raise _of_objects(array, name, batch)
    if not is_real(array.dtype):
        got = f"got dtype {shortened(str(array.dtype))}{_way_out(array, name)}"
        raise VectorTypeError(f"{name} must hold integers or floats, {got}")
    check_complete(array, value, name, batch=batch)


def check_complete(array: NDArray[Any], value: Any, name: str, *, batch: bool) -> None:
    """Raise ``VectorTypeError`` if something missing has become a NaN."""
    if array.ndim == 0 or type(value) is np.ndarray:
        return
    if type(value) in (list, tuple):
        rows = np.ndarray in map(type, value[:1])
        if not rows and array.dtype.kind == "f" and np.isnan(array).any() and _holds_masked(value):
            raise VectorTypeError(f"{name} holds numpy.ma.masked; fill it first, for instance with nan")
        return
    nested = array.ndim > 1 or array.dtype.kind == "O"
    at = first_null(value, nested=nested)
    if at is not None:
        what = "a value" if nested else f"component {at}"
        way = "leave the row out, and its id, or fill it" if nested and batch else "fill it"
        raise VectorTypeError(
            f"{name} must be complete, but {what} is null; {way} first, for instance with nan",
            position=at if nested and batch else None,
        )


def _holds_masked(items: Any) -> bool:
    return any(item is np.ma.masked or (type(item) in (list, tuple) and _holds_masked(item)) for item in items)


def _got(value: Any, name: str) -> str:
    kind = type(value)
    got = f"got {type_name(kind)}{of_pyarrow(kind)}"
    if issubclass(kind, dict):
        return f"{got}; pass list({name}.values())"
    if issubclass(kind, set | frozenset):
        return f"{got}, which has no order; pass a list"
    if not issubclass(kind, str | bytes) and inspect.getattr_static(kind, "__iter__", None):
        return f"{got}; pass list({name})"
    return got


def _way_out(array: NDArray[Any], name: str) -> str:
    if array.dtype.kind in "bUSTO":
        return f"; convert it first, for instance with np.asarray({name}, dtype=np.float32)"
    return f"; pass {name}.real" if array.dtype.kind == "c" else ""


def _of_objects(array: NDArray[Any], name: str, batch: bool) -> VectorTypeError:
    """Return the error for an object array, about the first item that is no number."""
    items = islice(np.ndenumerate(np.asarray(array)), _LOOKED_AT)
    odd = ((where, item) for where, item in items if not issubclass(type(item), _NUMBERS))
    where, item = next(odd, ((), None))
    text = "got dtype object" if not where else f"got {type_name(type(item))} at {where[-1]}"
    position = where[0] if batch and len(where) > 1 else None
    return VectorTypeError(
        f"{name} must hold integers or floats, {text}{_instead_of(item, where, array, name)}", position=position
    )


def _instead_of(item: object, where: tuple[int, ...], array: NDArray[Any], name: str) -> str:
    kind = type(item)
    if where and is_missing(item):
        return "; fill what is missing, for instance with nan"
    if issubclass(kind, np.ndarray | list | tuple):
        return "; pass one of the rows, or all of them to a method for batches"
    return of_pyarrow(kind) or _way_out(array, name)


def _speaks_only_dlpack(value: Any) -> bool:
    kind = type(value)
    if not hasattr(kind, "__dlpack__") or hasattr(kind, "__array__"):
        return False
    try:
        memoryview(value)
    except TypeError:
        return True
    return False
