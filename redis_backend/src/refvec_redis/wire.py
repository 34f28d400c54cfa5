"""Commands as bytes: what is the same for every call of a function on a bucket is put together once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def packed(args: Iterable[bytes]) -> bytes:
    """Return arguments as the protocol has them."""
    return b"".join([b"$%d\r\n%b\r\n" % (len(arg), arg) for arg in args])


def command(*args: bytes) -> bytes:
    """Return a whole command."""
    return b"*%d\r\n%b" % (len(args), packed(args))


class Prefix:
    """The beginning of commands that differ only in their last arguments.

    Parameters
    ----------
    args : sequence of bytes
        The arguments that they share.
    """

    __slots__ = ("_bytes", "_count")

    def __init__(self, args: Sequence[bytes]) -> None:
        self._count = len(args)
        self._bytes = packed(args)

    def then(self, args: Sequence[bytes] = ()) -> bytes:
        """Return the command with these arguments at its end."""
        return b"*%d\r\n%b%b" % (self._count + len(args), self._bytes, packed(args))
