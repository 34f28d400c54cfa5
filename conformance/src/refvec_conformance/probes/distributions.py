"""Throw-away distributions with entry points, for the tests of registration."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from refvec import Capabilities, Size, VectorStore

GROUP = "refvec.backends"
SCHEMES = "refvec.schemes"
VERSION = "1.2.3"
BROKEN = "raise RuntimeError('broken on purpose')"

_PLUGIN = """
    from refvec import BackendPlugin, Capabilities, Option, hookimpl
    from refvec_conformance.probes.distributions import Plain

    class Plugin:
        @staticmethod
        @hookimpl
        def refvec_backend():
            return BackendPlugin(type("Theirs", (Plain,), {{**{body!r}, **dict({declared})}}), {contract!r})
    """


class Plain(VectorStore):
    """The least that registers and opens: a backend that is always empty."""

    capabilities = Capabilities()

    def _nothing(*_: Any) -> Any:
        return None

    _open: Any = _nothing
    _put = _drop = _find = _refcounts = _rows = _scan = _open

    def _size(self) -> Size:
        return Size(0, 0, 0, 1, None)


def variant(base: type[VectorStore], suffix: str, **body: Any) -> Any:
    """Return a subclass of a backend's class that is a backend under another name."""
    return type("Variant", (base,), {"backend": f"{base.backend}-{suffix}", **body})


def networked(*schemes: str) -> str:
    """Return what a plugin declares that takes addresses with these schemes."""
    return f"capabilities=Capabilities(networked=True, schemes={schemes!r})"


def plugin(name: str, *, contract: str = "1.0", declared: str = "", **body: Any) -> str:
    """Return the code of a plugin whose backend is called `name`.

    Parameters
    ----------
    name : str
        The ``backend`` attribute of its class.
    contract : str
        The version of the contract that it claims.
    declared : str
        More attributes of its class, as code: the arguments of ``dict(...)``.
    **body
        More attributes of its class, as values.
    """
    return _PLUGIN.format(body={"backend": name, **body}, declared=declared, contract=contract)


def install(
    folder: Path, distribution: str, name: str, code: str, target: str | None = None, *, schemes: str = ""
) -> None:
    """Put a distribution into `folder` that claims the backend `name`.

    Parameters
    ----------
    folder : Path
        A folder that is to come into ``sys.path``.
    distribution : str
        Its name; its version is `VERSION`.
    name : str
        The name of the entry point, which is the backend's.
    code : str
        The module that it points to.
    target : str, optional
        Where the entry point points to, unless to ``Plugin`` in that module.
    schemes : str
        The schemes of the addresses that it takes, separated by spaces.
    """
    package = distribution.replace("-", "_")
    (folder / f"{package}_module.py").write_text(textwrap.dedent(code))
    info = folder / f"{package}-{VERSION}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {VERSION}\n")
    point = target or f"{package}_module:Plugin"
    taken = [f"{scheme} = {point}" for scheme in schemes.split()]
    lines = [f"[{GROUP}]", f"{name} = {point}", f"[{SCHEMES}]", *taken, ""]
    (info / "entry_points.txt").write_text("\n".join(lines))
