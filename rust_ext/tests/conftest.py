"""Code that runs in a process of its own: its death, or its hanging, is the test's failure."""

import os
import subprocess
import sys
import textwrap

import pytest


@pytest.fixture
def child():
    """Run code in another process and return what it printed."""

    def run(code, **environment):
        found = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**os.environ, **environment},
        )
        assert found.returncode == 0, found.stderr[-2000:]
        return found.stdout

    return run
