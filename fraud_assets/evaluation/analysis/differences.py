"""How frauds differ from other payments, feature by feature: tests, effect sizes, and a correction for many tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from fraud_assets.evaluation.analysis.sample import Floats, Sample

_ENOUGH = 5


def differences(sample: Sample) -> dict[str, Any]:
    """Each feature of frauds against that of honest payments.

    Returns
    -------
    ``features``, the largest effect first: for numbers Welch's t with Cohen's d (by the mean of both variances), and a
    one-way analysis of variance over honest payments and each fraud type with 5 rows or more, with eta squared; for
    texts and flags chi-square with Cramer's V. ``p_holm`` and ``p_bh`` are corrected for as many tests as there are
    features (Holm 1979; Benjamini and Hochberg 1995). Rows of a campaign, or of a customer, are not independent, so
    p values are too small; effects are not.
    """
    rows = [row for j in range(len(sample.names)) if (row := _tested(sample, j)) is not None]
    for key in ("p", "anova_p"):
        tested = [row for row in rows if row[key] is not None]
        if tested:
            found = np.array([row[key] for row in tested])
            for name, corrected in (("holm", _holm(found)), ("bh", _benjamini_hochberg(found))):
                for row, value in zip(tested, corrected, strict=True):
                    row[f"{key}_{name}"] = float(value)
    rows.sort(key=lambda row: (-abs(row["effect"]), row["name"]))
    return {
        "frauds": int(sample.is_fraud.sum()),
        "honest": int((~sample.is_fraud).sum()),
        "tests": len(rows),
        "significant": sum(row["p_holm"] < 0.05 for row in rows),
        "features": rows,
    }


def _tested(sample: Sample, j: int) -> dict[str, Any] | None:
    """The tests of one feature; None where it has too few values or only one."""
    values = sample.codes[:, j].astype(np.float64)
    known = ~np.isnan(values)
    fraud, honest = values[known & sample.is_fraud], values[known & ~sample.is_fraud]
    if min(len(fraud), len(honest)) < _ENOUGH or np.ptp(values[known]) == 0:
        return None
    name = sample.names[j]
    shown: dict[str, Any] = {"name": name, "known_frauds": len(fraud), "known_honest": len(honest)}
    empty = {"eta_squared": None, "anova_p": None, "anova_p_holm": None, "anova_p_bh": None}
    if name in sample.texts or np.unique(values[known]).size == 2:
        return shown | empty | _chi_square(values[known], sample.is_fraud[known], name in sample.texts)
    return shown | empty | _means(fraud, honest) | _types(values[known], sample.kind[known], sample.is_fraud[known])


def _chi_square(values: Floats, is_fraud: Any, is_text: bool) -> dict[str, Any]:
    from scipy.stats import chi2_contingency

    different, place = np.unique(values, return_inverse=True)
    counts = np.array([np.bincount(place[is_fraud == side], minlength=len(different)) for side in (True, False)])
    found = chi2_contingency(counts, correction=False)
    shares = counts / counts.sum(axis=1, keepdims=True)
    return {
        "test": "chi-square",
        "statistic": float(found.statistic),
        "p": float(found.pvalue),
        # With two sides the smaller dimension is 1.
        "effect": float(np.sqrt(found.statistic / counts.sum())),
        "effect_is": "Cramér’s V",
        "fraud": None if is_text else float(shares[0, 1]),
        "normal": None if is_text else float(shares[1, 1]),
    }


def _means(fraud: Floats, honest: Floats) -> dict[str, Any]:
    """Welch's t. Written out, as is the analysis of variance: scipy's own take a hundred times as long to begin."""
    from scipy.special import stdtr

    means, errors = (fraud.mean(), honest.mean()), [x.var(ddof=1) / len(x) for x in (fraud, honest)]
    spread, error = np.sqrt((fraud.var(ddof=1) + honest.var(ddof=1)) / 2), sum(errors)
    t = float((means[0] - means[1]) / np.sqrt(error)) if error else 0.0
    freedom = error**2 / sum(e**2 / (len(x) - 1) for e, x in zip(errors, (fraud, honest), strict=True)) if error else 1
    return {
        "test": "Welch t",
        "statistic": t,
        "p": float(2 * stdtr(freedom, -abs(t))),
        "effect": float((means[0] - means[1]) / spread) if spread else 0.0,
        "effect_is": "Cohen’s d",
        "fraud": float(means[0]),
        "normal": float(means[1]),
    }


def _types(values: Floats, kind: Any, is_fraud: Any) -> dict[str, Any]:
    """A one-way analysis of variance over honest payments and the fraud types."""
    from scipy.special import fdtrc

    groups = [values[~is_fraud], *(values[is_fraud & (kind == name)] for name in np.unique(kind[is_fraud]) if name)]
    groups = [group for group in groups if len(group) >= _ENOUGH]
    if len(groups) < 2:
        return {}
    together = np.concatenate(groups)
    total = float(((together - together.mean()) ** 2).sum())
    between = float(sum(len(group) * (group.mean() - together.mean()) ** 2 for group in groups))
    above, below = len(groups) - 1, len(together) - len(groups)
    within = total - between
    p = float(fdtrc(above, below, between / above / (within / below))) if within > 0 else float(between == 0)
    return {"eta_squared": between / total if total else 0.0, "anova_p": p}


def _holm(p: Floats) -> Floats:
    order = np.argsort(p, kind="stable")
    adjusted = np.maximum.accumulate(np.minimum(1, p[order] * np.arange(len(p), 0, -1)))
    back = np.empty_like(adjusted)
    back[order] = adjusted
    return back


def _benjamini_hochberg(p: Floats) -> Floats:
    from scipy.stats import false_discovery_control

    return np.asarray(false_discovery_control(p, method="bh"))
