"""What the hooks of the site put into pages."""

import re
import sys
from pathlib import Path

import pytest
import refvec
from mkdocs.exceptions import PluginError

TOOLS = Path(__file__).parents[2]
ROOT = TOOLS.parent
SITE = ROOT / "build/site"
sys.path.insert(0, str(TOOLS))

from refvec_conformance.judging.clauses import clauses as contract  # noqa: E402
from website import clauses, foreign, layout, sources  # noqa: E402

needs_site = pytest.mark.skipif(not SITE.is_dir(), reason="there is no site: nox -s docs")


def built(page):
    return (SITE / page).read_text("utf-8")


@needs_site
@pytest.mark.parametrize("clause", contract())
def test_a_clause_has_its_anchor_and_its_tests(clause):
    page = built("contract.html")
    assert page.count(f'id="{clause}"') == 1
    item = page[page.index(f'id="{clause}"') :].partition("</details>")[0]
    held = {
        name for tests in clauses.held_by_module().values() for name, held in tests.items() if clause in held
    }
    assert held
    assert set(re.findall(r'href="source/conformance/[^"]*#(test_\w+)"', item)) == held


@needs_site
def test_a_clause_that_is_named_elsewhere_leads_to_the_contract():
    assert re.search(r'href="contract\.html#INDEX-2"[^>]*>INDEX-2</a>', built("design.html"))
    assert re.search(r'href="\.\./contract\.html#DUR-1"[^>]*>DUR-1</a>', built("reference/store.html"))


@needs_site
def test_a_test_that_is_named_leads_to_its_source():
    links = re.findall(r'href="(source/[^"#]*/test_\w+\.py\.html)#(test_\w+)"', built("kill-matrix.html"))
    assert len(links) > 500
    assert all(f'id="{name}"' in built(page) for page, name in set(links[::50]))


@needs_site
def test_the_reference_has_every_public_name():
    reference = "".join(page.read_text("utf-8") for page in (ROOT / "docs/reference").glob("*.md"))
    shown = set(re.findall(r"^::: (\S+)", reference, re.MULTILINE))
    shown |= {f"refvec.{name}" for name in vars(refvec.errors) if "::: refvec.errors" in reference}
    assert {f"refvec.{name}" for name in refvec.__all__ if name != "__version__"} <= shown
    inventory = built("reference/store.html")
    for name in ("add_vector", "search", "iter_batches", "__contains__", "compact"):
        assert f'id="refvec.VectorStore.{name}"' in inventory


@needs_site
def test_every_command_is_in_the_reference():
    page = built("reference/command-line.html")
    for command in ("demo", "import", "copy", "conformance-run", "serve-local"):
        assert f'id="refvec-{command}"' in page


def test_links_to_code_lead_to_pages_that_show_it():
    page = (
        "[a](../core/src/refvec/ids.py) [b](contract.md#OPEN-1)\n\n```\n[c](../core/src/refvec/ids.py)\n```\n"
    )
    assert list(layout.code_links("docs/x.md", page)) == ["core/src/refvec/ids.py"]
    changed = layout.with_code_links("docs/x.md", page)
    assert changed == page.replace("ids.py)", "ids.py.md)", 1)


def test_a_page_of_tests_is_the_whole_module(tmp_path):
    path = clauses.modules()[0]
    page = sources.test_page(path, clauses.held_by_module()[path])
    code = "\n".join(re.findall(r"^`````python\n(.*?)^`````$", page, re.MULTILINE | re.DOTALL))
    lines = (ROOT / path).read_text("utf-8").splitlines()
    assert [line for line in code.splitlines() if line] == [line for line in lines if line]


@pytest.mark.parametrize(
    "tag",
    [
        '<script src="https://cdn.example/x.js">',
        "<link rel=stylesheet href=//fonts.example/a.css>",
        '<img alt="" src="http://x.example/a.png">',
    ],
)
def test_what_would_be_loaded_from_elsewhere_is_refused(tag):
    with pytest.raises(PluginError, match=r"page\.md would load .*example/.*docs/assets"):
        foreign.refuse("page.md", f"<p>{tag}</p>")


def test_links_that_a_reader_follows_are_not():
    foreign.refuse("page.md", '<a href="https://www.example/">x</a><script src="assets/x.js"></script>')
    foreign.refuse("page.md", '<link rel="canonical" href="https://www.example/page.html">')
