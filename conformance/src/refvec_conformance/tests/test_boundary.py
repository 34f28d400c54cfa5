"""ATOM-2: no input crashes, hangs or aborts; every method is driven with odd objects."""

from __future__ import annotations

import gc
import sys
from typing import Any

import numpy as np
import pytest
from refvec import VectorStore

from refvec_conformance.inputs.oddities import ODDITIES
from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes import boundary
from refvec_conformance.probes.children import output_of, run_child
from refvec_conformance.probes.fixtures import UNITS, Budget, Make

SINGLES = boundary.singles()
CHILD = "import sys; from refvec_conformance.probes.boundary import main; sys.exit(main(*sys.argv[1:]))"


@clause("ATOM-2", "ATOM-1")
@pytest.mark.parametrize("method", boundary.METHODS)
def test_odd_objects_in_one_place_end_as_documented(target: Target, method: str) -> None:
    assert not boundary.drive(target, [call for call in SINGLES if call.method == method])


@clause("ATOM-2", "ATOM-1", tier="standard")
def test_odd_objects_in_two_places_end_as_documented(
    target: Target, rng: np.random.Generator, budget: Budget
) -> None:
    assert not boundary.drive(target, boundary.pairs(rng, budget(2500)))


@clause("ATOM-2", tier="standard")
def test_a_process_survives_all_odd_objects(spelling: str, target: Target, seed: int, budget: Budget) -> None:
    # Each drives a store of its own, which servers take a hundred times longer to open.
    pairs = budget(100 if target.capabilities.networked else 500)
    done = run_child(CHILD, spelling, str(seed % 2**32), str(pairs))
    last = done.stdout.strip().rpartition("\n")[2]
    assert done.returncode == 0, f"ended with {done.returncode} at {last}\n{done.stderr[-3000:]}"


@clause("ATOM-2", "GET-1")
@pytest.mark.parametrize("name", ODDITIES)
def test_membership_answers_for_anything(stocked: VectorStore, name: str) -> None:
    assert (ODDITIES[name]() in stocked) in (True, False)


@clause("ATOM-2", "VEC-4")
@pytest.mark.parametrize("take", ["get_vector", "get_all_vectors", "get_vectors"])
def test_a_result_outlives_its_store(make: Make, take: str) -> None:
    store = make(4)
    store.add_vectors(["a", "b"], UNITS[:2])
    arguments: dict[str, list[Any]] = {"get_vector": ["a"], "get_all_vectors": [], "get_vectors": [["a"]]}
    found = getattr(store, take)(*arguments[take])
    del store
    gc.collect()
    assert [1, 0, 0, 0] in found.reshape(-1, 4).tolist()


@clause("ATOM-2")
def test_references_to_odd_objects_are_not_kept(stocked: VectorStore) -> None:
    thing = object()
    before = sys.getrefcount(thing)
    for _ in range(20):
        with pytest.raises(TypeError):
            stocked.get_vector(thing)  # type: ignore[arg-type]
    gc.collect()
    assert sys.getrefcount(thing) == before


@clause("ATOM-2")
@pytest.mark.parametrize("use", ["add_vector", "add_vectors", "get_vector", "upsert_vector"])
def test_references_to_arguments_are_not_kept(make: Make, use: str) -> None:
    store = make(4)
    vector = UNITS[0].copy()
    chunk_id = "".join(["an id of ", "its own"])
    store.add_vector("b", UNITS[1])
    before = sys.getrefcount(vector)
    calls: dict[str, Any] = {
        "add_vector": lambda: store.add_vector(chunk_id, vector),
        "add_vectors": lambda: store.add_vectors([chunk_id], vector[None]),
        "get_vector": lambda: store.get_vector(chunk_id),
        "upsert_vector": lambda: store.upsert_vector(chunk_id, vector),
    }
    calls[use]()
    gc.collect()
    assert sys.getrefcount(vector) == before


@clause("ATOM-2", tier="standard")
@pytest.mark.parametrize("left", ["store", "iterator", "result", "copy"])
def test_the_interpreter_shuts_down_with_whatever_is_left(spelling: str, left: str) -> None:
    found = output_of(
        """
        import copy, sys, threading
        from refvec_conformance.judging.target import resolved
        context = resolved(sys.argv[1])
        store = context.__enter__().open(4)
        store.add_vectors(map(str, range(100)), [[i, 0, 0, 1] for i in range(100)])
        kept = {"store": lambda: store, "iterator": lambda: store.iter_batches(3),
                "result": store.snapshot, "copy": lambda: copy.copy(store)}[sys.argv[2]]()
        if sys.argv[2] == "iterator":
            next(kept)
        print("alive")
        """,
        spelling,
        left,
        fresh=True,
    )
    assert found == "alive"


@clause("ATOM-2", "SAVE-2", tier="standard")
def test_a_spawned_process_gets_a_copy(spelling: str) -> None:
    found = output_of(
        """
        import base64, pickle, subprocess, sys
        from refvec_conformance.judging.target import resolved
        child = ("import base64, pickle, sys\\nfrom refvec_conformance.judging.target import resolved\\n"
                 "with resolved(sys.argv[1]):\\n    store = pickle.loads(base64.b64decode(sys.argv[2]))\\n"
                 "    print(store.ids(), store.get_all_vectors().tolist())")
        with resolved(sys.argv[1]) as target:
            store = target.open(2)
            store.add_vectors(["a", "b"], [[1, 0], [0, 1]])
            blob = base64.b64encode(pickle.dumps(store)).decode()
            command = [sys.executable, "-c", child, sys.argv[1], blob]
            print(subprocess.run(command, capture_output=True, text=True).stdout)
        """,
        spelling,
    )
    assert found == "['a', 'b'] [[1.0, 0.0], [0.0, 1.0]]"


@clause("DEDUP-3", "GET-5", tier="standard", requires="ordered_ids")
@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_results_do_not_depend_on_the_seeds_of_hash_tables(spelling: str, hash_seed: str) -> None:
    found = output_of(
        """
        import sys
        from refvec_conformance.judging.target import resolved
        with resolved(sys.argv[1]) as target:
            store = target.open(1)
            store.add_vectors((f"id {i}" for i in range(200)), [[i % 50] for i in range(200)])
            store.remove_vectors(f"id {i}" for i in range(0, 200, 3))
            left = [f"id {i}" for i in range(200) if i % 3]
            print(store.ids() == left, store.ids_at(store.get_index("id 1")))
        """,
        spelling,
        env={"PYTHONHASHSEED": hash_seed},
        fresh=True,
    )
    assert found == "True ['id 1', 'id 101', 'id 151']"
