"""Logistic regression, with the preparation it needs, as plain numbers.

What lives here: robust scaling, imputation and one-hot columns, the fit (scikit-learn), and the evaluation (numpy).
Scores are added up column by column, so a row's score never depends on the rows beside it; rows are taken by blocks
that stay in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fraud_assets.detection.arrays import Matrix, Vector, sigmoid
from fraud_assets.detection.encoding import Encoder
from fraud_assets.detection.judging import average_precision
from fraud_assets.detection.sample import Past

#: Inverse strengths of the ridge penalty; the one with the best average precision on the tuning slice is taken.
STRENGTHS = (0.01, 0.1, 1.0)
#: Rows whose columns are worked out at a time.
_BLOCK = 8_192


@dataclass(frozen=True)
class Term:
    """One column of the design: a scaled feature, the flag that it is missing, or one value of a string feature.

    Each has mean 0 over the training rows, so that coefficient * column is what sets a row apart from the average one.
    """

    feature: int
    kind: str  # "value", "missing" or "level"
    centre: float = 0.0
    scale: float = 1.0
    mean: float = 0.0
    deviation: float = 1.0
    level: int = -1

    def column(self, codes: Matrix) -> Vector:
        x = codes[:, self.feature].astype(np.float64)
        if self.kind == "missing":
            missing: Vector = np.isnan(x) - self.mean
            return missing
        if self.kind == "level":
            here: Vector = (x == self.level) - self.mean
            return here
        # arcsinh tames the long tails of counts and amounts without losing their order.
        z = (np.arcsinh((x - self.centre) / self.scale) - self.mean) / self.deviation
        return np.where(np.isnan(z), 0.0, z)


@dataclass(frozen=True)
class Logistic:
    """log-odds = intercept + sum of coefficient * term."""

    terms: tuple[Term, ...]
    coefficients: tuple[float, ...]
    intercept: float
    strength: float

    @classmethod
    def fit(cls, past: Past) -> Logistic:
        from sklearn.linear_model import LogisticRegression
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        train, tune = past.train, past.tune
        terms = tuple(fit_terms(train.codes, past.encoder))
        rows, later = _design(terms, train.codes), _design(terms, tune.codes)
        fits: list[tuple[float, Logistic]] = []
        with threadpool_limits(limits=1):  # the same sums, whatever the number of cores
            for strength in STRENGTHS:
                found = LogisticRegression(C=strength, max_iter=200, tol=1e-3).fit(rows, train.labels)
                coefficients, intercept = found.coef_[0], float(found.intercept_[0])
                margins = (later @ coefficients.astype(np.float32)).astype(np.float64)
                precision = average_precision(tune.labels, margins, tune.weights)
                fits.append((precision, cls(terms, tuple(coefficients.tolist()), intercept, strength)))
        return max(fits, key=lambda fit: fit[0])[1]

    @property
    def parameters(self) -> dict[str, Any]:
        return {"penalty": "l2", "C": self.strength, "terms": len(self.terms)}

    def raw_scores(self, codes: Matrix) -> Vector:
        total = np.full(len(codes), self.intercept)
        for part, block in _blocks(codes):
            for term, coefficient in zip(self.terms, self.coefficients, strict=True):
                total[part] += coefficient * term.column(block)
        return sigmoid(total)

    def contributions(self, codes: Matrix) -> Matrix:
        result = np.zeros_like(codes)
        for term, coefficient in zip(self.terms, self.coefficients, strict=True):
            result[:, term.feature] += (coefficient * term.column(codes)).astype(np.float32)
        return result

    def document(self) -> dict[str, Any]:
        return {
            "terms": [vars(term) for term in self.terms],
            "coefficients": self.coefficients,
            "intercept": self.intercept,
            "strength": self.strength,
        }

    @classmethod
    def load(cls, document: dict[str, Any]) -> Logistic:
        terms = tuple(Term(**term) for term in document["terms"])
        return cls(terms, tuple(document["coefficients"]), document["intercept"], document["strength"])


def _blocks(codes: Matrix) -> Iterator[tuple[slice, Matrix]]:
    """A few thousand rows at a time, column by column in memory: a column of all rows is spread over all of it."""
    for start in range(0, len(codes), _BLOCK):
        part = slice(start, start + _BLOCK)
        yield part, np.asfortranarray(codes[part])


def _design(terms: Sequence[Term], codes: Matrix) -> Matrix:
    """One column a term, float32, shape (rows, terms)."""
    design = np.empty((len(codes), len(terms)), dtype=np.float32)
    for part, block in _blocks(codes):
        columns = np.empty((len(terms), len(block)), dtype=np.float32)
        for j, term in enumerate(terms):
            columns[j] = term.column(block)
        design[part] = columns.T
    return design


def fit_terms(codes: Matrix, encoder: Encoder) -> Iterator[Term]:
    """The columns of a design, feature by feature, as the training rows are spread; none of one that never differs."""
    for j, name in enumerate(encoder.features):
        column = codes[:, j].astype(np.float64)
        known = column[~np.isnan(column)]
        if 0 < len(known) < len(column):
            yield Term(j, "missing", mean=1 - len(known) / len(column))
        if name in encoder.levels:
            for code in range(len(encoder.levels[name])):
                yield Term(j, "level", mean=float(np.mean(column == code)), level=code)
        elif len(known) and (spread := float(np.std(known))) > 0:
            low, centre, high = (float(q) for q in np.quantile(known, (0.25, 0.5, 0.75)))
            scale = high - low if high > low else spread
            z = np.arcsinh((known - centre) / scale)
            yield Term(j, "value", centre, scale, float(z.mean()), float(z.std()))
