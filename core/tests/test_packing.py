"""Numbers as bytes, and back."""

import numpy as np
import pytest
from refvec.durable.packing import PackingError, Unpacker, listed, numbers, word

VALUES = {
    "none": [],
    "one": [5],
    "a run": [7, 8, 9],
    "a run that ends at the top": [2**63 - 3, 2**63 - 2],
    "bytes": [0, 255],
    "two bytes": [0, 256],
    "four bytes": [2**32 - 1, 0],
    "eight bytes": [2**32, 0],
    "as long as a run, and none": [0, 0, 2, 3],
    "downwards": [3, 2, 1],
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_numbers_come_back(values):
    packed = numbers(np.array(values, np.int64))
    assert len(packed) % 8 == 0
    source = Unpacker(packed)
    found = listed(source.numbers())
    source.end()
    assert (found.tolist(), found.dtype) == (values, np.int64)


@pytest.mark.filterwarnings("error")
def test_runs_come_back_and_take_no_memory():
    runs = [range(2, 9), range(7), range(3, 4), range(2**32, 2**32 + 9)]
    source = Unpacker(b"".join(numbers(np.array(run, np.int64)) for run in runs))
    found = [source.numbers() for _ in runs]
    source.end()
    assert found == runs


@pytest.mark.parametrize("values", [[], [1], [2**32 - 1, 0], [0, 2**32 - 1], [2**32 - 2, 2**32 - 1], [5, 300]])
def test_words_come_back(values):
    source = Unpacker(numbers(np.array(values, np.uint32)))
    found = source.words()
    source.end()
    assert (found.tolist(), found.dtype) == (values, np.uint32)


def test_a_run_takes_as_much_as_a_number():
    assert len(numbers(np.arange(5, 100_000))) == 24


@pytest.mark.parametrize(
    "content",
    [
        word(3) + word(1) + word(0),
        word(1) + word(9) + bytes(8),
        word(8) + word(1) + word(2**63),
        word(0) + word(2**50) + word(0),
        word(0) + word(2) + word(2**63 - 1),
        word(0) + word(1),
        word(8) + word(2**61) + word(1),
    ],
)
def test_what_no_writer_packs(content):
    with pytest.raises(PackingError):
        Unpacker(content).numbers()


@pytest.mark.parametrize("content", [word(8) + word(1) + word(2**32), word(0) + word(2) + word(2**32 - 1)])
def test_what_is_too_large_for_a_word(content):
    with pytest.raises(PackingError):
        Unpacker(content).words()
