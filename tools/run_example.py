"""Run the first Python example of a document, and compare what it prints with its comments.

Usage: ``python run_example.py README.md``.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
from pathlib import Path


def main() -> None:
    """Run it in this interpreter, which has what the example imports."""
    text = Path(sys.argv[1]).read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[:1]
    told = re.findall(r"^print\(.*\)  # (.*)$", code, re.MULTILINE)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})  # noqa: S102 - our own
    lines = printed.getvalue().splitlines()
    if not lines or len(lines) != len(told):
        sys.exit(f"{sys.argv[1]}: the example printed {len(lines)} lines, and its comments tell of {len(told)}")
    for line, comment in zip(lines, told, strict=True):
        if not comment.startswith(line):
            sys.exit(f"{sys.argv[1]}: the example printed {line!r}, not {comment!r}")
    print(f"{sys.argv[1]}: printed {lines}")


if __name__ == "__main__":
    main()
