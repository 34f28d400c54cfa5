"""The oracle and the traces about themselves: exact numbers, and a short script for a difference."""

from __future__ import annotations

import contextlib
import io
import math
from random import Random

import numpy as np
import pytest
from refvec import identity_keys
from refvec_conformance.inputs.operations import ARGUMENTS, Op
from refvec_conformance.inputs.strategies import NANS, SPECIAL, edges
from refvec_conformance.inputs.traces import mixed, searches, whole
from refvec_conformance.oracle import rounding, scoring
from refvec_conformance.oracle.model import Model
from refvec_conformance.probes.alike import Alike
from refvec_conformance.probes.traces import compare, difference, exactly, run, script, shrunk


class Forgetful(Model):
    """Loses an id at every clear, and says that it was there."""

    def remove_vector(self, chunk_id: object) -> bool:
        super().remove_vector(chunk_id)
        return True


class Nearsighted(Model):
    """Finds the second best."""

    def search(self, query: object, k: object = 10, **more: object) -> object:  # type: ignore[override]
        found = super().search(query, k, **more)  # type: ignore[arg-type]
        return found._replace(indices=found.indices[::-1].copy())


class Careless(Model):
    """Adds a reference where it finds a vector."""

    def find_vector(self, vector: object) -> int | None:
        found = super().find_vector(vector)
        if found is not None:
            self._slots[found].ids.append("ghost")
        return found


SEARCHING = [Op("add_vector", (one, [float(one), 1])) for one in "123"]
SEARCHING += [Op("search", ([1, 1], 2), (("metric", "euclidean"), ("within", None), ("with_ids", True)))]
STORES = {"model": Model, "forgetful": Forgetful}


@pytest.mark.parametrize("seed", range(5))
def test_rounding_is_that_of_numpy_wherever_both_are_defined(seed: int) -> None:
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, 2**64, 2000, np.uint64).view(np.float64)
    subnormal = rng.uniform(-1, 1, 2000) * 2.0**-140
    for value in [*drawn[np.isfinite(drawn)], *subnormal, *(np.arange(50) + 0.5) * 2.0**-149]:
        with np.errstate(all="ignore"):
            wanted = np.float32(value)
        if np.isinf(wanted):
            with pytest.raises(OverflowError):
                rounding.nearest_float32(value)
        else:
            assert rounding.nearest_float32(value) == wanted.tobytes()


@pytest.mark.parametrize("precision", [*range(8), "exact"])
def test_exact_keys_make_the_same_classes_as_the_keys_for_authors(precision: int | str) -> None:
    words = np.array([*SPECIAL, *NANS], np.uint32).view(np.float32).tolist()
    column = np.array([*words, *edges(precision), *np.arange(-9, 9) / 4], np.float32)[:, None]
    exact = [rounding.vector_key(row.tobytes(), precision) for row in column]
    quick = identity_keys(column, precision)  # type: ignore[arg-type]
    assert [exact.index(one) for one in exact] == [quick.index(one) for one in quick]


def test_a_difference_is_found() -> None:
    trace = mixed(Random(1), 2, 6, 200)
    assert difference(trace, STORES) is not None


def test_the_difference_is_shrunk_to_one_call() -> None:
    trace = mixed(Random(1), 2, 6, 200)
    small = shrunk(trace, STORES)
    assert len(small) == 1
    assert small[0].source.startswith("store.remove_vector(")


def test_equal_stores_agree() -> None:
    compare(mixed(Random(2), 2, 6, 100), {"one": Model, "other": Model}, {})


def test_a_difference_is_raised_with_a_script() -> None:
    trace = mixed(Random(1), 2, 6, 200)
    with pytest.raises(AssertionError, match="returned True; expected, as of model: returned False") as caught:
        compare(trace, STORES, {})
    assert "VectorStore(backend=backend" in caught.value.script


def test_the_script_runs_without_the_suite() -> None:
    text = script(whole(Random(3), 2, 6, 20, search=True), {"python": Model}, {})
    assert "refvec_conformance" not in text
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(text, "script", "exec"), {})  # noqa: S102 - our own text


def test_the_same_seed_gives_the_same_trace() -> None:
    one, other = (whole(Random(4), 3, "exact", 50, search=True) for _ in range(2))
    assert one == other


def test_most_calls_of_a_trace_succeed_and_some_do_not() -> None:
    outcomes = run(mixed(Random(5), 2, 6, 500), lambda: Model(2))
    failed = sum(outcome.error is not None for outcome in outcomes)
    assert 0.1 < failed / len(outcomes) < 0.9


def test_a_trace_of_searches_tells_wrong_hits() -> None:
    for trace, differ in ((searches(Random(6), 3, 20), exactly), (SEARCHING, Alike(True))):
        assert difference(trace, {"model": Model, "nearsighted": Nearsighted}, differ) is not None


def test_whatever_can_be_seen_after_a_call_counts() -> None:
    trace = [Op("add_vector", ("a", [1, 2])), Op("find_vector", ([1, 2],))]
    stores = {"model": Model, "careless": Careless}
    assert difference(trace, stores) is None
    told = difference(trace, stores, Alike(True))
    assert told is not None
    assert told[0] == 1
    assert "refcounts" in told[1]


def test_a_trace_of_the_whole_interface_calls_everything() -> None:
    trace = whole(Random(7), 2, 6, 3000, search=True)
    assert {op.name for op in trace} == ARGUMENTS.keys() - {"indices", "seen"}
    assert difference(trace, {"model": Model, "other": Model}, Alike(True)) is None


@pytest.mark.parametrize("metric", scoring.METRICS)
def test_the_hits_of_the_oracle_have_no_complaints(metric: str) -> None:
    rng = np.random.default_rng(7)
    model = Model(3)
    model.add_vectors([str(one) for one in range(30)], rng.standard_normal((30, 3)))
    vectors = {index: model.get_vector_by_index(index).tobytes() for index in range(30)}
    query = rng.standard_normal(3).astype(np.float32)
    assert scoring.complaints(query.tobytes(), vectors, 7, metric, model.search(query, 7, metric=metric)) == []


@pytest.mark.parametrize("metric", scoring.METRICS)
@pytest.mark.parametrize("damage", ["order", "score", "left out"])
def test_wrong_hits_have_complaints(metric: str, damage: str) -> None:
    model = Model(2)
    model.add_vectors(["a", "b", "c"], [[1, 0], [1, 1], [-3, 1]])
    query = np.array([1, 0.25], np.float32)
    good = model.search(query, 2, metric=metric)
    bad = {
        "order": good._replace(indices=good.indices[::-1], scores=good.scores[::-1]),
        "score": good._replace(scores=good.scores + np.float32(1e-3)),
        "left out": good._replace(indices=np.array([2, 2]), scores=np.full(2, math.nan, np.float32)),
    }[damage]
    vectors = {index: model.get_vector_by_index(index).tobytes() for index in range(3)}
    assert scoring.complaints(query.tobytes(), vectors, 2, metric, bad)
