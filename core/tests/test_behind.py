"""A thread that does jobs for its owner: in order, to the end, and nothing after the context."""

import _thread
import signal
import time
from threading import Event, get_ident, main_thread

import pytest
from refvec.durable.behind import Behind


@pytest.fixture(params=[True, False], ids=["apart", "at once"])
def behind(request):
    return Behind(apart=request.param)


def test_jobs_are_done_in_order_before_the_context_ends(behind):
    done = []
    with behind:
        for number in range(100):
            behind.do(lambda number=number: done.append(number))
    assert done == list(range(100))


def test_a_thread_of_its_own_does_them():
    done = []
    with Behind(apart=True) as behind:
        behind.do(lambda: done.append(get_ident()))
    assert done != [get_ident()]


def test_what_a_job_raises_is_raised_and_later_jobs_are_left_out(behind):
    done, failed = [], Event()

    def fail():
        failed.set()
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"), behind:
        behind.do(fail)
        failed.wait()
        for number in range(100):
            behind.do(lambda number=number: done.append(number))
    assert done == []


def test_when_the_owner_fails_what_was_not_begun_is_left_out():
    done, begun, go_on = [], Event(), Event()

    def first():
        begun.set()
        go_on.wait()
        done.append("first")

    def fail(behind):
        behind.do(first)
        behind.do(lambda: done.append("second"))
        begun.wait()
        _thread.start_new_thread(lambda: (time.sleep(0.1), go_on.set()), ())
        raise LookupError

    with pytest.raises(LookupError), Behind(apart=True) as behind:
        fail(behind)
    assert done == ["first"]


def test_an_interrupt_is_raised_when_the_job_has_ended():
    done, ready = [], Event()

    def long():
        ready.wait()
        time.sleep(0.05)
        signal.pthread_kill(main_thread().ident, signal.SIGINT)
        time.sleep(0.2)
        done.append("long")

    with pytest.raises(KeyboardInterrupt), Behind(apart=True) as behind:
        behind.do(long)
        behind.do(lambda: done.append("next"))
        ready.set()
    assert done == ["long"]


def test_where_there_can_be_no_thread_jobs_are_done_at_once(monkeypatch):
    def refuse(*_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(_thread, "start_new_thread", refuse)
    with Behind(apart=True) as behind:
        done = []
        behind.do(lambda: done.append(get_ident()))
        assert done == [get_ident()]
