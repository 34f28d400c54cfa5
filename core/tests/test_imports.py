"""The modules of core import each other in one direction only."""

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import refvec

ROOT = Path(refvec.__file__).parent
MODULES = {
    ".".join(("refvec", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in ROOT.rglob("*.py")
}


def imported(module, path):
    """Return the modules of core that are loaded with this one, at once and not for type checkers only."""
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            source = ".".join([*base, *filter(None, [node.module])])
            for alias in node.names:
                found = f"{source}.{alias.name}"
                if found in MODULES or source in MODULES:
                    yield found if found in MODULES else source


@cache
def graph():
    return {module: {*imported(module, path)} - {module} for module, path in MODULES.items()}


def test_no_modules_import_each_other_in_a_circle():
    TopologicalSorter(graph()).prepare()  # raises CycleError, which names the circle


def test_the_graph_has_what_is_imported():
    found = graph()
    assert {"refvec.primitives", "refvec.savefile", "refvec.errors"} <= found["refvec.contract"]
    assert not any(module.startswith("refvec.durable") for module in found["refvec.contract"])
