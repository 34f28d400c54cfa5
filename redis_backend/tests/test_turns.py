"""Threads that share a store: calls on one id go side by side, what concerns more goes alone."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from refvec_redis.fleet import Rounds
from refvec_redis.turns import Turns

UNITS = np.eye(4, dtype=np.float32)


@pytest.fixture
def held(open_store, monkeypatch):
    """A store with a thread that is in the middle of adding "b", until the event is set."""
    store = open_store()
    store.add_vector("a", UNITS[0])
    begun, go_on, real = threading.Event(), threading.Event(), Rounds.write_once

    def write_once(self, calls, attempt):
        if threading.current_thread() is slow:
            begun.set()
            assert go_on.wait(60)
        return real(self, calls, attempt)

    monkeypatch.setattr(Rounds, "write_once", write_once)
    slow = threading.Thread(target=store.add_vector, args=("b", UNITS[1]))
    slow.start()
    assert begun.wait(60)
    yield store, go_on, slow
    go_on.set()
    slow.join()


def test_ids_are_read_and_written_beside_a_slow_write(held):
    store, go_on, slow = held
    assert store.get_vector("a").tolist() == UNITS[0].tolist()
    assert "b" not in store
    store.add_vector("c", UNITS[2])
    assert store.remove_vector("c")
    assert slow.is_alive()
    go_on.set()
    slow.join()
    assert store.get_vector("b").tolist() == UNITS[1].tolist()


@pytest.mark.parametrize("name", ["ids", "count", "get_statistics", "snapshot", "clear"])
def test_what_looks_at_all_sees_no_call_half_done(held, name):
    store, go_on, slow = held
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(lambda: store.count if name == "count" else getattr(store, name)())
        assert not found.done()
        assert slow.is_alive()
        go_on.set()
        found.result(60)
    assert set(store.ids()) == (set() if name == "clear" else {"a", "b"})


def test_who_goes_alone_waits_for_all_and_stops_all():
    turns, log = Turns(), []
    ready = threading.Barrier(5)

    def work(number):
        ready.wait()
        for _ in range(200):
            with turns.alone() if number == 0 else turns.together():
                log.append((number, "begins"))
                log.append((number, "ends"))

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(work, range(5)))
    at = [place for place, entry in enumerate(log) if entry == (0, "begins")]
    assert all(log[place + 1] == (0, "ends") for place in at)
    assert len(log) == 2000


def test_a_call_in_the_middle_of_a_call_of_the_same_thread_does_not_wait():
    turns = Turns()
    with turns.together(), turns.alone(), turns.together(), turns.alone():
        pass
    with turns.alone(), turns.alone(), turns.together():
        pass


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork")
def test_a_forked_child_does_not_wait_for_threads_that_it_has_not():
    turns, inside, go_on = Turns(), threading.Event(), threading.Event()

    def hold():
        with turns.together():
            inside.set()
            go_on.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait(60)
    pid = os.fork()
    if pid == 0:
        with turns.alone():
            os._exit(7)
    go_on.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
