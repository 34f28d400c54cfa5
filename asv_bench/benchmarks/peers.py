"""What a user could take instead: an array and a dict, and search libraries where they are installed.

None of them stores identical vectors once, counts references or checks its
input as the contract demands, so they do less for their time: a yardstick.
"""

from __future__ import annotations

from .adapters import PEERS
from .common import DIMENSION, Changing, ids, rows, size, sizes

COUNT = size(10_000)
SOME = size(1_000)
TIMES = size(100)


class Peer(Changing):
    """The operations of the seed's table that peers have, on 10,000 x 384."""

    params = (list(PEERS),)
    param_names = ("peer",)

    def setup(self, peer):
        self.ids, self.rows = ids(COUNT), rows(COUNT, DIMENSION)
        self.store = PEERS[peer](DIMENSION)


class PeerAdd(Peer):
    """Into an empty store."""

    def time_add_10000(self, peer):
        for chunk_id, row in zip(self.ids, self.rows, strict=True):
            self.store.add(chunk_id, row)


class PeerFull(Peer):
    """A full store."""

    def setup(self, peer):
        super().setup(peer)
        self.store.add_batch(self.ids, self.rows)


class PeerGet(PeerFull):
    """From a full store."""

    def time_get_1000(self, peer):
        for chunk_id in self.ids[:SOME]:
            self.store.get(chunk_id)

    def time_batch_get_1000_x100_by_ids(self, peer):
        some = self.ids[:SOME]
        for _ in range(TIMES):
            self.store.get_batch(some)


class PeerRemove(PeerFull):
    """From a full store, where the peer can."""

    def setup(self, peer):
        super().setup(peer)
        if not self.store.removes:
            raise NotImplementedError(f"{peer} moves all later rows")

    def time_remove_1000(self, peer):
        for chunk_id in self.ids[:SOME]:
            self.store.remove(chunk_id)


class PeerSearch(Peer):
    """The ten nearest by dot product."""

    params = (list(PEERS), ["dot"], [1, *sizes(8, 100, 1_000)])
    param_names = ("peer", "metric", "queries")

    def setup(self, peer, metric, queries):
        super().setup(peer)
        self.store.add_batch(self.ids, self.rows)
        self.queries = rows(max(queries, COUNT), DIMENSION)[:queries]

    def time_search(self, peer, metric, queries):
        self.store.search(self.queries, 10)
