"""asv's results as plain measurements: one number each, what it measures, and at which commit."""

from __future__ import annotations

import ast
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from asv.results import Results as ResultFile
from asv.results import iter_results
from asv.util import load_json

FIRST = ("python", "numpy", "rust")  # then strangers' backends, by name


class NoResultsError(Exception):
    """asv has measured nothing yet."""


@dataclass(frozen=True, order=True)
class Commit:
    """A commit that has results; they sort by date."""

    date: int  # milliseconds since 1970
    hash: str

    @property
    def short(self) -> str:
        """The hash as git abbreviates it."""
        return self.hash[:8]


@dataclass(frozen=True)
class Measurement:
    """What a benchmark gave for one combination of its parameters at one commit."""

    benchmark: str  # module.Class.method
    parameters: tuple[tuple[str, str], ...]
    value: float
    spread: tuple[float, float] | None  # the quartiles of the samples
    unit: str
    commit: Commit

    @property
    def module(self) -> str:
        """The file of the benchmark."""
        return self.benchmark.split(".")[0]

    @property
    def operation(self) -> str:
        """The method of the benchmark."""
        return self.benchmark.split(".")[-1]

    def parameter(self, name: str) -> str | None:
        """Return the value of a parameter, None where the benchmark has no such."""
        return dict(self.parameters).get(name)

    def without(self, *names: str) -> tuple[tuple[str, str], ...]:
        """Return the parameters but these."""
        return tuple(pair for pair in self.parameters if pair[0] not in names)


@dataclass(frozen=True)
class Results:
    """All measurements of one machine."""

    machine: dict[str, str]
    environment: dict[str, str]
    measurements: tuple[Measurement, ...]
    other_machines: tuple[str, ...] = ()

    @cached_property
    def commits(self) -> list[Commit]:
        """The commits with results, the oldest first."""
        return sorted({one.commit for one in self.measurements})

    @cached_property
    def newest(self) -> list[Measurement]:
        """Each benchmark at the newest commit that has it: what is compared is always of one commit."""
        last: dict[str, Commit] = {}
        for one in self.measurements:
            last[one.benchmark] = max(one.commit, last.get(one.benchmark, one.commit))
        return [one for one in self.measurements if one.commit == last[one.benchmark]]

    @cached_property
    def backends(self) -> list[str]:
        """The backends that were measured: ours as the documents order them, then others."""
        found = {one.parameter("backend") for one in self.newest} - {None}
        return sorted((str(name) for name in found), key=lambda name: (rank(name), name))


def rank(backend: str) -> int:
    """Return where a backend stands among others."""
    return FIRST.index(backend) if backend in FIRST else len(FIRST)


def load(folder: Path, machine: str | None = None) -> Results:
    """Read asv's results folder: one machine, by default the one that measured last."""
    files = list(iter_results(str(folder))) if folder.is_dir() else []
    files = sorted((file for file in files if file.started_at), key=last_started)
    if not files:
        raise NoResultsError(f"no results in {folder}: run `nox -s asv` first")
    names = list(dict.fromkeys(file.params["machine"] for file in reversed(files)))
    chosen = machine or names[0]
    mine = [file for file in files if file.params["machine"] == chosen]
    if not mine:
        raise NoResultsError(f"no results of a machine {chosen!r}: there are {', '.join(names)}")
    benchmarks = load_json(str(folder / "benchmarks.json"), api_version=2)
    found = {
        (one.benchmark, one.parameters, one.commit): one
        for file in mine
        for one in measurements(file, benchmarks)
    }
    facts = {
        key: str(mine[-1].params.get(key, "")) for key in ("machine", "cpu", "num_cpu", "ram", "os", "arch")
    }
    environment = {"python": str(mine[-1].params.get("python", "")), **mine[-1].env_vars}
    return Results(facts, environment, tuple(found.values()), tuple(name for name in names if name != chosen))


def last_started(file: ResultFile) -> int:
    """Return when the last benchmark of a file was started."""
    return max(int(started or 0) for started in file.started_at.values())


def measurements(file: ResultFile, benchmarks: dict[str, Any]) -> Iterator[Measurement]:
    """Yield what a file holds, but what failed, was not applicable, or had another benchmark's code."""
    commit = Commit(int(file.date), file.commit_hash)
    for name in sorted(file.get_result_keys(benchmarks)):
        described = benchmarks[name]
        axes = file.get_result_params(name)
        values = file.get_result_value(name, axes)
        statistics = file.get_result_stats(name, axes) or [None] * len(values)
        for point, value, stats in zip(itertools.product(*axes), values, statistics, strict=False):
            if value is not None and not math.isnan(value):
                named = tuple(zip(described["param_names"], map(plain, point), strict=True))
                yield Measurement(name, named, float(value), quartiles(stats), described["unit"], commit)


def plain(value: str) -> str:
    """Return a parameter's value as text; asv keeps its repr."""
    return str(ast.literal_eval(value))


def quartiles(stats: dict[str, Any] | None) -> tuple[float, float] | None:
    """Return the quartiles of the samples, where there were samples."""
    if not stats or stats.get("q_25") is None or stats.get("q_75") is None:
        return None
    return float(stats["q_25"]), float(stats["q_75"])
