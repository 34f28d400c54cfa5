"""The page in a real browser: it draws every figure, reports no error, and asks the network for nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]
sys.path[:0] = [str(HERE), str(HERE / "tests"), str(HERE.parent / "tools")]

import made  # noqa: E402
from dashboard.page import render  # noqa: E402
from dashboard.results import load  # noqa: E402
from headless import BROWSER, opened  # noqa: E402

pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no chromium on PATH")


@pytest.fixture
def page(tmp_path):
    results = made.write(tmp_path / "results", commits=6, slower=("rust", 3, 2.0), peers=("numpy + dict",))
    path = tmp_path / "dashboard.html"
    path.write_text(render(load(results)), "utf-8")
    return path


@pytest.mark.parametrize("flags", [("--window-size=1280,900",), ("--window-size=500,900", "--force-dark-mode")])
def test_every_figure_is_drawn_without_an_error(page, tmp_path, flags):
    document, console = opened(page.as_uri(), tmp_path / "profile", *flags)
    assert console == []
    places = document.count('<div class="plot')
    assert places > 10
    assert document.count('class="main-svg"') >= places


def test_an_error_would_be_seen(page, tmp_path):
    script = "<script>fetch('https://example.invalid/x').catch(() => 0); undefined_name();</script></body>"
    page.write_text(page.read_text("utf-8").replace("</body>", script), "utf-8")
    _, console = opened(page.as_uri(), tmp_path / "profile")
    assert any("undefined_name" in line for line in console)
    assert any("Content Security Policy" in line for line in console)
