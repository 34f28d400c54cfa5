"""asv's own pages load their scripts from the network: here they get copies that Python packages carry.

What no package carries (three small plugins) is in ``standins.js``. Where a
package is missing, or a new asv wants another script, the pages stay as they
are, and say where ours is.
"""

from __future__ import annotations

import re
import shutil
from importlib import metadata
from pathlib import Path

STANDINS = Path(__file__).with_name("standins.js")
FLOT = (
    "jquery.flot.min.js",
    "jquery.flot.time.min.js",
    "jquery.flot.selection.min.js",
    "jquery.flot.categories.min.js",
)
# The file that a page asks for: the distribution that carries it, and its name there.
CARRIED = {
    "jquery-3.3.1.min.js": ("XStatic-jQuery", "jquery.min.js"),
    **{name: ("js.jquery_flot", name) for name in FLOT},
    "bootstrap.min.js": ("XStatic-Bootstrap", "bootstrap.min.js"),
    "bootstrap.min.css": ("XStatic-Bootstrap", "bootstrap.min.css"),
}
REWRITTEN = ("jquery.flot.orderBars.js", "stupidtable.min.js", "md5.min.js")
FOREIGN = re.compile(r'<(script|link)\b[^>]*?\b(?:src|href)="https?://[^"]*/([^"/]+)"[^>]*>(?:</script>)?')
OURS = '<p style="text-align: center"><a href="dashboard.html">Our dashboard</a> needs no network.</p>'
LINK = '<li><a href="dashboard.html">Dashboard</a></li>\n\t<li id="nav-li-" class="active">'


class MissingError(Exception):
    """A script that a page needs is nowhere on this machine."""


def make_offline(folder: Path) -> str:
    """Make a folder that ``asv publish`` wrote work without a network, and say how that went."""
    index, error = folder / "index.html", folder / "error.html"
    page = index.read_text("utf-8").replace('<li id="nav-li-" class="active">', LINK)
    error.write_text(error.read_text("utf-8").replace("</body>", f"{OURS}</body>"), "utf-8")
    try:
        wanted = [match[2] for match in FOREIGN.finditer(page)]
        for name in wanted:
            bring(name, folder / "offline")
    except MissingError as missing:
        index.write_text(page, "utf-8")
        return f"asv's own pages need a network: {missing}; the dashboard does not"
    index.write_text(FOREIGN.sub(local, page), "utf-8")
    return f"asv's own pages need a web server, and no network: `asv preview` shows {folder}"


def bring(name: str, target: Path) -> None:
    """Copy a script or style sheet into `target`."""
    target.mkdir(exist_ok=True)
    if name in REWRITTEN:
        shutil.copy(STANDINS, target / STANDINS.name)
    elif name in CARRIED:
        shutil.copy(carried(*CARRIED[name]), target / name)
    else:
        raise MissingError(f"nothing here stands in for {name}")


def carried(distribution: str, name: str) -> Path:
    """Return where an installed distribution carries a file."""
    try:
        files = metadata.distribution(distribution).files or []
    except metadata.PackageNotFoundError:
        raise MissingError(f"{distribution}, which carries {name}, is not installed") from None
    for file in files:
        if file.name == name:
            return Path(str(file.locate()))
    raise MissingError(f"{distribution} does not carry {name}")


def local(match: re.Match[str]) -> str:
    """Return the tag that loads the copy; the stand-ins are one file, loaded once."""
    name = match[2]
    if name in REWRITTEN[1:]:
        return ""
    source = f"offline/{STANDINS.name if name in REWRITTEN else name}"
    return (
        f'<script src="{source}"></script>'
        if match[1] == "script"
        else f'<link rel="stylesheet" href="{source}">'
    )
