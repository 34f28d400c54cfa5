"""Ids as bytes in the catalog, and back: also from bytes that no writer wrote."""

import uuid

import numpy as np
import pytest
from refvec.durable.packedids import TEXTS, UUIDS, PackedIds, packed
from refvec.durable.packing import PackingError, Unpacker, numbers, word

SOME = [str(uuid.UUID(int=n)) for n in (0, 1, 2**128 - 1, 0xABCDEF << 64)]


def read(content):
    source = Unpacker(content)
    found = PackedIds.read(source)
    source.end()
    return found


def test_uuids_take_sixteen_bytes():
    content = packed(SOME)
    assert (content[0], len(content)) == (UUIDS, 16 + 16 * len(SOME))
    found = read(content)
    assert (found.decoded(), found.lengths, found.text, len(found)) == (SOME, None, None, len(SOME))
    assert found.uuids.tobytes() == b"".join(uuid.UUID(one).bytes for one in SOME)


NEARLY = [
    [SOME[3].upper()],
    [*SOME, ""],
    [SOME[0][1:], SOME[0] + "0"],  # as long as two
    [SOME[0].replace("-", "0")],
    [SOME[0].replace("0", "-")],
    ["-" + SOME[0][:-1]],
    [SOME[0].replace("0", " ")],
    [SOME[0].replace("0", "g")],
    [SOME[0].replace("0", "\N{FULLWIDTH DIGIT ONE}")],
    [SOME[0][:-2] + "0-0"[:2]],
    ["urn:uuid:" + SOME[0]],
]


@pytest.mark.parametrize("ids", [[], ["", "a", "", "é", "\U0001f600"], ["a\0b", "ab"], *NEARLY])
def test_other_ids_are_texts(ids):
    content = packed(ids)
    assert content[0] == TEXTS
    found = read(content)
    assert (found.decoded(), found.uuids, len(found)) == (ids, None, len(ids))


@pytest.mark.parametrize("ids", [[None], [None, *SOME], [*SOME, None, *SOME], ["a", None], [*SOME, None, ""]])
def test_none_is_read_as_any(ids):
    found = read(packed(ids)).decoded()
    assert [one for one, given in zip(found, ids, strict=True) if given] == [one for one in ids if one]
    assert len(found) == len(ids)


def texts(lengths, encoded):
    return bytes([TEXTS]) + numbers(np.array(lengths, np.int64)) + len(encoded).to_bytes(8, "little") + encoded


DAMAGED = {
    "another form": word(2) + word(0),
    "cut in an id": packed(SOME)[:-1],
    "more ids than bytes": word(UUIDS) + word(2**62) + bytes(16),
    "lengths too short": texts([1, 1], b"abc"),
    "lengths too long": texts([1, 3], b"abc"),
    "lengths that overflow": texts([2**62] * 4, b""),
    "no UTF-8": texts([1, 1], b"a\xff"),
    "a character cut in half": texts([2, 1], "aé".encode()),
    "a character cut in half by nothing": texts([2, 0, 1], "aé".encode()),
    "too long": packed(SOME) + b"\0",
    "cut in what fills up": texts([3], b"abc")[:-1],
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_damage_is_noticed_before_anything_is_decoded(content):
    with pytest.raises(PackingError):
        read(content)
