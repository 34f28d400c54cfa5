"""Write the dashboard: ``python -m dashboard [--results DIR] [--out FILE] [--asv-page DIR]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .offline import make_offline
from .page import render
from .results import NoResultsError, load

BENCH = Path(__file__).parents[1]


def main() -> None:
    """Write the page, and make asv's own pages beside it work without a network."""
    parser = argparse.ArgumentParser(prog="dashboard", description="Write one page of what asv measured.")
    parser.add_argument("--results", type=Path, default=BENCH / "results", help="asv's results")
    parser.add_argument("--out", type=Path, default=BENCH / "html" / "dashboard.html", help="the page to write")
    parser.add_argument("--machine", help="the machine to show; by default the one that measured last")
    parser.add_argument(
        "--asv-page", type=Path, help="a folder that `asv publish` wrote, to be made to work offline"
    )
    chosen = parser.parse_args()
    try:
        page = render(load(chosen.results, chosen.machine))
    except NoResultsError as error:
        sys.exit(str(error))
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(page, "utf-8")
    print(f"wrote {chosen.out}")
    if chosen.asv_page:
        print(make_offline(chosen.asv_page))


if __name__ == "__main__":
    main()
