"""Random streams: every draw has a name, so that nothing shifts anything else.

Two kinds. A *column stream* is an SFC64 generator seeded by (seed, stream, period, unit); it gives one column of draws
for the rows of a unit of 256 customers, in customer order, so a longer column begins like a shorter one. A *keyed
hash* turns ids into numbers without any state; it serves ids themselves and draws that belong to one row or one entity.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

N = TypeVar("N", np.uint64, np.int64, np.float64)

#: What has column streams of its own: a period and a unit.
Segment = tuple[int, int]

#: Customers in a unit. Frozen for ever: another number is another world.
UNIT = 256

#: To which SeedSequence fills up a seed before a spawn key.
_POOL_WORDS = 4
# Arrays without an axis, with which numpy is a third faster than with its scalars: most hashes are of few ids.
_GOLDEN = np.array(0x9E3779B97F4A7C15, dtype=np.uint64)
_MIX1 = np.array(0xBF58476D1CE4E5B9, dtype=np.uint64)
_MIX2 = np.array(0x94D049BB133111EB, dtype=np.uint64)
_SHIFT1, _SHIFT2, _SHIFT3 = (np.array(k, dtype=np.uint64) for k in (30, 27, 31))
_SHIFT_TO_53 = np.array(11, dtype=np.uint64)
_MASK63 = np.array(0x7FFFFFFFFFFFFFFF, dtype=np.uint64)
_TO_ONE = np.array(2.0**-53)
_MASK64 = 0xFFFFFFFFFFFFFFFF
#: Numbers that are hashed at a time: 128 KB a column, of which a hash takes three.
_PIECE = 16_384


@lru_cache(maxsize=4096)
def _name(stream: str) -> int:
    """A stable 64-bit number for a stream's name (Python's own ``hash`` changes from process to process)."""
    return int.from_bytes(hashlib.blake2b(stream.encode(), digest_size=8).digest(), "little")


def generator(seed: int, stream: str, period: int, unit: int) -> np.random.Generator:
    """The generator of one column stream.

    Parameters
    ----------
    seed
        The scenario's seed.
    stream
        The column's name, for example ``spending.amount``.
    period
        What the draw belongs to in time, usually ``Month.index``; 0 for what never changes.
    unit
        Number of the unit of 256 customers.
    """
    # The words that SeedSequence makes of a seed and a spawn key, put together here in half the time.
    words = np.array([*_seed_words(seed, stream), period, unit], dtype=np.uint32)
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(words)))


@lru_cache(maxsize=4096)
def _seed_words(seed: int, stream: str) -> tuple[int, ...]:
    """The seed in words of 32 bits, the lowest first, at least four, and the stream's name in two."""
    length = max(_POOL_WORDS, -(-seed.bit_length() // 32))
    name = _name(stream)
    return (*((seed >> 32 * k) & 0xFFFFFFFF for k in range(length)), name & 0xFFFFFFFF, name >> 32)


def uniforms(seed: int, stream: str, segments: Sequence[Segment], counts: Sequence[int] | I64) -> F64:
    """Uniform draws in [0, 1), ``counts[k]`` of each segment's stream, one after the other; shape (sum(counts),)."""
    out = np.empty(int(np.sum(counts)))
    start = 0
    for (period, unit), count in zip(segments, counts, strict=True):
        generator(seed, stream, period, unit).random(out=out[start : start + count])
        start += count
    return out


def normals(seed: int, stream: str, segments: Sequence[Segment], counts: Sequence[int] | I64) -> F64:
    """Standard normal draws, laid out as in :func:`uniforms`."""
    out = np.empty(int(np.sum(counts)))
    start = 0
    for (period, unit), count in zip(segments, counts, strict=True):
        generator(seed, stream, period, unit).standard_normal(out=out[start : start + count])
        start += count
    return out


def finer(u: F64, scale: float = 4096.0) -> F64:
    """The digits of uniform draws that follow the first ones: uniform in [0, 1) themselves, for another question.

    ``(u * scale) % 1`` in a fifth of its time.
    """
    digits = u * scale
    digits -= np.floor(digits)
    return digits


def step(bounds: Sequence[float] | F64, values: F64) -> I64:
    """How many of the bounds, which ascend, each value has reached.

    ``np.searchsorted(bounds, values, side="right")``, for few bounds in a tenth of its time.
    """
    reached = np.zeros(len(values), dtype=np.int8)
    for bound in bounds:
        reached += values >= bound
    return reached.astype(np.int64)


def _finish(x: U64) -> U64:
    """The output function of SplitMix64 (Steele, Lea and Flood 2014), in place."""
    spare = x >> _SHIFT1
    x ^= spare
    x *= _MIX1
    np.right_shift(x, _SHIFT2, spare)
    x ^= spare
    x *= _MIX2
    np.right_shift(x, _SHIFT3, spare)
    x ^= spare
    return x


def _finish_one(x: int) -> int:
    """:func:`_finish` of one number; far less work than an array of one place."""
    x = ((x ^ (x >> 30)) * int(_MIX1)) & _MASK64
    x = ((x ^ (x >> 27)) * int(_MIX2)) & _MASK64
    return x ^ (x >> 31)


@lru_cache(maxsize=4096)
def _salted(seed: int, salt: str) -> int:
    """What hashes with this salt begin with."""
    return ((_name(salt) ^ (seed * int(_GOLDEN))) + int(_GOLDEN)) & _MASK64


def keyed(seed: int, salt: str, *parts: npt.ArrayLike) -> U64:
    """A keyed 64-bit hash of integer parts, broadcast against one another.

    Not cryptographic: it spreads and hides, it does not protect secrets.
    """
    return _piecewise(_salted(seed, salt), parts, np.uint64, lambda bits: bits)


def _piecewise(
    begun: int, parts: Sequence[npt.ArrayLike], dtype: type[N], made: Callable[[U64], npt.NDArray[N]]
) -> npt.NDArray[N]:
    """What is made of the parts' hash; of long columns piece by piece, so that pieces stay in the processor's cache."""
    first = 0
    for part in parts:  # single numbers in front, such as a month, are the same for all
        if not isinstance(part, int | np.integer):
            break
        begun = _finish_one(((int(part) * int(_MIX2)) & _MASK64) ^ begun)
        first += 1
    words = [_word(part) for part in parts[first:]]
    n = words[0].size if words else 0
    if n <= _PIECE or any(word.shape != (n,) for word in words):
        return made(_hashed(begun, words))
    out = np.empty(n, dtype=dtype)
    for low in range(0, n, _PIECE):
        out[low : low + _PIECE] = made(_hashed(begun, [word[low : low + _PIECE] for word in words]))
    return out


def _word(part: npt.ArrayLike) -> U64:
    word = np.array(part, ndmin=1, copy=None)
    # Negative numbers wrap, which is as good as any; what has 64 bits already is not copied.
    return word.view(np.uint64) if word.itemsize == 8 else word.astype(np.uint64)


def _hashed(begun: int, words: Sequence[U64]) -> U64:
    # Numbers that follow one another are far apart when they are multiplied: what SplitMix64 finishes well.
    # An array even of one place: numpy warns of scalars that overflow, and here they are meant to.
    state = np.array([begun], dtype=np.uint64)
    for word in words:
        state = _finish(word * _MIX2 ^ state)
    return state


def ids(seed: int, salt: str, *parts: npt.ArrayLike) -> I64:
    """Ids: non-negative 63-bit integers from :func:`keyed`."""
    return _piecewise(_salted(seed, salt), parts, np.int64, lambda bits: (bits & _MASK63).view(np.int64))


def hashed_uniforms(seed: int, salt: str, *parts: npt.ArrayLike) -> F64:
    """Uniform numbers in [0, 1) that belong to the parts: the same parts, the same number, wherever they stand."""
    return _piecewise(_salted(seed, salt), parts, np.float64, _unit)


def hashed_uniform_rows(seed: int, salts: Sequence[str], first: int, parts: I64) -> F64:
    """:func:`hashed_uniforms` of a number and the parts, for several salts at once; shape (salts, parts).

    For few parts: what a call costs then hardly depends on the numbers.
    """
    number = (first * int(_MIX2)) & _MASK64
    begun = [_finish_one(number ^ _salted(seed, salt)) for salt in salts]
    return _unit(_finish(_word(parts) * _MIX2 ^ np.array(begun, dtype=np.uint64)[:, None]))


def _unit(bits: U64) -> F64:
    bits >>= _SHIFT_TO_53
    u = bits.astype(np.float64)
    u *= _TO_ONE
    return u
