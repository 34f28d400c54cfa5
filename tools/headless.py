"""A browser without a window: what a page is after its scripts ran, and what they told the console."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--enable-logging=stderr",
)


def opened(address: str, profile: Path, *flags: str, milliseconds: int = 10_000) -> tuple[str, list[str]]:
    """Open a page, and return its document and the lines of the console.

    Parameters
    ----------
    address : str
        Of the page.
    profile : Path
        A directory for what the browser keeps.
    *flags : str
        More of the browser's flags.
    milliseconds : int
        How much time its scripts have, by their own clock.
    """
    assert BROWSER is not None, "there is no chromium on PATH"
    command = [BROWSER, *_FLAGS, f"--virtual-time-budget={milliseconds}", f"--user-data-dir={profile}", *flags]
    done = subprocess.run(
        [*command, "--dump-dom", address], capture_output=True, text=True, check=True, timeout=300
    )
    return done.stdout, re.findall(r":CONSOLE[:(\]].*", done.stderr)
