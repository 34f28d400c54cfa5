"""asv's own pages, made to work without a network."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import asv
import pytest

HERE = Path(__file__).parents[1]
sys.path.insert(0, str(HERE))

from dashboard import offline  # noqa: E402

PAGES = Path(asv.__file__).parent / "www"


@pytest.fixture
def published(tmp_path):
    for name in ("index.html", "error.html"):
        shutil.copy(PAGES / name, tmp_path)
    return tmp_path


def test_every_foreign_script_of_asv_is_known():
    wanted = [match[2] for match in offline.FOREIGN.finditer((PAGES / "index.html").read_text())]
    assert len(wanted) == 10
    assert set(wanted) == {*offline.CARRIED, *offline.REWRITTEN}


def test_all_are_replaced_by_copies(published, tmp_path_factory, monkeypatch):
    file = tmp_path_factory.mktemp("carried") / "any"
    file.write_text("carried")
    monkeypatch.setattr(offline, "carried", lambda *_: file)
    assert "no network" in offline.make_offline(published)
    page = (published / "index.html").read_text()
    assert not re.findall(r"<(?:script|link)[^>]*https?:", page)
    loaded = re.findall(r'(?:src|href)="(offline/[^"]*)"', page)
    assert len(loaded) == len(set(loaded)) == 8
    assert all((published / name).is_file() for name in loaded)
    assert 'href="dashboard.html"' in page


def test_without_the_packages_it_says_why_and_leads_to_our_page(published, monkeypatch):
    def missing(distribution, name):
        raise offline.MissingError(f"{distribution}, which carries {name}, is not installed")

    monkeypatch.setattr(offline, "carried", missing)
    assert "need a network: XStatic-jQuery, which carries" in offline.make_offline(published)
    for name in ("index.html", "error.html"):
        assert 'href="dashboard.html"' in (published / name).read_text()
    assert "js_load_failure" in (published / "index.html").read_text()


def test_an_unknown_script_is_named(published):
    page = (published / "index.html").read_text().replace("md5.min.js", "other.js")
    (published / "index.html").write_text(page)
    assert "need a network" in offline.make_offline(published)


def test_what_no_distribution_carries_is_said():
    with pytest.raises(offline.MissingError, match="not installed"):
        offline.carried("no-such-distribution", "x.js")
    with pytest.raises(offline.MissingError, match="does not carry"):
        offline.carried("asv", "x.js")
