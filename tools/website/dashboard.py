"""The dashboard of the benchmarks on the page about them, where it was made (``nox -s dashboard``)."""

from __future__ import annotations

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File

from .layout import ROOT

PLACE = "<!-- dashboard -->"
_MADE = ROOT / "asv_bench/html/dashboard.html"
_NAME = "docs/dashboard.html"
_SHOWN = """<iframe class="dashboard" src="dashboard.html" title="Dashboard" loading="lazy"></iframe>

[The dashboard on a page of its own](dashboard.html), with what was measured where this site was built.
"""
_NOT_MADE = (
    "This site was built without it: `nox -s dashboard` makes it, and `nox -s docs` then shows it here.\n"
)


def files(config: MkDocsConfig) -> list[File]:
    """Return the dashboard as a file of the site, if there is one."""
    if not _MADE.is_file():
        return []
    made = File.generated(config, _NAME, abs_src_path=str(_MADE))
    made.dest_uri = "dashboard.html"
    return [made]


def with_dashboard(text: str) -> str:
    """Return the page with the dashboard in its place, or with how to make it."""
    return text.replace(PLACE, _SHOWN if _MADE.is_file() else _NOT_MADE)
