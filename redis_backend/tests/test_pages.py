"""docs/distributed.md and this distribution's README.md show what happens."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from page_examples import blocks, run_python, run_session  # noqa: E402


def test_the_readme_opens_a_store(cluster):
    text = (ROOT / "redis_backend/README.md").read_text("utf-8")
    (code,) = (code for language, code, _ in blocks(text) if language == "python")
    names: dict = {}
    run_python(re.sub(r'"redis://[^/]*/corpus"', f'"{cluster.url}readme"', code), names)
    assert names["store"].add_vector("a", [1] * 384) is not None


def test_the_command_that_the_guide_shows(tmp_path):
    text = (ROOT / "docs/distributed.md").read_text("utf-8")
    (shown,) = (code for language, code, _ in blocks(text) if language == "console")
    command, _, wanted = shown.partition("\n")
    assert command.split() == ["$", "refvec", "serve-local"]
    called = [sys.executable, "-m", "refvec", *command.split()[2:]]
    with subprocess.Popen(called, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as serving:
        printed = [serving.stdout.readline() for _ in wanted.splitlines()]
        serving.send_signal(signal.SIGINT)
    assert re.sub(r":\d+/", ":…/", "".join(printed)) == re.sub(r":\d+/", ":…/", wanted)


def test_the_session_that_the_guide_shows_and_the_death_of_a_server(bed):
    text = (ROOT / "docs/distributed.md").read_text("utf-8")
    sessions = [code for language, code, _ in blocks(text) if language == "pycon"]
    assert len(sessions) == 4
    # Less patience than the page's reader has; which of the servers speaks is left to them.
    address = f"{bed.address('guide')}&timeout=10"
    names: dict = {}
    try:
        for number, code in enumerate(sessions):
            if number == 3:
                bed.kill(bed.primaries()[0])
            code = re.sub(r'"redis://[^/]*/corpus"', f'"{address}"', code)
            run_session(re.sub(r"127\.0\.0\.1:\d+: 0", "…: 0", code).replace("30 s", "10 s"), names)
    finally:
        bed.restore()
