"""The documents do what they say."""

import re
from pathlib import Path

import pytest
import refvec

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples/refvec-dict-backend/src/refvec_dict_backend.py"


def blocks(name, language):
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / name).read_text("utf-8"), re.DOTALL)


def test_the_tour_of_the_readme_runs(tmp_path, monkeypatch):
    pytest.importorskip("rust_vector_store")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REFVEC_BACKEND", raising=False)
    names: dict = {}
    for line in "".join(blocks("README.md", "python")).splitlines():
        code, _, comment = line.partition("#")
        shown = re.match(r" (-?\d+|True|\(.*\)|\[.*\])", comment)
        if shown and not re.match(r"\w+ \+?= ", code):
            assert repr(eval(code, names)) == shown[1], line  # noqa: S307
        else:
            exec(code, names)  # noqa: S102


def test_the_guide_shows_the_example():
    assert EXAMPLE.read_text("utf-8") in blocks("docs/writing-a-backend.md", "python")


def test_the_example_works_as_the_guide_shows_it():
    names: dict = {}
    exec(blocks("docs/writing-a-backend.md", "python")[0], names)  # noqa: S102
    with refvec.registry.provided("dict", names["refvec_backend"]()):
        store = refvec.VectorStore(2, backend="dict")
        assert store.add_vectors(["a", "b"], [[1, 2], [1, 2]]).tolist() == [0, 0]


def test_the_contract_in_the_docs_is_the_one_that_is_judged():
    clauses = pytest.importorskip("refvec_conformance.judging.clauses").clauses()
    text = " ".join((ROOT / "docs/contract.md").read_text("utf-8").split())
    for clause in clauses.values():
        text = text.replace(f"- {clause.id} ({clause.since}) ", f"- {clause.id} ")
        assert f"- {clause.id} {' '.join(clause.text.split())}" in text
