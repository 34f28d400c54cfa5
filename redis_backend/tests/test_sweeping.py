"""NET-5: clients that die at any point."""

import contextlib

import numpy as np
import pytest
from refvec_redis import adding
from refvec_redis.store import RedisVectorStore

UNITS = np.eye(4, dtype=np.float32)


class Death(BaseException):
    """The end of a client."""


def die(*arguments, **keywords):
    raise Death


CALLS = {
    "add": lambda store: store.add_vectors(["x", "y"], UNITS[[0, 3]]),
    "upsert": lambda store: store.upsert_vectors(["a", "x"], UNITS[[3, 2]]),
    "remove": lambda store: store.remove_vectors(["a", "c"]),
}
POINTS = {
    "link": (adding.Adding, "link"),
    "release after upsert": (adding, "release"),
    "unlink": (RedisVectorStore.__module__, "unlink"),
    "release after unlink": (RedisVectorStore.__module__, "release"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS)
def test_a_client_that_dies_leaves_every_id_whole(open_store, monkeypatch, call, point):
    other = open_store()
    other.add_vectors(["a", "b", "c"], UNITS[[0, 0, 1]])
    dying = open_store()
    where, name = point
    with monkeypatch.context() as patch:
        if isinstance(where, str):
            patch.setattr(f"{where}.{name}", die)
        else:
            patch.setattr(where, name, die)
        with contextlib.suppress(Death):
            call(dying)
    other.vacuum(0)
    seen = other.snapshot()
    assert other.get_vectors(seen.ids).shape == (len(seen.ids), 4)
    expected = np.bincount(np.searchsorted(seen.indices, seen.id_indices), minlength=len(seen.indices))
    assert other.get_refcounts(seen.indices).tolist() == expected.tolist()
    assert other.count == len(seen.indices)
    assert other.vacuum(0) == 0


def test_what_a_dead_client_left_is_not_found(open_store, monkeypatch):
    store, dying = open_store(), open_store()
    store.add_vector("a", UNITS[0])
    with monkeypatch.context() as patch:
        patch.setattr(adding.Adding, "link", die)
        with pytest.raises(Death):
            dying.add_vectors(["x", "y"], UNITS[[1, 0]])
    for with_ids in (True, False):
        assert store.search(UNITS[1], 5, with_ids=with_ids).indices.tolist() == [store.get_index("a")]
    assert store.ids_at(store.get_index("a")) == ["a"]
    assert store.ids() == ["a"]
    assert store.vacuum(min_age=3600) == 0
    assert store.vacuum(0) == 2
    assert (store.count, store.find_vector(UNITS[1])) == (1, None)


def test_a_live_client_that_is_swept_begins_anew(open_store, monkeypatch):
    store, sweeper = open_store(), open_store()
    real, swept = adding.Adding.link, []

    def link(self, items):
        if not swept:
            swept.append(sweeper.vacuum(0))
        return real(self, items)

    monkeypatch.setattr(adding.Adding, "link", link)
    indices = store.add_vectors(["x", "y"], UNITS[[1, 1]])
    assert swept == [2]
    assert store.get_refcounts(indices).tolist() == [2, 2]
    assert store.get_vector("x").tolist() == UNITS[1].tolist()
