"""Searches that share their work with other threads: same bits, and safe whatever becomes of the process."""

import os
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
import rust_vector_store
from refvec import VectorStore

RNG = np.random.default_rng(1)
ROWS = RNG.integers(-3, 4, (12_000, 64)).astype(np.float32) / 3
ROWS[::50] = ROWS[0]  # equal scores: ...
ROWS[::50, 5] = np.linspace(0, 1e-3, 240)  # ... nearly, and of different vectors
ROWS[7::1000] = np.nan
ROWS[11::1000] = 0
QUERIES = ROWS[[0, 3, 7, 11, 50]]
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")

# What the code of a child begins with.
CHILD = """
import os, signal, sys, threading, warnings
import numpy as np
import rust_vector_store
from refvec import VectorStore
warnings.simplefilter("ignore")  # that a process with threads forks
rust_vector_store.set_num_threads(1)  # no thread yet
rows = np.random.default_rng(1).standard_normal((20_000, 128), np.float32)
store = VectorStore(128, backend="rust")
store.add_vectors(map(str, range(len(rows))), rows)
def search(queries=rows[:5]):
    found = store.search(queries, 7, with_ids=False)
    return found.indices.tobytes() + found.scores.tobytes()
def forked(body):
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)
        try:
            os._exit(not body())
        except BaseException:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
alone = search()
rust_vector_store.set_num_threads(3)
"""


@pytest.fixture(autouse=True)
def _as_before():
    before = rust_vector_store.num_threads()
    yield
    rust_vector_store.set_num_threads(before)


@pytest.fixture(scope="module")
def store():
    store = VectorStore(64, backend="rust", precision="exact")
    store.add_vectors(map(str, range(len(ROWS))), ROWS)
    store.remove_vectors(map(str, range(5, len(ROWS), 17)))
    return store


@pytest.mark.parametrize("metric", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("k", [1, 100, 12_000])
@pytest.mark.parametrize("within", [None, [str(one) for one in range(0, 12_000, 2)]], ids=["all", "within"])
def test_the_hits_are_the_same_to_the_bit_for_any_number_of_threads(store, metric, k, within):
    seen = set()
    for threads in (1, 2, 3, 7):
        rust_vector_store.set_num_threads(threads)
        found = store.search(QUERIES, k, metric=metric, within=within)
        seen.add((found.indices.tobytes(), found.scores.tobytes(), repr(found.ids)))
    assert len(seen) == 1


def test_the_number_that_was_set_is_given_back_and_odd_ones_are_refused():
    for threads in (1, np.int8(3), 1024):
        rust_vector_store.set_num_threads(threads)
        assert rust_vector_store.num_threads() == threads
    for bad in (0, -1, 1025, 2**70):
        with pytest.raises(ValueError, match=r"n must be 1 to 1,024 threads, got [-\d,]+$"):
            rust_vector_store.set_num_threads(bad)
    for odd in (True, 1.0, "2", None):
        with pytest.raises(TypeError, match="n must be an integer"):
            rust_vector_store.set_num_threads(odd)
    assert rust_vector_store.num_threads() == 1024


@pytest.mark.parametrize(("given", "expected"), [("3", 3), ("70000", 1024)])
def test_the_environment_is_the_default(child, given, expected):
    told = child("import rust_vector_store; print(rust_vector_store.num_threads())", RAYON_NUM_THREADS=given)
    assert int(told) == expected


@pytest.mark.parametrize("given", ["", "0", "-2", "many"])
def test_an_environment_that_names_no_number_is_as_none(child, given):
    told = child("import rust_vector_store; print(rust_vector_store.num_threads())", RAYON_NUM_THREADS=given)
    assert 1 <= int(told) <= os.cpu_count()


def test_many_threads_of_the_caller_search_at_once(store):
    rust_vector_store.set_num_threads(1)
    alone = store.search(QUERIES, 50)
    rust_vector_store.set_num_threads(4)
    wrong = []

    def search():
        for _ in range(15):
            found = store.search(QUERIES, 50)
            if found.scores.tobytes() != alone.scores.tobytes() or found.ids != alone.ids:
                wrong.append(found)

    threads = [threading.Thread(target=search) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_number_changes_while_searches_run(store):
    over = threading.Event()

    def change():
        while not over.is_set():
            for threads in (2, 1, 5, 3):
                rust_vector_store.set_num_threads(threads)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        first = store.search(QUERIES, 20)
        assert all(store.search(QUERIES, 20).scores.tobytes() == first.scores.tobytes() for _ in range(40))
    finally:
        over.set()
        thread.join()


@forks
def test_a_child_searches_and_forks_after_its_parent_searched(child):
    out = child(
        CHILD
        + """
assert search() == alone
def again():
    return search() == alone and forked(lambda: search() == alone) == 0 and search() == alone
print(forked(again), search() == alone)
"""
    )
    assert out == "0 True\n"


@forks
def test_a_child_searches_that_was_forked_while_other_threads_searched(child):
    out = child(
        CHILD
        + """
over = threading.Event()
def searching():
    while not over.is_set():
        search()
threads = [threading.Thread(target=searching) for _ in range(2)]
for thread in threads:
    thread.start()
print({forked(lambda: search() == alone and search() == alone) for _ in range(20)})
over.set()
for thread in threads:
    thread.join()
"""
    )
    assert out == "{0}\n"


@forks
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers here")
def test_a_child_that_was_forked_in_the_middle_of_a_search_ends_it(child):
    """A signal handler may fork, and the child goes on with the search of the parent, without its threads."""
    out = child(
        CHILD
        + """
def handler(*_):
    global pid
    pid = os.fork()
    if pid == 0:
        signal.alarm(50)
signal.signal(signal.SIGALRM, handler)
queries, pid = rows, None
rust_vector_store.set_num_threads(1)
expected = search(queries)
rust_vector_store.set_num_threads(3)
signal.setitimer(signal.ITIMER_REAL, 0.06)
found = search(queries)
if pid == 0:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    os._exit(0 if found == expected and search() == alone else 3)
assert pid is not None, "the search was over before the handler ran"
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), found == expected, search() == alone)
"""
    )
    assert out == "0 True True\n"


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers here")
def test_a_search_on_several_threads_is_interrupted(child):
    out = child(
        CHILD
        + """
signal.signal(signal.SIGALRM, signal.default_int_handler)
signal.setitimer(signal.ITIMER_REAL, 0.03)
try:
    search(rows)
    print("not interrupted")
except KeyboardInterrupt:
    print("interrupted")
print(search() == alone)
"""
    )
    assert out == "interrupted\nTrue\n"


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no limit to be set here")
def test_where_no_threads_are_to_be_had_a_search_goes_without(child):
    out = child(
        CHILD
        + """
import resource
size = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
resource.setrlimit(resource.RLIMIT_AS, (size + (1 << 20), size + (1 << 20)))
before = threading.active_count(), len(os.listdir("/proc/self/task"))
print(search() == alone, (threading.active_count(), len(os.listdir("/proc/self/task"))) == before)
"""
    )
    assert out == "True True\n"
