"""Small arithmetic on arrays that the windows and the families share.

Of a single event, every column is a number of numpy's instead of an array (``is_one``). Both know the same arithmetic
and give the same bits, but on arrays of one it takes ten times as long. What numbers lack (masks, ``len``) or are slow
at (``np.where``, ``np.maximum``) stands here for both.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from math import isfinite
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from fraud_assets.features.spans import span

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]
T = TypeVar("T", bound=np.generic)

#: Fixed point of logarithms of amounts: 1e-4 is a hundredth of a percent of the amount.
LOG_SCALE = 10_000
#: Least standard deviation of a log amount: somebody who always pays the same may vary by a tenth.
LEAST_STD = 0.1
#: Fixed point of n ln n in entropies.
_ENTROPY_SCALE = 1 << 20

#: What is missing of a single event.
NAN: Any = np.float64(np.nan)

_MICROSECOND = timedelta(microseconds=1)


@lru_cache(maxsize=64)
def micros(window: str) -> int:
    """The length of a window in microseconds."""
    return span(window) // _MICROSECOND


def running(values: npt.NDArray[Any]) -> I64:
    """Running sums with a leading zero; ``running(v)[hi] - running(v)[lo]`` is the sum of ``v[lo:hi]``."""
    sums = np.zeros(len(values) + 1, dtype=np.int64)
    values.cumsum(dtype=np.int64, out=sums[1:])
    return sums


def in_order(group: I64, time: I64) -> tuple[I64, I64]:
    """The order by (group, time), equal ones as they stand, and the keys in that order.

    What consists of a few sorted runs, as several months of a ledger do, is merged rather than sorted.
    """
    start, last = (int(time.min()), int(time.max())) if len(time) else (0, 0)
    key = group * (last - start + 1) + (time - start)
    order = np.argsort(key, kind="stable")
    return order, key[order]


def by_code(codes: I64) -> tuple[I64, I64]:
    """Codes in ascending order and the events' positions in that order, events of one code in their own order."""
    bits = len(codes).bit_length()
    key = np.sort(codes << bits | np.arange(len(codes)))
    return key >> bits, key & ((1 << bits) - 1)


def coded(values: I64) -> tuple[I64, I64]:
    """The different values in ascending order, and each one's position among them, as ``np.unique`` has them."""
    starts = np.flatnonzero(np.append(True, values[1:] != values[:-1])[: len(values)])
    if 4 * len(starts) < len(values):  # runs of the same, as the customers of a ledger are
        different, code = coded(values[starts])
        return different, code.repeat(np.diff(starts, append=len(values)))
    least, most = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    if most - least < 2 * len(values):
        # Close together, they are marked in a list of all that there could be: a fifth of the time of a sort.
        after = values - least
        is_there = np.zeros(most - least + 1, dtype=np.bool_)
        is_there[after] = True
        return np.flatnonzero(is_there) + least, (is_there.cumsum() - 1)[after]
    if (most - least).bit_length() + len(values).bit_length() >= 63:
        different, code = np.unique(values, return_inverse=True)
        return different, code
    # Sorting numbers takes a third of the time of sorting positions.
    value, place = by_code(values - least)
    is_new = np.append(True, value[1:] != value[:-1])[: len(value)]
    code = np.empty(len(values), dtype=np.int64)
    code[place] = is_new.cumsum() - 1
    return value[is_new] + least, code


def is_one(values: object) -> bool:
    """Whether it is a single event's: a number rather than an array."""
    return not isinstance(values, np.ndarray)


def number(value: Any, of: type[np.number[Any]] = np.int64) -> Any:
    """A single event's column."""
    return of(value)


def constant(like: npt.NDArray[Any], value: float) -> F64:
    """The same value for each."""
    if isinstance(like, np.ndarray):
        return np.full(len(like), value, dtype=np.float64)
    return number(value, np.float64)


def nothing(like: npt.NDArray[Any]) -> F64:
    """NaN for each."""
    if isinstance(like, np.ndarray):
        return np.full(len(like), np.nan)
    return NAN


def like(event: npt.NDArray[Any], values: npt.NDArray[T]) -> npt.NDArray[T]:
    """An array of one as a number, if the event's is one."""
    if isinstance(event, np.ndarray):
        return values
    return values[0]


def ratio(numerator: npt.NDArray[Any], denominator: npt.NDArray[Any]) -> F64:
    """Quotient; NaN where the denominator is 0."""
    if isinstance(denominator, np.ndarray):
        return numerator / np.where(denominator == 0, np.nan, denominator)
    return numerator / denominator if denominator else NAN


def missing_where(missing: Bool, values: npt.NDArray[Any]) -> F64:
    """The values, with NaN under the mask."""
    if isinstance(missing, np.ndarray):
        return np.where(missing, np.nan, values)
    return NAN if missing else values * 1.0


def either(condition: Bool, values: npt.NDArray[T], other: npt.NDArray[Any] | float) -> npt.NDArray[T]:
    """The values, and another one where the condition does not hold."""
    if isinstance(condition, np.ndarray):
        return np.where(condition, values, other)
    return values if condition else other


def opposite(condition: Bool) -> Bool:
    """Where the condition does not hold."""
    if isinstance(condition, np.ndarray):
        return ~condition
    return not condition


def is_nan(values: F64) -> Bool:
    """Where nothing is known."""
    if isinstance(values, np.ndarray):
        return np.isnan(values)
    return values != values


def larger(values: npt.NDArray[T], others: npt.NDArray[Any] | float) -> npt.NDArray[T]:
    """The larger of both; NaN where either is."""
    if isinstance(values, np.ndarray):
        return np.maximum(values, others)
    return values if values >= others or values != values else others


def smaller(values: npt.NDArray[T], others: npt.NDArray[Any] | float) -> npt.NDArray[T]:
    """The smaller of both; NaN where either is."""
    if isinstance(values, np.ndarray):
        return np.minimum(values, others)
    return values if values <= others or values != values else others


def rounded(values: npt.NDArray[Any]) -> I64:
    """The nearest whole numbers, halves to even ones."""
    if isinstance(values, np.ndarray) or not isfinite(values):
        return np.rint(values).astype(np.int64)
    return number(round(float(values)))


def bit_length(numbers: I64) -> I64:
    """Bits of positive integers below 2**53."""
    return np.frexp(numbers.astype(np.float64))[1].astype(np.int64)


def deviations(log: I64, mean: F64, variance: F64) -> F64:
    """Distance of logarithms of amounts from a mean in standard deviations, all of them in fixed point."""
    return (log - mean) / np.sqrt(larger(variance, (LEAST_STD * LOG_SCALE) ** 2))


def _n_ln_n(counts: I64) -> I64:
    return rounded(counts * np.log(larger(counts, 1)) * _ENTROPY_SCALE)


def n_ln_n(counts: I64) -> I64:
    """n ln n of counts, in fixed point, so that sums of it do not depend on their order."""
    if isinstance(counts, np.ndarray):
        return _n_ln_n(np.arange(counts.max(initial=0) + 1))[counts]  # far fewer counts than there are events
    return _n_ln_n(counts)


def entropy(n: I64, summed: I64) -> F64:
    """Entropy of shares in nats, from the number of all and the sum of :func:`n_ln_n`; NaN where there are none."""
    return larger(ratio(n_ln_n(n) - summed, n * _ENTROPY_SCALE), 0)
