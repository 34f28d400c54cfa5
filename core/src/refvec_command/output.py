"""A standard output that neither its encoding nor a full disk turns into a traceback."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import NoReturn, TextIO

CANNOT_WRITE = 74  # EX_IOERR of sysexits.h


def guard_output() -> None:
    """Let this process print whatever it likes, wherever to: see `_Output`."""
    sys.stdout, sys.stderr = _guarded(sys.stdout), _guarded(sys.stderr)


def _guarded(stream: TextIO) -> TextIO:
    buffer = getattr(stream, "buffer", None)
    return stream if buffer is None else _Output(stream)


class _Output(io.TextIOWrapper):
    """Escapes what the encoding lacks; what cannot be written ends the process with one line."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(
            stream.buffer,
            encoding=stream.encoding,
            errors="backslashreplace",
            line_buffering=stream.isatty(),
        )

    def write(self, text: str) -> int:
        """Write, or end the process."""
        try:
            return super().write(text)
        except OSError as error:
            self._give_up(error)

    def flush(self) -> None:
        """Flush, or end the process."""
        try:
            super().flush()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> NoReturn:
        # What is still in the buffers would fail again when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
        with suppress(OSError):
            print(f"refvec: the output cannot be written: {error.strerror}", file=sys.__stderr__)
        raise SystemExit(CANNOT_WRITE) from None
