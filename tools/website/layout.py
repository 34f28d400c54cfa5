"""Which files of the repository are pages, and what becomes of links to those that are not.

Pages keep the names that they have in the repository, so that one link holds on the code
host and on the site. A link to anything else (code, a folder) leads to a page that shows it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
# Pages outside of docs, and where they stand on the site.
ELSEWHERE = {
    "README.md": "index.html",
    "CHANGELOG.md": "changelog.html",
    "CONTRIBUTING.md": "contributing.html",
    "conformance/README.md": "judging-a-backend.html",
    "redis_backend/README.md": "redis.html",
    "rust_ext/README.md": "rust.html",
    "asv_bench/README.md": "benchmarks.html",
    "integrations/langchain/README.md": "integrations/langchain.html",
    "integrations/haystack/README.md": "integrations/haystack.html",
    "integrations/llama_index/README.md": "integrations/llama-index.html",
}
_FENCED = re.compile(r"^( *)(```+|~~~+).*?^\1\2[ \t]*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(\]\()([^)\s#:]+)([^)\s]*\))")


def files_of_the_site(files: Files, config: MkDocsConfig) -> Files:
    """Return the files of docs under their names in the repository, and the pages elsewhere in it.

    Parameters
    ----------
    files : Files
        What mkdocs found: our pages in docs, and what the theme brings.
    config : MkDocsConfig
        The configuration of the site.
    """
    docs = Path(config.docs_dir)
    ours = [one for one in files if one.abs_src_path and Path(one.abs_src_path).is_relative_to(docs)]
    found = [one for one in files if one not in ours]
    found += [_file(config, f"docs/{one.src_uri}", one.dest_uri) for one in ours]
    found += [_file(config, name, target) for name, target in ELSEWHERE.items()]
    # Rendered in this order: the reference takes long, and the suite is collected meanwhile.
    return Files(sorted(found, key=lambda one: not one.src_uri.startswith("docs/reference/")))


def _file(config: MkDocsConfig, name: str, target: str) -> File:
    return File(name, str(ROOT), config.site_dir, use_directory_urls=False, dest_uri=target)


def shown_as(path: str) -> str:
    """Return the name of the page that shows a file or a folder of the repository."""
    return f"{path}.md"


def destination(path: str) -> str:
    """Return where on the site that page is."""
    return f"source/{path}.html"


def code_links(page: str, text: str) -> Iterator[str]:
    """Yield the paths in the repository that a page links to and that are no pages."""
    for part in _prose(text):
        for match in _LINK.finditer(part):
            path = _code(page, match[2])
            if path is not None:
                yield path


def with_code_links(page: str, text: str) -> str:
    """Return the page with links to code leading to the pages that show it."""

    def relinked(match: re.Match[str]) -> str:
        code = _code(page, match[2])
        return match[0] if code is None else f"{match[1]}{shown_as(match[2].rstrip('/'))}{match[3]}"

    return "".join(
        part if part.lstrip().startswith(("```", "~~~")) else _LINK.sub(relinked, part) for part in _parts(text)
    )


def _code(page: str, target: str) -> str | None:
    """Return the path in the repository that a link means, None for a page and for what is not there."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), target))
    return None if path.endswith(".md") or not (ROOT / path).exists() else path


def _prose(text: str) -> Iterator[str]:
    return (part for part in _parts(text) if not part.lstrip().startswith(("```", "~~~")))


def _parts(text: str) -> Iterator[str]:
    """Yield prose and fenced blocks, in order."""
    begin = 0
    for match in _FENCED.finditer(text):
        yield text[begin : match.start()]
        yield match[0]
        begin = match.end()
    yield text[begin:]
