"""SAVE-2: pickling and copying."""

from __future__ import annotations

import abc
import copy
import pickle
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import numpy as np
import pytest
from refvec import BackendLoadError, BackendPlugin, VectorStore
from refvec.registry import provided

from refvec_conformance.inputs.layouts import read_only
from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.atomicity import unchanged
from refvec_conformance.probes.distributions import variant
from refvec_conformance.probes.fixtures import UNITS, Make
from refvec_conformance.probes.likeness import unlike_copy


def pickled(protocol: int, store: VectorStore) -> VectorStore:
    found: VectorStore = pickle.loads(pickle.dumps(store, protocol))
    return found


COPIES: dict[str, Callable[[VectorStore], VectorStore]] = {
    **{f"pickle {n}": partial(pickled, n) for n in range(pickle.HIGHEST_PROTOCOL + 1)},
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


every_copy = pytest.mark.parametrize("renew", COPIES.values(), ids=COPIES)


@clause("SAVE-2", tier="smoke")
@every_copy
def test_a_copy_is_equal(stocked: VectorStore, renew: Any) -> None:
    assert unlike_copy(renew(stocked), stocked) == []


@clause("SAVE-2", "OPEN-7")
@every_copy
def test_a_copy_of_a_store_without_a_dimension(make: Make, renew: Any) -> None:
    store = make(initial_capacity=3, precision=2)
    assert unlike_copy(renew(store), store) == []


@clause("SAVE-2")
@every_copy
@pytest.mark.parametrize("precision", [0, 7, "exact"])
def test_a_copy_keeps_the_precision(make: Make, renew: Any, precision: Any) -> None:
    assert renew(make(4, precision=precision)).precision == precision


@clause("SAVE-2")
@every_copy
def test_a_copy_has_the_same_backend(target: Target, stocked: VectorStore, renew: Any) -> None:
    assert type(renew(stocked)) is target.store


@clause("SAVE-2")
@every_copy
def test_a_change_of_the_copy_does_not_reach_the_original(stocked: VectorStore, renew: Any) -> None:
    other = renew(stocked)
    with unchanged(stocked):
        other.add_vector("x", UNITS[3])
        other.upsert_vector("a", UNITS[1])
        other.clear()


@clause("SAVE-2")
@every_copy
def test_a_change_of_the_original_does_not_reach_the_copy(stocked: VectorStore, renew: Any) -> None:
    other = renew(stocked)
    with unchanged(other):
        stocked.add_vector("x", UNITS[3])
        stocked.upsert_vector("a", UNITS[1])
        stocked.close()


@clause("SAVE-2", "DEDUP-4")
@every_copy
def test_a_copy_deduplicates(stocked: VectorStore, renew: Any) -> None:
    other = renew(stocked)
    assert other.add_vector("x", UNITS[1]) == other.get_index("c")


@clause("SAVE-2", "VEC-5")
@every_copy
def test_a_copy_keeps_every_bit(make: Make, renew: Any, rng: np.random.Generator) -> None:
    store = make(3, precision="exact")
    rows = rng.integers(0, 2**32, (50, 3), np.uint32).view(np.float32)
    store.add_vectors(map(str, range(50)), rows)
    assert renew(store).get_vectors(map(str, range(50))).tobytes() == rows.tobytes()


@clause("SAVE-2", "GET-5", requires="ordered_ids")
@every_copy
def test_a_copy_keeps_the_order_in_which_ids_came_to_a_slot(stocked: VectorStore, renew: Any) -> None:
    stocked.upsert_vector("d", UNITS[0])
    stocked.upsert_vector("a", UNITS[3])
    stocked.upsert_vector("a", UNITS[0])
    other = renew(stocked)
    assert (other.ids(), other.ids_at(other.get_index("a"))) == (["a", "b", "c", "d"], ["b", "d", "a"])


@clause("SAVE-2")
def test_deepcopy_copies_a_store_once(stocked: VectorStore) -> None:
    one, other = copy.deepcopy([stocked, stocked])
    assert one is other


@clause("SAVE-2")
@pytest.mark.parametrize("use", [pickle.dumps, copy.copy, copy.deepcopy], ids=["pickle", "copy", "deepcopy"])
def test_a_closed_store_raises_type_error(stocked: VectorStore, use: Any) -> None:
    stocked.close()
    with pytest.raises(TypeError):
        use(stocked)


@clause("SAVE-2")
def test_a_pickle_without_its_backend_is_a_load_error(target: Target) -> None:
    passing = variant(target.store, "passing")
    with provided(passing.backend, BackendPlugin(passing)):
        blob = pickle.dumps(VectorStore(4, backend=passing.backend))
    with pytest.raises(BackendLoadError, match=passing.backend):
        pickle.loads(blob)


@clause("SAVE-2", "VEC-4")
def test_a_copy_shares_no_memory_with_the_callers_arrays(make: Make) -> None:
    row = UNITS[0].copy()
    store = make(4)
    store.add_vector("a", read_only(row))
    other = copy.copy(store)
    row[:] = 9
    assert other.get_vector("a").tolist() == [1, 0, 0, 0]  # type: ignore[union-attr]


# Subclasses of users


class Retriever(abc.ABC):
    """An abstract base, as frameworks have them."""

    @abc.abstractmethod
    def retrieve(self) -> list[str]:
        """Return what was found."""


class Counting(Protocol):
    """A protocol that stores satisfy."""

    def __len__(self) -> int:
        """Return how many there are."""
        ...


def of_user(target: Target, monkeypatch: pytest.MonkeyPatch, *bases: type) -> Any:
    """Return a user's subclass with an ``__init__`` and attributes of its own, where pickle can find it."""

    class Mine(target.store, *bases):  # type: ignore[misc, name-defined]
        def __init__(self, tags: list[str]) -> None:
            self.before = {"tags": tags}
            super().__init__(4, 8)
            self.after = tags

        def retrieve(self) -> list[str]:
            """Return the ids."""
            return list(self.ids())

    Mine.__qualname__ = "Mine"
    monkeypatch.setattr(sys.modules[__name__], "Mine", Mine, raising=False)
    return Mine


every_base = pytest.mark.parametrize("bases", [(), (Retriever,), (Counting,)], ids=["plain", "ABC", "Protocol"])


@clause("SAVE-2")
@every_copy
@every_base
def test_a_users_subclass_stays_what_it_is(
    target: Target, monkeypatch: pytest.MonkeyPatch, renew: Any, bases: tuple[type, ...]
) -> None:
    kind = of_user(target, monkeypatch, *bases)
    store = kind(["one"])
    store.add_vectors(["a", "b"], UNITS[[0, 0]])
    store.later = "set by the user"
    other = renew(store)
    assert type(other) is kind
    assert (other.before, other.after, other.later) == ({"tags": ["one"]}, ["one"], "set by the user")
    assert unlike_copy(other, store) == []
    assert sorted(other.retrieve()) == ["a", "b"]
    other.add_vector("c", UNITS[1])
    assert sorted(store.retrieve()) == ["a", "b"]


@clause("SAVE-2")
def test_attributes_are_shared_by_copy_and_doubled_by_deepcopy(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = of_user(target, monkeypatch)(["one"])
    shallow, deep = copy.copy(store), copy.deepcopy(store)
    assert shallow.after is store.after
    assert deep.after is not store.after
    assert deep.after is deep.before["tags"]
    deep.after.append("two")
    assert store.before == {"tags": ["one"]}


@clause("SAVE-2", "OPEN-1")
@every_base
def test_a_users_subclass_is_a_store(
    target: Target, monkeypatch: pytest.MonkeyPatch, bases: tuple[type, ...]
) -> None:
    store = of_user(target, monkeypatch, *bases)([])
    nominal: list[type] = [VectorStore, target.store, *(one for one in bases if one is not Counting)]
    assert [one for one in nominal if not isinstance(store, one)] == []
    assert store.add_vector("a", UNITS[0]) == store.get_index("a")
    assert store.retrieve() == ["a"]
    assert store.backend == target.name
