"""OPEN-2 and INT: the numbers that the front door takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from refvec_conformance.inputs.hostile import Index, OwnError, fail
from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.atomicity import refused
from refvec_conformance.probes.fixtures import Make, label


@clause("OPEN-2")
@pytest.mark.parametrize("dimension", [1, 2, 3, 65_535, 65_536])
def test_dimensions_up_to_the_limit_are_taken(target: Target, dimension: int) -> None:
    wanted = min(dimension, target.capabilities.max_dimension)
    assert target.open(wanted).dimension == wanted


@clause("OPEN-2")
@pytest.mark.parametrize("dimension", [0, -1, -384, -(2**70)])
def test_a_dimension_below_one(make: Make, dimension: int) -> None:
    with pytest.raises(ValueError, match=f"Dimension must be positive, got {dimension}"):
        make(dimension)


@clause("OPEN-2", "INT-1")
@pytest.mark.parametrize("dimension", [65_537, 2**31, 2**32 + 1, 2**63, 2**64 + 1, 10**30])
def test_a_dimension_above_the_limit(target: Target, dimension: int) -> None:
    with pytest.raises(ValueError, match="65[_,]?536|" + str(target.capabilities.max_dimension)):
        target.open(dimension)


@clause("OPEN-2", "PLUGIN-3")
def test_the_limit_of_the_backend_is_named(target: Target) -> None:
    limit = target.capabilities.max_dimension
    with pytest.raises(ValueError, match=str(limit)):
        target.open(limit + 1)


@clause("OPEN-2", "OPEN-7", "PLUGIN-3")
def test_the_first_vector_is_held_to_the_limit_too(target: Target) -> None:
    store = target.open()
    with refused(store, ValueError):
        store.add_vector("a", np.zeros(target.capabilities.max_dimension + 1, np.float32))


@clause("OPEN-2")
@pytest.mark.parametrize("capacity", [0, -1, -(2**70)])
def test_a_capacity_below_one(make: Make, capacity: int) -> None:
    with pytest.raises(ValueError, match=f"Initial capacity must be positive, got {capacity}"):
        make(4, capacity)


@clause("OPEN-2", "INT-1")
@pytest.mark.parametrize("capacity", [2**31, 2**32, 2**63, 2**64, 10**30])
def test_a_capacity_above_the_limit_names_it(make: Make, capacity: int) -> None:
    with pytest.raises(ValueError, match=r"2147483647|2,147,483,647"):
        make(4, capacity)


@clause("OPEN-2", "INT-1")
@pytest.mark.parametrize("name", ["dimension", "initial_capacity", "precision"])
@pytest.mark.parametrize("value", [10**5000, -(10**5000)], ids=["huge", "minus huge"])
def test_thousands_of_digits_are_a_plain_value_error(make: Make, name: str, value: int) -> None:
    with pytest.raises(ValueError, match=r"(?i)must be") as caught:
        make(**{name: value})
    assert "set_int_max_str_digits" not in str(caught.value)


@clause("OPEN-2")
@pytest.mark.parametrize("precision", [*range(8), "exact"])
def test_precisions_from_zero_to_seven_and_exact(make: Make, precision: Any) -> None:
    assert make(4, precision=precision).precision == precision


@clause("OPEN-2")
@pytest.mark.parametrize("precision", [-1, 8, 99, 2**70, "EXACT", "", "6", "exactly"], ids=label)
def test_any_other_precision_is_a_value_error(make: Make, precision: Any) -> None:
    with pytest.raises(ValueError, match="precision"):
        make(4, precision=precision)


NO_INTEGERS = [True, False, np.True_, 4.0, np.float64(4), "4", b"4", [4], (4,), 4j, np.array([4]), object()]


@clause("INT-1", "OPEN-2")
@pytest.mark.parametrize("name", ["dimension", "initial_capacity"])
@pytest.mark.parametrize("value", NO_INTEGERS, ids=label)
def test_what_is_no_integer_is_a_type_error(make: Make, name: str, value: Any) -> None:
    with pytest.raises(TypeError):
        make(**{"dimension": 4, name: value})


@clause("INT-1")
@pytest.mark.parametrize("value", [1.5, [6], object(), b"exact"], ids=label)
def test_a_precision_of_another_type_is_refused(make: Make, value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        make(4, precision=value)


@clause("INT-1", "OPEN-2")
@pytest.mark.parametrize(
    "kind", [np.int8, np.uint64, np.int32, lambda one: np.array(one), lambda one: Index(lambda: one)]
)
def test_anything_with_index_is_an_integer(make: Make, kind: Any) -> None:
    assert make(kind(5)).dimension == 5


@clause("INT-1", "COUNT-3")
def test_the_dimension_is_an_exact_int(make: Make) -> None:
    assert type(make(np.int8(5)).get_statistics()["dimension"]) is int


@clause("INT-1", "ERR-1")
def test_what_index_raises_passes_through(make: Make) -> None:
    with pytest.raises(OwnError):
        make(Index(fail))


@clause("INT-1", "OPEN-1", since="1.1")
@pytest.mark.parametrize("name", ["dimension", "initial_capacity", "precision"])
def test_index_is_called_once(make: Make, name: str) -> None:
    calls: list[str] = []

    def answer() -> int:
        calls.append(name)
        return 5

    make(**{"dimension": 4, name: Index(answer)})
    assert calls == [name]
