"""NET-5: clients that die at any point."""

import numpy as np
import pytest
from refvec_redis import adding

UNITS = np.eye(4, dtype=np.float32)


class Death(BaseException):
    """The end of a client."""


def die(*arguments, **keywords):
    raise Death


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
