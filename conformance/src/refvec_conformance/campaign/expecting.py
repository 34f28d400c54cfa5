"""What a killed writer may have left, by what it had told until then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from .load import BEGUN, DONE, OPENED, WRONG, Record

# How what is found may end. The last four are broken promises.
OUTCOMES = ("acknowledged", "in flight, kept", "lost", "half-applied", "refused", "wrong")


class Expectation:
    """What one store may hold.

    Parameters
    ----------
    empty : bytes
        The digest of a store in which nothing ever was.

    Attributes
    ----------
    created : bool
        Whether a writer was told that the store exists.
    counts : collections.Counter
        Flushes by whether they were begun and acknowledged.
    complaints : list of (str, str)
        What was not as promised: the outcome, and when it was found.
    """

    def __init__(self, empty: bytes) -> None:
        self.created = False
        self.counts: Counter[str] = Counter()
        self.complaints: list[tuple[str, str]] = []
        self._last = empty  # acknowledged, or seen since
        self._begun: bytes | None = None
        self._before: set[bytes] = set()

    def follow(self, records: Iterable[Record]) -> None:
        """Take over what a writer told."""
        for word, content in records:
            if word == OPENED:
                self.created = True
                self.found(content, "the next writer")
            elif word == BEGUN:
                self._begun = content
                self.counts["begun"] += 1
            elif word == DONE:
                self._now(content)
                self.counts["acknowledged"] += 1
            elif word == WRONG:
                self.complaints.append(("wrong", content.decode("utf-8", "replace")))

    def found(self, content: bytes, who: str) -> str:
        """Return which of the outcomes it is that somebody finds this content; later ones find it too."""
        outcome = self._outcome(content)
        if outcome in ("lost", "half-applied"):
            self.complaints.append((outcome, f"found by {who}"))
        self._now(content)
        return outcome

    def refused(self, error: Exception) -> str:
        """Note that the store did not open."""
        self.complaints.append(("refused", f"{type(error).__name__}: {error}"))
        return "refused"

    def _outcome(self, content: bytes) -> str:
        if content == self._last:
            return "acknowledged"
        if content == self._begun:
            return "in flight, kept"
        return "lost" if content in self._before else "half-applied"

    def _now(self, content: bytes) -> None:
        self._before.add(self._last)
        self._last, self._begun = content, None
