"""Surprise: minus the logarithm of the share of earlier values that were at least as extreme.

What lives here: the empirical upper tail of a number (:class:`Tail`), kept as a few hundred points, and how it travels
as JSON.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fraud_assets.detection.arrays import Vector

#: Points that a tail is kept as, close together where it is thin.
MOST_POINTS = 256
#: From this share on the tail counts as thin: its mean excess is the step by which surprise grows beyond the highest.
THIN = 0.01


@dataclass(frozen=True)
class Tail:
    """The upper tail of a sample: surprise -ln((1 + number at least as high) / (1 + n)) at some of its values.

    Attributes
    ----------
    values, surprise
        Ascending, shape (points,); between them the surprise is linear.
    slope
        Growth of the surprise for each unit beyond the highest value: 0, or that of an exponential tail.
    """

    values: Vector
    surprise: Vector
    slope: float = 0.0

    @classmethod
    def of(cls, sample: Vector, *, extended: bool = False) -> Tail:
        """The tail of a sample without missing values, shape (n,), n > 0.

        ``extended``: values beyond the highest seen are told apart, as if the tail went on exponentially with the mean
        excess of the highest hundredth (Pickands 1975, with shape 0). Else they are as surprising as the highest.
        """
        ordered = np.sort(sample.astype(np.float64))
        n = len(ordered)
        points = np.unique(ordered)
        if len(points) > MOST_POINTS:
            ranks = np.unique(np.rint(np.geomspace(1, n, MOST_POINTS)).astype(np.int64))
            points = np.unique(ordered[n - ranks])
        at_least = n - np.searchsorted(ordered, points, side="left")
        surprise = np.log(n + 1) - np.log(at_least + 1)
        highest = ordered[-max(2, int(THIN * n)) :]
        excess = float((highest - highest[0]).mean())
        return cls(points, surprise, 1 / excess if extended and excess > 0 else 0.0)

    def at(self, values: Vector) -> Vector:
        """The surprise at each value, in nats, at least 0; NaN is no surprise."""
        beyond = np.maximum(values - self.values[-1], 0.0) * self.slope
        found = np.interp(values, self.values, self.surprise) + beyond
        return np.where(np.isnan(values), 0.0, found)

    def document(self) -> dict[str, Any]:
        return {"values": packed(self.values), "surprise": packed(self.surprise), "slope": self.slope}

    @classmethod
    def load(cls, document: dict[str, Any]) -> Tail:
        return cls(unpacked(document["values"]), unpacked(document["surprise"]), document["slope"])


def rank_of(surprise: Vector) -> Vector:
    """Share of the sample below, 0 to 1, of a surprise."""
    return -np.expm1(-surprise)


def packed(values: NDArray[Any]) -> dict[str, Any]:
    """An array of numbers as JSON: type, shape, and the little-endian bytes in base64."""
    plain = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    return {"dtype": plain.dtype.str, "shape": list(plain.shape), "base64": b64encode(plain.tobytes()).decode("ascii")}


def unpacked(document: dict[str, Any]) -> NDArray[Any]:
    """The array of :func:`packed`; read-only.

    Raises
    ------
    ValueError
        If its type is not that of a number.
    """
    dtype = np.dtype(document["dtype"])
    if dtype.kind not in "iuf":
        raise ValueError(f"an array of a detector has type {dtype.str!r}; numbers are needed")
    return np.frombuffer(b64decode(document["base64"]), dtype=dtype).reshape(document["shape"])
