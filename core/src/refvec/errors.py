"""The errors of the contract; each is also the built-in that a caller expects.

::

    RefvecError (Exception)
    ├── IdTypeError              TypeError      an id that is neither str nor uuid.UUID
    ├── IdEncodingError          ValueError     an id with a lone surrogate
    ├── VectorTypeError          TypeError      what holds no real numbers, or misses some
    ├── VectorError              ValueError     a wrong shape, or a component beyond float32
    │   └── DimensionMismatchError              a vector of another length than the store's
    ├── DuplicateIdError         ValueError     an id that is present, or repeated in a batch
    ├── UnknownIdError           KeyError       an id that is not present
    ├── InvalidIndexError        IndexError     an index that is not active
    ├── StoreFullError           RuntimeError   more slots than the backend can number
    ├── StoreClosedError         ValueError     any use after ``close()``
    ├── ReadOnlyError            PermissionError
    ├── StoreLockedError         BlockingIOError
    ├── CorruptStoreError        ValueError     a file that is not what was written
    ├── UnsupportedError         NotImplementedError
    ├── BackendUnavailableError  ConnectionError    the servers cannot be reached; nothing was changed
    │   └── OutcomeUnknownError                     the call may have happened or not
    └── BackendError
        ├── UnknownBackendError  ValueError     no backend of that name is installed
        └── BackendLoadError     ImportError    a backend is installed and cannot be used

    BackendLoadWarning (RuntimeWarning)         backend="auto" passed over a broken backend
"""

from __future__ import annotations


class RefvecError(Exception):
    """Base of every error that refvec raises on its own account.

    Parameters
    ----------
    message : str
        What was wrong, with the values, and what to do; without the position,
        which ``str`` appends.
    chunk_id : object, optional
        The id concerned, as the caller gave it.
    index : int, optional
        The index concerned.
    position : int, optional
        For batches: the position of the first item that is at fault.
    """

    def __init__(
        self,
        message: str = "",
        *,
        chunk_id: object = None,
        index: int | None = None,
        position: int | None = None,
    ) -> None:
        super().__init__(message)
        self.chunk_id = chunk_id
        self.index = index
        self.position = position

    def __str__(self) -> str:
        # Not left to the built-in: KeyError would show the repr of the message.
        text = str(self.args[0]) if self.args else ""
        return text if self.position is None else f"{text} (position {self.position} of the batch)"


class IdTypeError(RefvecError, TypeError):
    """An id is neither a ``str`` nor a ``uuid.UUID``."""


class IdEncodingError(RefvecError, ValueError):
    """An id cannot be encoded as UTF-8."""


class VectorTypeError(RefvecError, TypeError):
    """A vector is not an array of integers or real numbers, or some of them are missing."""


class VectorError(RefvecError, ValueError):
    """A vector has the wrong shape, or a component too large for float32."""


class DimensionMismatchError(VectorError):
    """A vector has another number of components than the store's dimension."""


class DuplicateIdError(RefvecError, ValueError):
    """An id is already in the store, or twice in one batch."""


class UnknownIdError(RefvecError, KeyError):
    """An id is not in the store."""


class InvalidIndexError(RefvecError, IndexError):
    """An index was never allocated, or has been freed."""


class StoreFullError(RefvecError, RuntimeError):
    """The backend cannot number that many slots; nothing was added."""


class StoreClosedError(RefvecError, ValueError):
    """The store has been closed."""


class ReadOnlyError(RefvecError, PermissionError):
    """The store was opened with ``mode="r"``."""


class StoreLockedError(RefvecError, BlockingIOError):
    """Another writer has the store open."""


class CorruptStoreError(RefvecError, ValueError):
    """A file is damaged, or is not a refvec file at all."""


class UnsupportedError(RefvecError, NotImplementedError):
    """The backend does not declare the capability that the call needs."""


class BackendUnavailableError(RefvecError, ConnectionError):
    """The servers cannot be reached in time; the call has surely changed nothing."""


class OutcomeUnknownError(BackendUnavailableError):
    """The connection was lost in the middle: the call may have happened or not."""


class BackendError(RefvecError):
    """Base of the errors about backends themselves."""


class UnknownBackendError(BackendError, ValueError):
    """No installed backend has that name."""


class BackendLoadError(BackendError, ImportError):
    """A backend is installed but cannot be used; the cause is chained."""


class BackendLoadWarning(RuntimeWarning):
    """``backend="auto"`` passed over an installed backend that does not load."""
