"""The export list, and the version that is installed."""

from importlib import metadata
from types import ModuleType

import refvec


def test_all_exports_are_there():  # ruff keeps them sorted
    assert all(hasattr(refvec, name) for name in refvec.__all__)


def test_nothing_public_is_left_out():
    named = {name: one for name, one in vars(refvec).items() if not name.startswith("_")}
    public = {name for name, one in named.items() if not isinstance(one, ModuleType)}
    assert public <= set(refvec.__all__)


def test_what_is_installed_is_this_version():
    assert metadata.version("refvec-core") == refvec.__version__
