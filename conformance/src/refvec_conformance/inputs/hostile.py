"""Subclasses that lie and objects that misbehave: arguments, never the suite's own data."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NoReturn

import numpy as np
from numpy.typing import NDArray


class OwnError(Exception):
    """What the caller's own code raises: it has to pass through unchanged."""


class HostileText(str):
    """A ``str`` whose methods lie, and note that they were called."""

    __slots__ = ()
    calls: ClassVar[list[str]] = []

    def __new__(cls, *parts: str) -> HostileText:
        """Join the parts."""
        return str.__new__(cls, "".join(parts))

    def _lie(self, *_: Any, **__: Any) -> Any:
        self.calls.append("called")
        raise OwnError("a method of the id was called")

    __str__ = __repr__ = __hash__ = __eq__ = __len__ = __iter__ = __getitem__ = __format__ = _lie
    encode = isascii = lower = __ne__ = __lt__ = __contains__ = _lie


class HostileUUID(uuid.UUID):
    """A ``UUID`` whose methods and attributes lie, and note that they were called."""

    __slots__ = ()
    calls: ClassVar[list[str]] = []

    def _lie(self, *_: Any) -> Any:
        self.calls.append("called")
        raise OwnError("a method of the id was called")

    __str__ = __repr__ = __hash__ = __eq__ = __int__ = _lie
    hex = bytes = fields = urn = property(_lie)

    def __getattribute__(self, name: str) -> Any:
        """Lie about everything."""
        type(self).calls.append(name)
        return object.__getattribute__(self, name)

    def __init__(self, **kwargs: Any) -> None:
        """Set the bits behind the property's back."""
        uuid.UUID.__dict__["int"].__set__(self, kwargs["int"])


setattr(HostileUUID, "int", property(HostileUUID._lie))  # noqa: B010 - typing holds it for final
HALF_UUID = uuid.UUID.__new__(uuid.UUID)


class HostileArray(np.ndarray[Any, Any]):
    """An ``ndarray`` subclass whose overrides lie or raise."""

    def __array_finalize__(self, _: Any) -> None:
        """Do nothing, where others would set attributes."""

    def _raise(self, *_: Any, **__: Any) -> NoReturn:
        raise OwnError("a method of the array was called")

    __array_function__ = __array_ufunc__ = __getitem__ = __len__ = __iter__ = _raise
    astype = copy = tobytes = __eq__ = _raise
    __setitem__: Any = _raise


def hostile_array(values: Any) -> HostileArray:
    """Return the values as an array that lies."""
    return np.array(values, np.float32).view(HostileArray)


class Converted:
    """An object with ``__array__``: what `make` returns, each time it is asked."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Convert."""
        return self._make()  # type: ignore[no-any-return]


class OnlyDlpack:
    """An object that speaks nothing but DLPack."""

    def __init__(self, array: NDArray[Any]) -> None:
        self._array = array

    def __dlpack__(self, **kwargs: Any) -> Any:
        """Hand out the array."""
        return self._array.__dlpack__(**kwargs)

    def __dlpack_device__(self) -> Any:
        """Return the device of the array."""
        return self._array.__dlpack_device__()


class Index:
    """An object with ``__index__``."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def __index__(self) -> int:
        """Convert."""
        return self._make()  # type: ignore[no-any-return]


def fail(*_: Any) -> NoReturn:
    """Raise what only the caller's own code raises."""
    raise OwnError("raised by the caller's own code")


def after(items: list[Any], then: Callable[[], Any] = fail) -> Iterator[Any]:
    """Yield the items, then call `then`."""
    yield from items
    then()


class Elsewhere:
    """Uses a store from another thread, in the middle of a call: it must not have to wait."""

    PATIENCE = 20.0

    def __init__(self, use: Callable[[], object]) -> None:
        self._use = use
        self.visits = 0
        self.blocked = False

    def __call__(self) -> None:
        """Use the store on another thread, and note whether that had to wait for the lock."""
        if self.visits:
            return
        self.visits += 1
        thread = threading.Thread(target=self._use, daemon=True)
        thread.start()
        thread.join(self.PATIENCE)
        self.blocked = thread.is_alive()
