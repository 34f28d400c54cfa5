"""The benchmark that README.md shows, and how to try it."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent / "tools")]

from page_examples import run_page  # noqa: E402


def test_the_example_measures_what_it_says():
    names = dict(vars(import_module("benchmarks.common")))
    names["COUNT"] = 10
    run_page(HERE / "README.md", names)
    benchmark = names["Clear"]()
    benchmark.setup("numpy")
    assert len(benchmark.store) == 10
    benchmark.time_clear("numpy")
    assert len(benchmark.store) == 0
