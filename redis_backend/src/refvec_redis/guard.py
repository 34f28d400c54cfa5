"""Run a program until the standard input is closed: it ends with whoever started it, however that one ends."""

from __future__ import annotations

import subprocess
import sys
import threading


def main(arguments: list[str]) -> int:
    """Run the program; return what it returned."""
    child = subprocess.Popen(arguments, stdin=subprocess.DEVNULL)
    threading.Thread(target=_end_with_input, args=(child,), daemon=True).start()
    return child.wait()


def _end_with_input(child: subprocess.Popen[bytes]) -> None:
    sys.stdin.buffer.read()
    child.kill()  # what it wrote is thrown away


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
