"""``help()`` of native methods shows the contract's signature, types and text, on the class and on a store."""

import inspect
import pydoc

import pytest
from refvec import VectorStore
from rust_vector_store import RustVectorStore
from rust_vector_store._native import NativeStore

NATIVE = sorted(name for name in vars(NativeStore) if not name.startswith("_"))
METHODS = [name for name in NATIVE if callable(getattr(VectorStore, name))]


def signature(name):
    """Return the contract's signature of a method as a user reads it."""
    shown = str(inspect.signature(getattr(VectorStore, name))).replace("'", "")
    return name + shown.replace("(self, ", "(").replace("(self)", "()")


@pytest.mark.parametrize("name", METHODS)
def test_help_is_that_of_the_contract(name):
    """If it is not: ``python tools/native_docs.py``, and build."""
    wanted = f"{signature(name)}\n\n{inspect.getdoc(getattr(VectorStore, name))}"
    store = RustVectorStore(4)
    for found in (getattr(RustVectorStore, name), getattr(store, name), getattr(NativeStore, name)):
        assert inspect.getdoc(found) == wanted
        shown = pydoc.plain(pydoc.render_doc(found))
        assert signature(name) in shown
        assert wanted.splitlines()[-1].strip() in shown


@pytest.mark.parametrize("name", sorted(set(NATIVE) - set(METHODS)))
def test_properties_too(name):
    assert inspect.getdoc(inspect.getattr_static(NativeStore, name)) == inspect.getdoc(
        getattr(VectorStore, name)
    )
    assert inspect.getdoc(getattr(VectorStore, name)) in pydoc.plain(pydoc.render_doc(RustVectorStore))


def test_names_and_defaults_are_pythons_to_read():
    for name in METHODS:
        found = inspect.signature(getattr(RustVectorStore(4), name)).parameters
        wanted = inspect.signature(getattr(VectorStore(4, backend="numpy"), name)).parameters
        assert [(one.name, one.kind, one.default) for one in found.values()] == [
            (one.name, one.kind, one.default) for one in wanted.values()
        ]


def test_there_is_something_to_compare():
    assert len(METHODS) > 15
    assert set(NATIVE) - set(METHODS) == {"count", "dimension", "total_references"}
