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

    def thinned(self, most: int) -> Sample:
        """Every k-th fraud and every k-th honest row, at most ``most`` of each, with the weight of those left out."""
        weight, kept = self.weight.copy(), []
        for part in (np.flatnonzero(self.is_fraud), np.flatnonzero(~self.is_fraud)):
            chosen = part[:: -(-len(part) // most) or 1]
            weight[chosen] *= len(part) / max(1, len(chosen))
            kept.append(chosen)
        rows = np.sort(np.concatenate(kept))
        return Sample(self.names, self.codes[rows], self.texts, self.is_fraud[rows], self.kind[rows], weight[rows])
