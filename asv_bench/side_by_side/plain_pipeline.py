"""What a user of redis-py would write for the same steps: pipelines of the same writes, with one WAIT each."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Any

import numpy as np
from redis import Redis
from redis.client import Pipeline
from redis.crc import key_slot

Rows = np.ndarray
Queue = Callable[[Pipeline, str, list[int]], None]


class Plain:
    """Ids and vectors in the buckets of a cluster: no functions, no look-ups, nothing for the case of an error.

    The digests of the vectors are given, and a retry would count twice.

    Parameters
    ----------
    host, port
        Of one of the servers.
    buckets : int
        As of the store beside it.
    replicas : int
        What WAIT waits for.
    """

    def __init__(self, host: str, port: int, buckets: int, replicas: int) -> None:
        self._replicas, self._buckets = replicas, buckets
        name = secrets.token_hex(4)
        self._tags = [f"{{{name}:{number}}}" for number in range(buckets)]
        seed = Redis(host, port, protocol=2)
        owners: dict[int, Redis] = {}
        for first, last, master, *_ in seed.execute_command("CLUSTER SLOTS"):
            owners |= dict.fromkeys(range(first, last + 1), Redis(master[0].decode(), master[1], protocol=2))
        self._owners = [owners[key_slot(tag.encode())] for tag in self._tags]

    def of(self, data: bytes) -> int:
        """Return the bucket of an id, or a digest."""
        return int.from_bytes(hashlib.blake2b(data, digest_size=4).digest(), "little") % self.buckets

    def add(self, ids: list[bytes], digests: list[bytes], rows: list[bytes]) -> None:
        """Write vectors and references, then the ids."""

        def acquire(pipe: Pipeline, tag: str, mine: list[int]) -> None:
            pipe.hincrby(tag + "m", "next", len(mine))
            pipe.hincrby(tag + "m", "seq", len(mine))
            pipe.hset(tag + "h", mapping={digests[at]: b"%08d" % at for at in mine})
            pipe.hset(tag + "v", mapping={digests[at]: digests[at] + rows[at] for at in mine})
            pipe.zadd(tag + "z", {digests[at]: at for at in mine})
            pipe.zadd(tag + "r", {digests[at] + ids[at]: 0 for at in mine})

        def link(pipe: Pipeline, tag: str, mine: list[int]) -> None:
            # As long as an entry: token, index, digest, birth.
            pipe.hset(tag + "i", mapping={ids[at]: digests[at].ljust(50, b".") for at in mine})

        self._run(digests, acquire)
        self._run(ids, link)

    def get(self, ids: list[bytes]) -> Rows:
        """Read vectors: where they are, then what is there."""
        digests = [entry[:16] for entry in self._fetched("i", ids)]
        stored = self._fetched("v", digests)
        return np.frombuffer(b"".join(stored), np.uint8).reshape(len(ids), -1)[:, 16:].copy().view("<f4")

    def _fetched(self, letter: str, fields: list[bytes]) -> list[bytes]:
        found = [b""] * len(fields)

        def fetch(pipe: Pipeline, tag: str, mine: list[int]) -> None:
            pipe.hmget(tag + letter, [fields[at] for at in mine])

        for mine, values in self._run(fields, fetch, writing=False):
            for at, value in zip(mine, values, strict=True):
                found[at] = value
        return found

    def _run(self, keys: list[bytes], queue: Queue, *, writing: bool = True) -> list[tuple[list[int], Any]]:
        """Queue what is to be done with the keys of every bucket; return the answers to the last of it."""
        groups: dict[int, list[int]] = {}
        for at, key in enumerate(keys):
            groups.setdefault(self._of(key), []).append(at)
        pipes: dict[Redis, tuple[Pipeline, list[list[int]]]] = {}
        for bucket, mine in groups.items():
            owner = self._owners[bucket]
            if owner not in pipes:
                pipes[owner] = owner.pipeline(transaction=False), []
            queue(pipes[owner][0], self._tags[bucket], mine)
            pipes[owner][1].append(mine)
        answers: list[tuple[list[int], Any]] = []
        for pipe, several in pipes.values():
            if writing:
                pipe.execute_command("WAIT", self._replicas, 500)
            answers += zip(several, pipe.execute(), strict=False)
        return answers

    def _of(self, key: bytes) -> int:
        return int.from_bytes(hashlib.blake2b(key, digest_size=4).digest(), "little") % self._buckets
