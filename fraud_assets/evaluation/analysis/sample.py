"""The rows on which features are looked at: frauds, and enough honest payments beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

#: Honest payments that are looked at; frauds up to as many.
MOST_HONEST = 12_000
#: Honest payments on which features are permuted: all that have the highest scores, since average precision is that of
#: the few rows around the frauds, and so many of the others.
SUSPECTED, MOST_PERMUTED = 6_000, 60_000


@dataclass(frozen=True)
class Sample:
    """Rows of a month.

    Attributes
    ----------
    names, codes
        The features, and their values (n, F): texts by number, missing ones NaN.
    texts
        Names of the features whose numbers are codes.
    is_fraud, kind
        (n,) the label, and the type of the frauds; empty for honest rows and where it is not known.
    weight
        (n,) how many rows of the month each stands for.
    """

    names: tuple[str, ...]
    codes: Matrix
    texts: frozenset[str]
    is_fraud: Bools
    kind: npt.NDArray[np.str_]
    weight: Floats

    def part(self, chosen: Bools, weight: Floats) -> Sample:
        """The chosen rows, with a weight of their own."""
        codes, kind = self.codes[chosen], self.kind[chosen]
        return Sample(self.names, codes, self.texts, self.is_fraud[chosen], kind, weight[chosen])
