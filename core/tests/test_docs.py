"""The documents do what they say."""

import ast
import copy
import inspect
import re
import shutil
import sqlite3
import sys
import textwrap
from pathlib import Path

import pytest
import refvec

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import page_examples  # noqa: E402

SAMPLE = ROOT / "core/src/refvec/cli/demo/sample"
# Which blocks of a page are run; the files of the sample are in the folder where they are.
PAGES = {
    "README.md": ("python",),
    "rust_ext/README.md": ("python",),
    "docs/interchange.md": ("python", "sh"),
    "docs/tutorial.md": ("python", "sh"),
    "docs/howto/deduplicate.md": ("python",),
    "docs/howto/delete-a-document.md": ("python",),
    "docs/howto/many-processes.md": ("python",),
    "docs/howto/other-libraries.md": ("python",),
    "docs/howto/re-ingest.md": ("python",),
    "docs/howto/restart.md": ("python", "sh"),
    "docs/howto/search.md": ("python",),
    "docs/howto/texts-and-metadata.md": ("python",),
}
# Where a page has to be run with what only other tests have.
RUN_ELSEWHERE = {
    "docs/writing-a-backend.md": "core/tests/test_docs.py",
    "docs/distributed.md": "redis_backend/tests/test_pages.py",
    "redis_backend/README.md": "redis_backend/tests/test_pages.py",
    "conformance/README.md": "conformance/meta_tests/test_readme.py",
    "asv_bench/README.md": "asv_bench/tests/test_readme.py",
    "integrations/langchain/README.md": "integrations/langchain/tests/test_refvec.py",
    "integrations/haystack/README.md": "integrations/haystack/tests/test_refvec.py",
    "integrations/llama_index/README.md": "integrations/llama_index/tests/test_refvec.py",
}
# What is shown with a prompt is compared by the tests of redis_backend, which has servers.
CONSOLES = {("docs/distributed.md", "console")}
WRONG = {
    "1 + 1  # 3": "page.md:2 is 2, not 3",
    "print(1)  # 2": "page.md:2 is 1, not 2",
    "12  # 1": "is 12, not 1",
    "int('x')  # KeyError": "raises ValueError",
    "int('x')  # ValueError: no such …": "says: invalid literal",
    "int('1')  # ValueError": "raises no ValueError",
}
GUIDE = "docs/writing-a-backend.md"
EXAMPLE = ROOT / "examples/refvec-dict-backend"
SQLITE = ROOT / "examples/refvec-sqlite-backend/src/refvec_sqlite_backend.py"


def blocks(name, language):
    return [code for one, code, _ in page_examples.blocks((ROOT / name).read_text("utf-8")) if one == language]


def all_pages():
    patterns = ("*.md", "docs/**/*.md", "*/README.md", "integrations/*/README.md", "examples/*/README.md")
    return {page for pattern in patterns for page in ROOT.glob(pattern)}


def test_every_page_with_python_is_run():
    pages = all_pages()
    shown = {
        page.relative_to(ROOT).as_posix()
        for page in pages
        if re.search("^```(python|pycon)$", page.read_text("utf-8"), re.MULTILINE)
    }
    assert shown == PAGES.keys() | RUN_ELSEWHERE.keys()
    for page, test in RUN_ELSEWHERE.items():
        assert page.rpartition("/")[2] in (ROOT / test).read_text("utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_shows_is_so(page, tmp_path, monkeypatch):
    pytest.importorskip("rust_vector_store")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REFVEC_BACKEND", raising=False)
    for file in SAMPLE.iterdir():
        shutil.copy(file, tmp_path)
    page_examples.run_page(ROOT / page, {}, PAGES[page])


def test_every_command_of_a_page_is_run_or_says_why_not():
    sources = (ROOT / "noxfile.py", *ROOT.glob("tools/sessions/*.py"))
    sessions = "".join(path.read_text("utf-8") for path in sources)
    run, not_run = set(), {}
    for page in all_pages():
        name = page.relative_to(ROOT).as_posix()
        for language, _, before, why_not in page_examples.commands(page.read_text("utf-8")):
            if why_not:
                not_run[f"{name}:{before}"] = why_not
            else:
                run.add((name, language))
    assert run == {(name, "sh") for name, languages in PAGES.items() if "sh" in languages} | CONSOLES
    for named in re.findall("`(\\w+)`", " ".join(not_run.values())):
        assert f"def {named}(session" in sessions, named


def test_a_page_that_is_wrong_would_be_seen(tmp_path):
    page = tmp_path / "page.md"
    for code, seen in WRONG.items():
        page.write_text(f"```python\n{code}\n```\n", "utf-8")
        with pytest.raises(AssertionError, match=seen):
            page_examples.run_page(page, {})


def test_the_guide_shows_the_example():
    assert EXAMPLE.joinpath("src/refvec_dict_backend.py").read_text("utf-8") in blocks(GUIDE, "python")
    assert EXAMPLE.joinpath("pyproject.toml").read_text("utf-8") in blocks(GUIDE, "toml")


def test_the_guide_shows_parts_of_the_other_example():
    parts = blocks(GUIDE, "py")
    assert len(parts) == 4
    whole = ast.unparse(ast.parse(SQLITE.read_text("utf-8")))
    for part in parts:
        assert textwrap.indent(ast.unparse(ast.parse(part)), "    ") in whole


@pytest.fixture
def sqlite():
    names: dict = {}
    exec(compile(SQLITE.read_text("utf-8"), SQLITE, "exec"), names)  # noqa: S102 - our own
    with refvec.registry.provided("sqlite", names["refvec_backend"]()):
        yield lambda **options: refvec.VectorStore(2, backend="sqlite", **options)


def test_the_other_example_keeps_vectors(sqlite):
    store = sqlite()
    assert store.add_vectors(["a", "b", "c"], [[1, 2], [1, 2], [3, 4]]).tolist() == [0, 0, 1]
    with pytest.raises(refvec.DuplicateIdError):
        store.add_vectors(["d", "a"], [[5, 6], [5, 6]])
    assert store.upsert_vector("c", [1, 2]) == 0
    assert (store.add_vector("d", [7, 8]), store.ids(), len(store)) == (1, ["a", "b", "c", "d"], 2)
    assert dict(copy.copy(store).items()).keys() == {"a", "b", "c", "d"}
    assert store.search([7, 8], 1).ids == [("d",)]
    assert (store.find_vector([1, 2]), store.find_vector([9, 9])) == (0, None)


def test_its_options_and_its_end_are_as_the_guide_says(sqlite, tmp_path):
    database = str(tmp_path / "x.db")
    store = sqlite(database=database, table="corpus")
    store.add_vector("a", [1, 2])
    sqlite(database=database, table="another").close()
    with pytest.raises(sqlite3.OperationalError, match="corpus_rows already exists"):
        sqlite(database=database, table="corpus")
    assert store.ids() == ["a"]
    with pytest.raises(ValueError, match="letters, digits and underscores"):
        sqlite(table="x; DROP TABLE y")
    with pytest.raises(TypeError, match="tabel"):
        sqlite(tabel="x")
    store.close()
    with pytest.raises(refvec.StoreClosedError):
        store.ids()
    assert sqlite(database=database, table="corpus").ids() == []


def test_the_example_works_as_the_guide_shows_it():
    names: dict = {}
    page_examples.run_page(ROOT / GUIDE, names)
    with refvec.registry.provided("dict", names["refvec_backend"]()):
        store = refvec.VectorStore(2, backend="dict")
        assert store.add_vectors(["a", "b"], [[1, 2], [1, 2]]).tolist() == [0, 0]


@pytest.mark.parametrize("backend", ["python", "numpy"])
def test_help_is_that_of_the_contract(backend):
    store = refvec.VectorStore(2, backend=backend)
    for name, wanted in vars(refvec.VectorStore).items():
        if not name.startswith("_") and callable(wanted):
            assert inspect.getdoc(getattr(store, name)) == inspect.getdoc(wanted), name


def test_the_contract_in_the_docs_is_the_one_that_is_judged():
    clauses = pytest.importorskip("refvec_conformance.judging.clauses").clauses()
    text = " ".join((ROOT / "docs/contract.md").read_text("utf-8").split())
    assert re.findall('<a id="(.*?)"></a>', text) == list(clauses)
    text = re.sub(r'- <a id="(\S+)"></a>(?=\1 )', "- ", text)
    for clause in clauses.values():
        text = text.replace(f"- {clause.id} ({clause.since}) ", f"- {clause.id} ")
        assert f"- {clause.id} {' '.join(clause.text.split())}" in text


def test_what_leads_to_a_clause_leads_to_one_on_the_code_host_too():
    anchors = set(re.findall('<a id="(.*?)"></a>', (ROOT / "docs/contract.md").read_text("utf-8")))
    linked = {
        fragment
        for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))
        for fragment in re.findall(r"contract\.md#([\w-]+)", page.read_text("utf-8"))
    }
    assert linked
    assert linked <= anchors
