"""The built site in a real browser: no error, no request that fails or goes elsewhere, no page too wide."""

from __future__ import annotations

import html
import json
import re
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

ROOT = Path(__file__).parents[3]
SITE = ROOT / "build/site"
sys.path.insert(0, str(ROOT / "tools"))

from headless import BROWSER, opened  # noqa: E402

DRIVER = "every_page.html"
PAGES = sorted(
    page.relative_to(SITE).as_posix()
    for page in SITE.rglob("*.html")
    if page.relative_to(SITE).parts[0] != "source" and page.name not in ("404.html", "dashboard.html")
)
pytestmark = [
    pytest.mark.skipif(BROWSER is None, reason="there is no chromium on PATH"),
    pytest.mark.skipif(not PAGES, reason="there is no site: nox -s docs"),
]


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder to pages that may load nothing else, and keeps what was asked for in vain."""

    missed: list[str]

    def end_headers(self):
        """Have the browser refuse, and say on the console, what would be asked of others."""
        self.send_header("Content-Security-Policy", "default-src 'self' 'unsafe-inline' data: blob:")
        super().end_headers()

    def log_message(self, format, *args):  # noqa: A002 - its name
        """Say nothing."""

    def send_error(self, code, *args, **more):
        """Remember it."""
        self.missed.append(f"{code} {self.path}")
        super().send_error(code, *args, **more)


@pytest.fixture
def served(tmp_path) -> Iterator[tuple[Path, str, list[str]]]:
    """Serve a copy of the site and the page that opens all others."""
    folder = tmp_path / "site"
    shutil.copytree(SITE, folder, ignore=shutil.ignore_patterns("source"))
    shutil.copy(Path(__file__).with_name(DRIVER), folder)
    missed: list[str] = []
    handler = partial(type("Kept", (Handler,), {"missed": missed}), directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}/", missed
        server.shutdown()


def looked_at(address, pages, profile, *flags):
    """Return what is wrong with each page, by itself, and what the console was told."""
    where = f"{address}{DRIVER}#{','.join(pages)}"
    document, console = opened(where, profile, *flags, milliseconds=60_000)
    found = json.loads(html.unescape(re.findall(r'<pre id="found">(.*?)</pre>', document, re.DOTALL)[0]))
    assert found.keys() == set(pages)
    return {page: wrong for page, wrong in found.items() if wrong}, console


@pytest.mark.parametrize(
    ("pages", "flags"),
    [(PAGES, ()), (["index.html", "reference/store.html"], ("--force-dark-mode",))],
    ids=["all", "dark"],
)
def test_a_page_fits_a_telephone_and_asks_nobody_else(served, tmp_path, pages, flags):
    _, address, missed = served
    assert looked_at(address, pages, tmp_path / "profile", *flags) == ({}, [])
    assert missed == []


def test_what_is_wrong_would_be_seen(served, tmp_path):
    folder, address, missed = served
    page = (folder / "tutorial.html").read_text("utf-8")
    planted = '<script src="https://example.invalid/x.js"></script><img src="none.png">'
    wide = f'<div style="width: 700px">x</div><table class="plain"><tr><td>{"x" * 200}</td></tr></table>'
    (folder / "planted.html").write_text(page.replace("</article>", f"{planted}{wide}</article>"), "utf-8")
    found, console = looked_at(address, ["planted.html"], tmp_path / "profile")
    assert [wrong.partition(":")[0] for wrong in found["planted.html"]] == [
        "it is wider than the window",
        "table",
    ]
    assert [("Content Security Policy" in line, "example.invalid" in line) for line in console] == [
        (True, True)
    ]
    assert missed == ["404 /none.png"]


def test_search_works_without_a_server(tmp_path):
    address = f"{(SITE / 'index.html').as_uri()}?q=compact"
    document, console = opened(address, tmp_path / "profile")
    assert console == []
    assert re.search(r"[1-9]\d* matching documents", document)
    assert "reference/store.html?h=compact#refvec.VectorStore.compact" in document
