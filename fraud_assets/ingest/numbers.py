"""Numbers in place of a user's ids: the same text, the same number, in every month, file format and process.

A keyed 62-bit mix of the text's bytes. Not cryptographic: it spreads, it does not protect secrets.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

#: Ids with more bytes than this are no ids.
LONGEST = 256

_U64 = npt.NDArray[np.uint64]
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1, _MIX2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_MASK = np.uint64(0x7FFFFFFFFFFFFFFF)


def numbers(texts: pl.Series, kind: str, bank: str) -> pl.Series:
    """The ids of the ledger for ids as they stand in the files.

    Parameters
    ----------
    texts
        Without spaces around them; null stays null.
    kind
        What they are ids of: ``customer``, ``merchant``, ``payee``, ``card``, ``device``, or ``transaction/2024-01``
        for those of a month's file (of the time's month, UTC, where files are not by month): some banks begin to count
        anew.
    bank
        The scenario's name: another bank, other numbers.

    Returns
    -------
    Non-negative numbers of type Int64, under the name of the texts.
    """
    offsets, data = text_bytes(texts)
    # Every place of the data as the beginning of a word of eight bytes.
    words = np.ndarray(shape=(len(data) - 7,), dtype="<u8", buffer=data.data, strides=(1,))
    begins, lengths = offsets[:-1], np.diff(offsets)
    state = lengths.astype(np.uint64) * _GOLDEN + _key(kind, bank)
    for step in range(0, int(lengths.max(initial=0)), 8):
        if (lengths > step).all():
            state = _mixed(state, _word(words, begins + step, lengths - step))
        else:  # only those that go on
            on = np.flatnonzero(lengths > step)
            state[on] = _mixed(state[on], _word(words, begins[on] + step, lengths[on] - step))
    state = _mixed(state, np.zeros(1, np.uint64)) & _MASK
    found = pl.Series(texts.name, state.view(np.int64))
    return found.set(texts.is_null(), None) if texts.null_count() else found


def text_bytes(texts: pl.Series) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Where each text begins in the bytes of all, shape (n + 1,), and the bytes, with eight more at their end."""
    arrow = texts.fill_null("").to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offsets_buffer, data_buffer = arrow.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int64)[arrow.offset : arrow.offset + len(arrow) + 1]
    size = int(offsets[-1])
    data = np.zeros(size + 8, np.uint8)
    if size:
        data[:size] = np.frombuffer(data_buffer, np.uint8)[:size]
    return offsets, data


#: What of a word counts, by the number of its bytes.
_MASKS = np.array([(1 << 8 * size) - 1 for size in range(9)], dtype=np.uint64)


def _word(words: _U64, begins: npt.NDArray[np.int64], left: npt.NDArray[np.int64]) -> _U64:
    """Up to eight bytes from each beginning on."""
    found: _U64 = words[begins]
    if left.min(initial=8) < 8:
        found = found & _MASKS[np.clip(left, 0, 8)]
    return found


def _mixed(state: _U64, word: _U64) -> _U64:
    """The output function of SplitMix64 (Steele, Lea and Flood 2014) over state and word."""
    x = (word * _MIX2) ^ (state + _GOLDEN)
    x ^= x >> np.uint64(30)
    x *= _MIX1
    x ^= x >> np.uint64(27)
    x *= _MIX2
    x ^= x >> np.uint64(31)
    return x


@lru_cache(maxsize=256)
def _key(kind: str, bank: str) -> np.uint64:
    digest = hashlib.blake2b(f"{bank}/{kind}".encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))
