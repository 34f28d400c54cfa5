"""The hooks of the documentation site (``mkdocs.yml``); what they do is in ``tools/website``."""

from __future__ import annotations

from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from website import clauses, commands, dashboard, foreign, layout, sources


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add what is Markdown of our own."""
    clauses.begin()
    config.markdown_extensions.append(clauses.ClauseLinks())  # type: ignore[arg-type]  # an object will do
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Take pages from all over the repository, and make those that show code."""
    files = layout.files_of_the_site(files, config)
    for made in dashboard.files(config):
        files.append(made)
    pages = {one.src_uri: one.content_string for one in files.documentation_pages()}
    for path in sorted({path for page, text in pages.items() for path in layout.code_links(page, text)}):
        files.append(_generated(config, path, sources.code_page(path)))
    for path in clauses.modules():
        files.append(_generated(config, path, ""))  # until it is read
    return files


def _generated(config: MkDocsConfig, path: str, content: str) -> File:
    page = File.generated(config, layout.shown_as(path), content=content)
    page.dest_uri = layout.destination(path)
    return page


def on_page_read_source(*, page: Page, **_: Any) -> str | None:
    """Return the page of a module of tests; all others are read from where they are."""
    path = page.file.src_uri.removesuffix(".md")
    return (
        sources.test_page(path, clauses.held_by_module().get(path, {})) if path in clauses.modules() else None
    )


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """Put in what the repository's file does not say."""
    name = page.file.src_uri
    if name.startswith("docs/"):
        markdown = clauses.with_links_to_tests(name, markdown)
    if name == clauses.CONTRACT:
        markdown = clauses.contract_page(markdown)
    if "\n## " not in markdown and ":::" not in markdown:
        page.meta["hide"] = [*page.meta.get("hide", []), "toc"]  # it would be empty, and tables are wide
    markdown = dashboard.with_dashboard(commands.with_commands(markdown))
    return layout.with_code_links(name, markdown)


def on_post_page(output: str, *, page: Page, **_: Any) -> str:
    """Refuse a page that would ask another host for something."""
    foreign.refuse(page.file.src_uri, output)
    return output
