"""Run every benchmark once, with every parameter, on a hundredth of the data: so that none rots."""

from __future__ import annotations

import inspect
import itertools
import os
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]
MEASURES = ("time_", "timeraw_", "peakmem_", "track_")

os.environ["REFVEC_BENCH_SMALL"] = "1"  # read when the benchmarks are imported
sys.path.insert(0, str(HERE))


def modules():
    """Return the modules of the benchmarks, imported as asv imports them."""
    package = import_module("benchmarks")
    return [import_module(f"benchmarks.{module.name}") for module in pkgutil.iter_modules(package.__path__)]


def classes():
    """Return all classes that asv would find measures in."""
    found = [
        member
        for module in modules()
        for _, member in inspect.getmembers(module, inspect.isclass)
        if member.__module__ == module.__name__ and measures(member)
    ]
    assert len(found) > 20, "the benchmarks were not found"
    return found


def measures(cls):
    """Return the names of its methods that asv would run."""
    return [name for name, _ in inspect.getmembers(cls, inspect.isfunction) if name.startswith(MEASURES)]


def cases():
    """Return each measure of each class with each combination of its parameters."""
    return [
        pytest.param(cls, name, values, id="-".join([cls.__module__, cls.__name__, name, *map(str, values)]))
        for cls in classes()
        for name in measures(cls)
        for values in itertools.product(*getattr(cls, "params", ()))
    ]


@pytest.mark.parametrize(("cls", "name", "values"), cases())
def test_runs(cls, name, values):
    benchmark = cls()
    try:
        getattr(benchmark, "setup", lambda *_: None)(*values)
    except NotImplementedError as reason:
        pytest.skip(str(reason))
    try:
        result = getattr(benchmark, name)(*values)
    finally:
        getattr(benchmark, "teardown", lambda *_: None)(*values)
    if name.startswith("track_"):
        assert result >= 0
    elif name.startswith("timeraw_"):
        run_code(result)


def run_code(code):
    """Run what ``timeraw`` would time in a process of its own."""
    statement, setup = code if isinstance(code, tuple) else (code, "")
    subprocess.run([sys.executable, "-c", f"{setup}\n{statement}"], check=True)


@pytest.mark.parametrize("cls", classes(), ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_names_as_many_parameters_as_it_has(cls):
    assert len(getattr(cls, "params", ())) == len(getattr(cls, "param_names", ()))
