"""From feature columns to the matrix that every model reads.

What lives here: the fitted :class:`Encoder` (strings to ordinal codes, missing to NaN), kept as plain JSON. What does
not: imputation and scaling, which only the logistic regression needs and keeps with its coefficients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from fraud_assets.detection.arrays import Matrix

#: A string feature keeps its most frequent values; the others are treated as missing.
MOST_LEVELS = 64


@dataclass(frozen=True)
class Encoder:
    """Feature names, the values of the string features by falling frequency, and what is usual."""

    features: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]
    usual: tuple[float, ...]  # median of each feature in training, or the code of its most frequent value

    @classmethod
    def fit(cls, frame: pl.DataFrame, features: Sequence[str]) -> Encoder:
        """The encoder of a training frame, without the features that are the same in all of its rows.

        Of those no model can learn anything: a bank without devices has a dozen of them. Where none differs, as in a
        single row, all are kept.

        Raises
        ------
        ValueError
            If the frame lacks one of the features.
        """
        require(frame.columns, features)
        features = [name for name in features if _differs(frame[name])] or features
        levels: dict[str, tuple[str, ...]] = {}
        for name in features:
            if is_text(frame.schema[name]):
                counts = (
                    frame.select(pl.col(name).cast(pl.String))
                    .drop_nulls()
                    .group_by(name)
                    .len()
                    .sort(pl.col("len"), pl.col(name), descending=[True, False])
                )
                levels[name] = tuple(counts[name].head(MOST_LEVELS).to_list())
        encoder = cls(tuple(features), levels, ())
        usual = [0.0 if name in levels else _median(encoder._column(frame, name)) for name in features]
        return cls(tuple(features), levels, tuple(usual))

    def codes(self, frame: pl.DataFrame) -> Matrix:
        """The matrix of a frame, float32, shape (rows, features); NaN for null, unknown and infinite values.

        Raises
        ------
        ValueError
            If the frame lacks one of the features.
        """
        require(frame.columns, self.features)
        codes = np.empty((frame.height, len(self.features)), dtype=np.float32)
        for j, name in enumerate(self.features):
            codes[:, j] = self._column(frame, name)
        codes[~np.isfinite(codes)] = np.nan
        return codes

    def _column(self, frame: pl.DataFrame, name: str) -> Any:
        column = frame[name]
        if name in self.levels:
            known = {value: float(code) for code, value in enumerate(self.levels[name])}
            column = column.cast(pl.String).replace_strict(known, default=None, return_dtype=pl.Float32)
        return column.cast(pl.Float32).fill_null(float("nan")).to_numpy()

    def document(self) -> dict[str, Any]:
        return {"features": self.features, "levels": self.levels, "usual": self.usual}

    @classmethod
    def load(cls, document: dict[str, Any]) -> Encoder:
        levels = {name: tuple(values) for name, values in document["levels"].items()}
        return cls(tuple(document["features"]), levels, tuple(document["usual"]))


def require(columns: Sequence[str], features: Sequence[str]) -> None:
    """A sentence about the features that a frame lacks, if it lacks any."""
    if missing := sorted(set(features) - set(columns)):
        raise ValueError(
            f"the feature table lacks {', '.join(missing)}, on which the model depends;"
            " materialize the months' features again with the version that knows them"
        )


def is_text(dtype: pl.DataType) -> bool:
    return dtype == pl.String or isinstance(dtype, pl.Enum | pl.Categorical)


def _differs(column: pl.Series) -> bool:
    if 0 < column.null_count() < len(column):
        return True
    return bool(column.null_count() == 0 and (column != column[0]).any())


def _median(values: Any) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else 0.0
