"""asv results made for tests, written by asv's own classes: what a run leaves, without the run."""

from __future__ import annotations

import itertools
import json
import math

from asv.results import Results
from asv.runner import BenchmarkResult

SPEED = {"python": 100.0, "numpy": 50.0, "rust": 10.0}  # microseconds for the smallest operation
SEED = ("add_10000", "add_100_duplicates", "get_1000", "batch_get_1000_x100", "remove_1000", "total")
MACHINE = {
    "machine": "m1",
    "cpu": "a processor",
    "num_cpu": "2",
    "ram": "8000000000",
    "os": "Linux",
    "arch": "x86_64",
}


def described(name, params, unit="seconds"):
    """Return a benchmark as asv describes it."""
    values = [[repr(value) for value in found] for found in params.values()]
    kind = "time" if unit == "seconds" else "track"
    described = {"name": name, "param_names": list(params), "params": values, "unit": unit, "type": kind}
    return described | {"version": "1", "timeout": 60, "code": ""}


def benchmarks(backends, peers):
    """Return one benchmark of each sort that the page knows."""
    each = {"backend": list(backends)}
    found = [described(f"seed_table.Any.time_{name}", each) for name in SEED]
    found += [
        described("search.Search.time_search", {**each, "metric": ["dot", "cosine"], "queries": [1, 100]}),
        described("batches.Change.time_add", {**each, "batch": [1, 1000]}),
        described("scaling.Fill.time_add_batch", {**each, "n": [100, 10000]}),
        described(
            "memory.PerVector.track_bytes_per_vector",
            {**each, "dimension": [128, 384], "duplicates": [0.0, 0.5]},
            "bytes",
        ),
        described("files.File.peakmem_load", each, "bytes"),
        described("startup.Import.timeraw_import_refvec", {}),
    ]
    if peers:
        found.append(described("peers.PeerAdd.time_add_10000", {"peer": list(peers)}))
        queries = {"peer": list(peers), "metric": ["dot"], "queries": [1, 100]}
        found.append(described("peers.PeerSearch.time_search", queries))
    return found


def value(name, point, factor):
    """Return a made-up figure: a backend's speed, greater for a greater size."""
    words = [text.strip("'") for text in point]
    speed = next((SPEED[word] for word in words if word in SPEED), 30.0)
    scale = math.prod(float(word) for word in words if word.isdigit() and float(word) > 0)
    return factor * speed * scale * (1.0 if "bytes" in name or "peakmem" in name else 1e-6)


def write(folder, backends=tuple(SPEED), commits=1, peers=(), slower=None, missing=(), first=0):
    """Write results of some commits; `slower`: (backend, commit number, factor) from that commit on."""
    found = benchmarks(backends, peers)
    folder.mkdir(parents=True, exist_ok=True)
    listed = {one["name"]: one for one in found} | {"version": 2}
    (folder / "benchmarks.json").write_text(json.dumps(listed))
    (folder / "m1").mkdir(exist_ok=True)
    (folder / "m1" / "machine.json").write_text(json.dumps(MACHINE | {"version": 1}))
    for number in range(first, first + commits):
        digest = f"{number:02d}" * 20
        params = MACHINE | {"python": "3.11"}
        file = Results(
            params, {}, digest, 1_750_000_000_000 + 86_400_000 * number, "3.11", "env", {"OMP_NUM_THREADS": "1"}
        )
        for one in found:
            file.add_result(one, result(one, number, slower, missing))
        file.save(str(folder))
    return folder


def result(one, number, slower, missing):
    """Return what asv's runner gives for a benchmark."""
    points = list(itertools.product(*one["params"]))
    factors = [
        slower[2] if slower and repr(slower[0]) in point and number >= slower[1] else 1.0 for point in points
    ]
    values = [value(one["name"], point, factor) for point, factor in zip(points, factors, strict=True)]
    values = [
        math.nan if (one["name"], *point) in missing else found
        for point, found in zip(points, values, strict=True)
    ]
    timed = one["unit"] == "seconds"
    samples = [
        [found * 0.99, found, found * 1.01] if timed and not math.isnan(found) else None for found in values
    ]
    numbers = [1 if found else None for found in samples]
    return BenchmarkResult(values, samples, numbers, 0, "", None)
