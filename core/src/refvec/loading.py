"""Loading one plugin so that whatever is wrong with it stays its own."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pluggy

from . import hookspecs
from .capabilities import Capabilities
from .errors import BackendLoadError
from .hookspecs import CONTRACT_VERSION, PROJECT, BackendPlugin
from .options import Option
from .primitives import Primitives, missing_primitives

_loaded: dict[tuple[str, str, str], BackendPlugin] = {}


def load_plugin(entry_point: EntryPoint, distribution: str) -> BackendPlugin:
    """Return what the plugin behind `entry_point` provides; successes are remembered.

    Raises
    ------
    BackendLoadError
        If it raises on import, has no or a misspelt hook, or no valid backend.
    """
    key = (distribution, entry_point.name, entry_point.value)
    if key not in _loaded:
        try:
            plugin = _ask(entry_point)
            check_plugin(plugin, entry_point.name)
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # a plugin may exit; a panic in a native one is a BaseException too
            raise BackendLoadError(
                f"The backend {entry_point.name!r} of the distribution {distribution!r} does not load: "
                f"{_told(error)}"
            ) from error
        _loaded[key] = plugin
    return _loaded[key]


def _told(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # its own __str__ raised
        return type(error).__name__


def _ask(entry_point: EntryPoint) -> BackendPlugin:
    # A manager for each plugin: pluggy calls every registered plugin, and one
    # that raises would take the others with it.
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(entry_point.load())
    manager.check_pending()
    plugin = manager.hook.refvec_backend()
    if not isinstance(plugin, BackendPlugin):
        raise TypeError(f"refvec_backend() must return a BackendPlugin, got {plugin!r}")
    return plugin


def check_plugin(plugin: BackendPlugin, name: str) -> None:
    """Raise ``TypeError`` or ``ValueError`` unless the plugin is a backend called `name`."""
    store: Any = plugin.store
    if not (isinstance(store, type) and issubclass(store, Primitives)):
        raise TypeError(f"BackendPlugin.store must be a subclass of refvec.VectorStore, got {store!r}")
    missing = missing_primitives(store)
    if missing:
        raise TypeError(f"{store.__name__} lacks {', '.join(missing)}")
    if not isinstance(getattr(store, "capabilities", None), Capabilities):
        raise TypeError(f"{store.__name__}.capabilities must be a refvec.Capabilities")
    _check_options(store)
    if getattr(store, "backend", None) != name:
        raise ValueError(f"{store.__name__}.backend must be {name!r}, the name of its entry point")
    _check_version(plugin.contract)


def _check_options(store: type[Primitives]) -> None:
    options: Any = store.options
    if not isinstance(options, tuple) or not all(isinstance(option, Option) for option in options):
        raise TypeError(f"{store.__name__}.options must be a tuple of refvec.Option")
    names = [option.name for option in options]
    if len(set(names)) < len(names):
        raise ValueError(f"{store.__name__}.options has a name twice: {', '.join(names)}")


def _check_version(version: str) -> None:
    ours = tuple(map(int, CONTRACT_VERSION.split(".")))
    try:
        major, minor = map(int, version.split("."))
    except (AttributeError, ValueError):
        raise ValueError(f"contract must be a version such as {CONTRACT_VERSION!r}, got {version!r}") from None
    if major != ours[0] or minor > ours[1]:
        raise ValueError(f"it was written for contract {version}, this refvec has {CONTRACT_VERSION}")
