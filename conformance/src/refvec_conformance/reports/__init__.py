"""The reports: JSON, JUnit, Markdown, one page of HTML, badges, and the scripts of failures."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ..judging.results import RunResult
from .badge import badge
from .combine import combine
from .diff import Change, diff
from .html import html
from .junit import junit
from .markdown import markdown
from .schema import schema

__all__ = ["Change", "badge", "combine", "diff", "html", "junit", "markdown", "read", "schema", "write"]


def read(path: str | Path) -> RunResult:
    """Return the run in a JSON report; ``ValueError`` names the file if it is none."""
    try:
        return RunResult.from_json(json.loads(Path(path).read_text("utf-8")))
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise ValueError(f"{str(path)!r} is no report: {error}") from error


def write(run: RunResult, directory: str | Path) -> list[Path]:
    """Write every report of a run into a directory; return the files.

    Parameters
    ----------
    run : RunResult
        The run.
    directory : str or Path
        Created if it does not exist.
    """
    texts = {
        "report.json": json.dumps(run.to_json(), indent=1, ensure_ascii=True) + "\n",
        "report.schema.json": json.dumps(schema(), indent=1) + "\n",
        "report.html": html(run),
        "report.md": markdown(run),
        "junit.xml": junit(run),
    }
    for backend in run.backends:
        name = file_name(backend.name)
        texts[f"badge-{name}.json"] = json.dumps(badge(backend, run.contract)) + "\n"
        for row in backend.failures:
            if row.failure and row.failure.script:
                texts[f"reproduce/{name}/{_script_name(row.id)}.py"] = row.failure.script
    return [_written(Path(directory) / name, text) for name, text in texts.items()]


def file_name(text: str) -> str:
    """Return a name for a file that tells what it is about."""
    return re.sub(r"[^\w.-]+", "_", text).strip("_")[:120]


def _script_name(test: str) -> str:
    """Return a name that pytest does not take for a file of tests, wherever the reports are written."""
    return f"show_{file_name(test).replace('test_', '')}_again"


def _written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8", errors="backslashreplace")
    return path
