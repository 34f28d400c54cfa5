"""The export list, and the version that is installed."""

import pydoc
from importlib import metadata
from types import ModuleType

import refvec
from refvec import primitives


def test_all_exports_are_there():  # ruff keeps them sorted
    assert all(hasattr(refvec, name) for name in refvec.__all__)


def test_nothing_public_is_left_out():
    named = {name: one for name, one in vars(refvec).items() if not name.startswith("_")}
    public = {name for name, one in named.items() if not isinstance(one, ModuleType)}
    assert public <= set(refvec.__all__)


def test_what_is_installed_is_this_version():
    assert metadata.version("refvec-core") == refvec.__version__


def test_help_on_the_primitives_names_them():
    shown = pydoc.plain(pydoc.render_doc(primitives))
    assert [name for name in primitives.PRIMITIVES if f"`{name}`" not in shown] == []
