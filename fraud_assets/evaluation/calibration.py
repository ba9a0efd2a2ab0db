"""Do the probabilities mean what they say: expected against observed, slope, Brier skill, reliability."""

from __future__ import annotations

from typing import Any

import numpy as np

from fraud_assets.evaluation.intervals import Resampler
from fraud_assets.evaluation.ranking import Bools, Floats, Ints, top_share

_SMALLEST = 1e-12
_BINS = 10
#: A steeper slope than this means that the classes are separated and the true one is infinite.
_STEEPEST = 50.0
#: Expected over observed frauds among the 1% highest scores, on which most decisions are taken: what is about right.
EXPECTED_RANGE = (0.85, 1.15)


def calibration(score: Floats, is_fraud: Bools, transaction_id: Ints, draws: Resampler | None = None) -> dict[str, Any]:
    """How far the scores are probabilities.

    Parameters
    ----------
    score, is_fraud, transaction_id
        (n,) probability, label, and the id that breaks ties.
    draws
        Gives the ratio of the top 1 % and the bins their intervals; without it only the three figures are returned.

    Returns
    -------
    ``top_percent`` (expected frauds / observed frauds in the 1 % highest scores), ``slope`` (1 is ideal, below 1 is
    overconfident), ``brier_skill`` (1 is perfect, 0 is no better than always saying the prevalence), and with ``draws``
    ``bins``: groups of rows in order of score that each hold about a tenth of the expected frauds.
    """
    y = is_fraud.astype(np.float64)
    top = top_share(score, transaction_id, 0.01)
    found: dict[str, Any] = {
        "top_percent": _ratio(score[top].sum(), y[top].sum()),
        "slope": slope(score, is_fraud),
        "brier_skill": brier_skill(score, is_fraud),
    }
    if draws is not None:
        rows = top.astype(np.float64)
        # Expected over observed has frauds below the line, so the replicates of both sums are divided.
        found["top_percent_detail"] = {
            "rows": int(rows.sum()),
            "expected": float(score[top].sum()),
            "observed": int(y[top].sum()),
            **draws.quotient(score * rows, y * rows).document(),
        }
        found["bins"] = _bins(score, y, draws)
    return found


def leaning(ratio: float) -> str:
    """What expected over observed says of the scores: too low, too high, or nothing within what is about right."""
    low, high = EXPECTED_RANGE
    return "too low" if ratio < low else "too high" if ratio > high else ""


def brier_skill(score: Floats, is_fraud: Bools) -> float:
    """1 - mean squared error / that of the constant prevalence (Brier 1950; Murphy 1973); NaN with one class only."""
    share = float(is_fraud.mean()) if is_fraud.size else np.nan
    return 1 - _ratio(float(np.mean((score - is_fraud) ** 2)), share * (1 - share))


def slope(score: Floats, is_fraud: Bools) -> float:
    """Cox's (1958) calibration slope: the logistic regression of the label on the score's log odds (damped Newton).

    NaN when it cannot be had: a constant score, one class only, or classes that a threshold separates entirely.
    """
    if is_fraud.all() or not is_fraud.any() or np.ptp(score) == 0:
        return float("nan")
    p = np.clip(score, _SMALLEST, 1 - _SMALLEST)
    x = np.column_stack([np.ones_like(p), np.log(p / (1 - p))])
    beta = np.array([0.0, 1.0])
    likelihood = _log_likelihood(x @ beta, is_fraud)
    for _ in range(60):
        fitted = 1 / (1 + np.exp(-np.clip(x @ beta, -35, 35)))
        hessian = (x * (fitted * (1 - fitted))[:, None]).T @ x
        if not np.isfinite(hessian).all() or np.linalg.cond(hessian) > 1e14:
            return float("nan")
        step = np.linalg.solve(hessian, x.T @ (is_fraud - fitted))
        # Newton may leap too far from a bad start; the likelihood is concave, so a shorter step always gains.
        while (gained := _log_likelihood(x @ (beta + step), is_fraud)) < likelihood - 1e-9 and np.abs(
            step
        ).max() > 1e-9:
            step = step / 2
        beta, likelihood = beta + step, gained
        if abs(beta[1]) > _STEEPEST:
            return float("nan")
        if np.abs(step).max() < 1e-7:
            return float(beta[1])
    return float("nan")


def _log_likelihood(log_odds: Floats, is_fraud: Bools) -> float:
    return float(np.sum(is_fraud * log_odds - np.logaddexp(0, log_odds)))


def _bins(score: Floats, y: Floats, draws: Resampler) -> list[dict[str, Any]]:
    """Edges where the cumulated expected frauds pass each tenth; equal scores stay together."""
    ordered = np.sort(score)
    cumulated = ordered.cumsum()
    if not cumulated.size or cumulated[-1] <= 0:
        return []
    edges = np.unique(ordered[np.searchsorted(cumulated, cumulated[-1] * np.arange(1, _BINS) / _BINS)])
    number = np.searchsorted(edges, score, side="right")
    bins = []
    for k in range(len(edges) + 1):
        rows = number == k
        if rows.any():
            inside = rows.astype(np.float64)
            bins.append(
                {
                    "rows": int(rows.sum()),
                    "frauds": int(y[rows].sum()),
                    "expected": float(score[rows].mean()),
                    "observed": draws.share(y * inside, inside).document(),
                }
            )
    return bins


def _ratio(part: float, whole: float) -> float:
    return float(part) / float(whole) if whole else float("nan")
