"""Nothing on the site is loaded from another host; links to others are for readers to follow."""

from __future__ import annotations

import re

from mkdocs.exceptions import PluginError

_LOADED = re.compile(
    r"""<(?:script|link(?![^>]*\brel=["']?canonical)|img|iframe|source|video|audio|object)\b[^>]*?\b(?:src|href|data|srcset)=["']?((?:https?:)?//[^"'\s>]+)"""
)


def refuse(page: str, html: str) -> None:
    """Raise for what a page would load from another host.

    Raises
    ------
    PluginError
        Naming the page and the address.
    """
    found = _LOADED.search(html)
    if found:
        raise PluginError(f"{page} would load {found[1]}; put the file into docs/assets")
