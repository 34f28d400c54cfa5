"""Where things are: a vector by what it holds, an id by its name, each in one bucket of the store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from redis.crc import key_slot

from .library import function
from .wire import Prefix, command

LOCAL = 8
_KEYS = {
    "acquire": "hvrfmz",
    "release": "hvrfmz",
    "cancel": "hvrfmz",
    "restore": "hvrfmz",
    "settle": "fm",
    "link": "ixm",
    "unlink": "im",
    "fence": "ixm",
    "forget": "xm",
    "mark": "m",
    "counts": "rm",
    "members": "rz",
    "lookup": "hv",
    "changes": "vz",
    "sizes": "vmi",
}
_READING = frozenset(("counts", "members", "lookup", "changes", "sizes"))
_ALL = "hvrfmzix"


class Places:
    """The buckets of one store, and the commands to each.

    A call is a slot and the bytes of a command.

    Parameters
    ----------
    name, uid : str
        Of the store; the uid tells it from one that had the name before.
    buckets : int
        How many there are.
    secret : bytes
        Keys the digests, so that nobody can choose vectors or ids that meet.
    """

    def __init__(self, name: str, uid: str, buckets: int, secret: bytes) -> None:
        self.buckets = buckets
        self._secret = secret
        self._tags = [f"{{{name}:{uid}:{number}}}".encode() for number in range(buckets)]
        self.slots = [key_slot(tag) for tag in self._tags]
        self._prefixes: dict[tuple[str, int], Prefix] = {}

    def digest(self, key: bytes) -> bytes:
        """Return the digest of a vector, given the keys of its components."""
        return hashlib.blake2b(key, digest_size=16, key=self._secret).digest()

    def of_digest(self, digest: bytes) -> int:
        """Return the bucket of a vector."""
        return int.from_bytes(digest[:4], "little") % self.buckets

    def of_id(self, chunk_id: bytes) -> int:
        """Return the bucket of an id."""
        found = hashlib.blake2b(chunk_id, digest_size=4, key=self._secret, person=b"id").digest()
        return int.from_bytes(found, "little") % self.buckets

    def index(self, bucket: int, local: bytes) -> int:
        """Return the index of a vector."""
        return int.from_bytes(local, "big") * self.buckets + bucket

    def at(self, index: int) -> tuple[int, bytes]:
        """Return the bucket and the local of an index that is not negative."""
        local, bucket = divmod(index, self.buckets)
        return bucket, local.to_bytes(LOCAL, "big")

    def call(self, short: str, bucket: int, args: Iterable[bytes] = ()) -> tuple[int, bytes]:
        """Return the call of one of our functions on a bucket."""
        prefix = self._prefixes.get((short, bucket))
        if prefix is None:
            keys = [self._tags[bucket] + letter.encode() for letter in _KEYS[short]]
            verb = b"FCALL_RO" if short in _READING else b"FCALL"
            prefix = Prefix((verb, function(short), b"%d" % len(keys), *keys))
            self._prefixes[short, bucket] = prefix
        return self.slots[bucket], prefix.then(list(args))

    def native(self, verb: bytes, letter: str, bucket: int, args: Iterable[bytes] = ()) -> tuple[int, bytes]:
        """Return a command of the server's own on one key of a bucket."""
        prefix = self._prefixes.get((verb.decode() + letter, bucket))
        if prefix is None:
            prefix = Prefix((verb, self._tags[bucket] + letter.encode()))
            self._prefixes[verb.decode() + letter, bucket] = prefix
        return self.slots[bucket], prefix.then(list(args))

    def removal(self, bucket: int) -> tuple[int, bytes]:
        """Return the command that removes all of a bucket."""
        keys = [self._tags[bucket] + letter.encode() for letter in _ALL]
        return self.slots[bucket], command(b"UNLINK", *keys)


def meta_key(name: str) -> bytes:
    """Return the key under which a store says what it is."""
    return f"{{{name}}}refvec".encode()


def meta_call(name: str, short: str, args: Iterable[bytes] = ()) -> tuple[int, bytes]:
    """Return the call of one of our functions on that key."""
    key = meta_key(name)
    return key_slot(key), command(b"FCALL", function(short), b"1", key, *args)
