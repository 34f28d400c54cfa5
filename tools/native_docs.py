"""Write what ``help()`` shows of the methods of ``NativeStore``: the contract's text, with its types.

A method that is native has no annotations and no docstring but its own, so both go into the library
when it is built. Run it after a change of a docstring or a signature in ``refvec/contract.py``; a test
of ``rust_ext`` compares.
"""

from __future__ import annotations

import inspect
from pathlib import Path

from refvec import VectorStore
from rust_vector_store._native import NativeStore

TARGET = Path(__file__).parents[1] / "rust_ext/src/python/documentation.rs"
HEAD = """//! What `help()` shows of the methods, as `tools/native_docs.py` takes it from `refvec.VectorStore`.

/// The documentation of the method of this name.
macro_rules! documentation {
"""
FOOT = """    ($other:ident) => {
        "For `RustVectorStore` alone."
    };
}
pub(super) use documentation;
"""


def documentation(name: str) -> str:
    """Return the text for a method, or a property, of the contract.

    The signature comes first, for Python reads names and defaults of a native method, but no types.
    """
    found = inspect.getattr_static(VectorStore, name)
    text = inspect.getdoc(found) or ""
    if isinstance(found, property):
        return text
    signature = str(inspect.signature(found)).replace("'", "").replace("(self, ", "(").replace("(self)", "()")
    return f"{name}{signature}\n\n{text}"


def names() -> list[str]:
    """Return the public methods and properties that are native."""
    return sorted(name for name in vars(NativeStore) if not name.startswith("_"))


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def source() -> str:
    """Return the Rust module."""
    arms = [f"    ({name}) => {{\n        {_literal(documentation(name))}\n    }};\n" for name in names()]
    return HEAD + "".join(arms) + FOOT


if __name__ == "__main__":
    TARGET.write_text(source(), "utf-8")
