"""Ids as they are in the catalog: sixteen bytes each where all are UUIDs, else lengths and UTF-8."""

from __future__ import annotations

import binascii
from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from .packing import PackingError, Unpacker, listed, numbers, padded, word

TEXTS, UUIDS = 0, 1  # the form of packed ids
UUID_LENGTH = 36
_NO_UUID = "00000000-0000-0000-0000-000000000000"
_HYPHENS = [8, 13, 18, 23]


class PackedIds:
    """Ids on the way to or from a catalog; checked so far that decoding cannot fail.

    Attributes
    ----------
    uuids : ndarray of uint8, (n, 16), or None
        The ids, where all are UUIDs in their canonical spelling.
    lengths : ndarray of int64, (n,), or None
        Else how many bytes of `text` belong to each.
    text : ndarray of uint8, or None
        Else their UTF-8, one after the other.
    """

    def __init__(
        self, uuids: NDArray[np.uint8] | None, lengths: NDArray[np.int64] | None, text: NDArray[np.uint8] | None
    ) -> None:
        self.uuids = uuids
        self.lengths = lengths
        self.text = text

    def __len__(self) -> int:
        found = self.lengths if self.uuids is None else self.uuids
        assert found is not None
        return len(found)

    @classmethod
    def read(cls, source: Unpacker) -> PackedIds:
        """Return what `packed` made; anything else raises."""
        form = source.word()
        if form == UUIDS:
            return cls(np.frombuffer(source.take(16 * source.word()), np.uint8).reshape(-1, 16), None, None)
        if form != TEXTS:
            raise PackingError(f"it has ids of the form {form}")
        lengths, text = listed(source.numbers()), np.frombuffer(source.take(source.word()), np.uint8)
        _check_texts(lengths, text)
        return cls(None, lengths, text)

    @classmethod
    def of(cls, ids: Sequence[str | None]) -> PackedIds:
        """Return ids as they are packed; None stands for no id, and is read as any."""
        uuids = _uuids([_NO_UUID if one is None else one for one in ids])
        if uuids is not None:
            return cls(np.frombuffer(uuids, np.uint8).reshape(-1, 16), None, None)
        texts = [one or "" for one in ids]
        encoded = "".join(texts).encode()
        ascii_only = len(encoded) == sum(map(len, texts))
        lengths = map(len, texts) if ascii_only else (len(one.encode()) for one in texts)
        return cls(None, np.fromiter(lengths, np.int64, len(texts)), np.frombuffer(encoded, np.uint8))

    def encode(self) -> bytes:
        """Pack them."""
        if self.uuids is not None:
            return word(UUIDS) + word(len(self.uuids)) + self.uuids.tobytes()
        assert self.lengths is not None
        assert self.text is not None
        text = self.text.tobytes()
        return word(TEXTS) + numbers(self.lengths) + word(len(text)) + padded(text)

    def decoded(self) -> list[str]:
        """Return the ids."""
        if self.uuids is not None:
            return _spelt(self.uuids)
        assert self.lengths is not None
        assert self.text is not None
        spans = pairwise(accumulate(self.lengths.tolist(), initial=0))
        text = self.text.data
        whole = str(text, "utf-8")
        if len(whole) == len(text):  # ASCII: characters are bytes
            return [whole[start:stop] for start, stop in spans]
        return [str(text[start:stop], "utf-8") for start, stop in spans]


def _check_texts(lengths: NDArray[np.int64], text: NDArray[np.uint8]) -> None:
    ends = np.cumsum(lengths)  # below 0 after an overflow: no step is larger than the text
    if (lengths > len(text)).any() or (ends < 0).any() or (ends[-1] if len(ends) else 0) != len(text):
        raise PackingError("its ids do not fill their place")
    try:
        str(text.data, "utf-8")
    except UnicodeDecodeError as error:
        raise PackingError("an id is no UTF-8") from error
    starts = ends[ends < len(text)]
    if (text[starts] & 0xC0 == 0x80).any():  # in the middle of a character
        raise PackingError("an id is no UTF-8")


def _spelt(uuids: NDArray[np.uint8]) -> list[str]:
    if not len(uuids):
        return []
    digits = np.frombuffer(binascii.hexlify(uuids.data), np.uint8).reshape(-1, 32)
    lines = np.empty((len(uuids), UUID_LENGTH + 1), np.uint8)
    start = 0
    for hyphens, end in enumerate((8, 12, 16, 20, 32)):
        lines[:, start + hyphens : end + hyphens] = digits[:, start:end]
        start = end
    lines[:, _HYPHENS] = ord("-")
    lines[:, UUID_LENGTH] = ord("\n")
    return lines.tobytes().decode("ascii").splitlines()


def packed(ids: Sequence[str | None]) -> bytes:
    """Pack ids; None stands for no id, and is read as any."""
    return PackedIds.of(ids).encode()


def _uuids(ids: list[str]) -> bytes | None:
    """Return the bytes of ids that are all UUIDs in their canonical spelling, else None."""
    if set(map(len, ids)) != {UUID_LENGTH}:
        return None
    whole = "".join(ids)
    if not whole.isascii():
        return None
    places = np.frombuffer(whole.encode(), np.uint8).reshape(-1, UUID_LENGTH)
    digits = whole.replace("-", "")
    if len(digits) != 32 * len(ids) or (places[:, _HYPHENS] != ord("-")).any():
        return None
    try:
        found = bytes.fromhex(digits)
    except ValueError:
        return None
    return found if found.hex() == digits else None
