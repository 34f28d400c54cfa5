"""The time that one call of a store has, and what becomes of it when that is over (NET-3)."""

from __future__ import annotations

import time

from refvec import BackendUnavailableError, OutcomeUnknownError

_UNKNOWN = "The call may have happened or not: look before you repeat it"
LONGEST = 5.0
_SHORTEST = 0.005  # what has arrived is read, however late it is


class Attempt:
    """One public call.

    Parameters
    ----------
    timeout : float
        The seconds that it has, or each part of a long one.

    Attributes
    ----------
    changed : bool
        Whether something was sent that others would see.
    """

    __slots__ = ("_end", "_pause", "_timeout", "changed")

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._end = time.monotonic() + timeout
        self._pause = 0.005
        self.changed = False

    @property
    def left(self) -> float:
        """The seconds that are left."""
        return self._end - time.monotonic()

    @property
    def patience(self) -> float:
        """The seconds to wait for one answer of a server, so that there is time to ask once more."""
        return max(_SHORTEST, min(LONGEST, self._timeout / 2, self.left))

    def renew(self) -> None:
        """Begin to count again: a long call has finished a part of its work."""
        self._end = time.monotonic() + self._timeout
        self._pause = 0.005

    def again(self, node: str, reason: str, least: float = 0.0) -> None:
        """Wait a little before the next try, or raise for the reason of the last one.

        `least` is what a try needs, in seconds; there was a first one however short the timeout is.
        """
        if self.left <= max(self._pause, min(least, self._timeout / 4)):
            raise self.failure(node, reason)
        time.sleep(self._pause)
        self._pause = min(2 * self._pause, 0.25)

    def failure(self, node: str, reason: str) -> BackendUnavailableError:
        """Return the error for a call that cannot be finished."""
        text = f"{node}: {reason}; gave up after {self._timeout:g} s (option timeout)"
        if self.changed:
            return OutcomeUnknownError(f"{text}. {_UNKNOWN}")
        return BackendUnavailableError(f"{text}. Nothing was changed")

    def refused(self, error: BackendUnavailableError) -> BackendUnavailableError:
        """Return the error for a call that a server refuses to go on with."""
        return OutcomeUnknownError(f"{error}. {_UNKNOWN}") if self.changed else error
