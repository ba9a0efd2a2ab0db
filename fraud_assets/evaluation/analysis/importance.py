"""What matters to a model, or could: gain, permutation importance, mutual information; how such features correlate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from fraud_assets.evaluation.analysis.permutation import permuted
from fraud_assets.evaluation.analysis.sample import Floats, Matrix, Sample

#: How many features are permuted: those that could matter at all.
_PERMUTED = 25
_BINS = 20
_CORRELATED_ROWS = 2_500


def importance(
    sample: Sample,
    score: Callable[[Matrix], Floats],
    gain: Mapping[str, float] | None,
    *,
    wide: Sample | None = None,
    seed: int = 1,
) -> dict[str, Any]:
    """How much each feature matters, the one whose loss costs the model most first.

    Parameters
    ----------
    score
        The champion: from codes to its raw score.
    gain
        Feature -> total gain in the splits of boosted trees; None where there are none.
    wide
        More rows of the same month, on which features are permuted; those of ``sample`` by default.

    Returns
    -------
    ``permuted``: the rows on which features were permuted, as :func:`permuted` says of them.
    ``features``, a row each. ``gain``: share of all gain. ``permutation``: what average precision loses when the
    feature's values are dealt anew; None for those outside the 25 with the most gain or information.
    ``information``: mutual information with fraud as a share of fraud's entropy, less what a shuffled label shows.
    Average precision and information are those of the month: rows have their weights.
    """
    total = sum((gain or {}).values()) or 1.0
    information = mutual_information(sample, seed=seed)
    gains = np.array([(gain or {}).get(name, 0.0) / total for name in sample.names])
    lost, about = permuted(wide or sample, score, _likely(gains, information), seed=seed)
    rows: list[dict[str, Any]] = [
        {
            "name": name,
            "gain": float(gains[j]) if gain is not None else None,
            "permutation": lost.get(j),
            "information": float(information[j]),
        }
        for j, name in enumerate(sample.names)
    ]
    rows.sort(
        key=lambda row: (
            -(row["permutation"] if row["permutation"] is not None else -np.inf),
            -row["information"],
            row["name"],
        ),
    )
    return {"features": rows, "permuted": about}


def mutual_information(sample: Sample, *, seed: int = 1) -> Floats:
    """(F,) information about fraud in each feature by itself, in shares of fraud's entropy; 1 for the label itself.

    Numbers are cut at twentieths of the sample's values, missing ones are a value of their own. A feature with many
    values shows some information by chance: what it shows of a shuffled label is subtracted.
    """
    shuffled = np.random.default_rng(seed).permutation(len(sample.is_fraud))
    found = np.zeros(len(sample.names))
    entropy = _entropy(np.array([sample.weight[sample.is_fraud].sum(), sample.weight[~sample.is_fraud].sum()]))
    if not entropy:
        return found
    for j, name in enumerate(sample.names):
        place = _places(sample.codes[:, j], is_text=name in sample.texts)
        real = _information(place, sample.is_fraud, sample.weight)
        by_chance = _information(place, sample.is_fraud[shuffled], sample.weight[shuffled])
        found[j] = max(0.0, real - by_chance) / entropy
    return found


def correlations(sample: Sample, names: Sequence[str]) -> dict[str, Any]:
    """Pearson's and Spearman's correlation of each two features over the month's payments, frauds as rare as they are.

    Rows where either is missing do not count for a pair; None where fewer than ten rows are left, or one is constant.
    """
    from scipy.stats import pearsonr, rankdata

    honest = np.flatnonzero(~sample.is_fraud)
    each = float(np.median(sample.weight[honest])) if honest.size else 1.0
    fraud = np.flatnonzero(sample.is_fraud)
    # A fraud stands for fewer rows than an honest one does: as many are taken as there would be by chance.
    fraud = fraud[:: max(1, round(each / float(np.median(sample.weight[fraud]))))] if fraud.size else fraud
    rows = np.sort(np.concatenate([honest, fraud]))
    values = sample.codes[rows[:: -(-len(rows) // (2 * _CORRELATED_ROWS)) or 1]].astype(np.float64)
    columns = [sample.names.index(name) for name in names]
    size = len(columns)
    pearson: list[list[float | None]] = [[None] * size for _ in names]
    spearman: list[list[float | None]] = [[None] * size for _ in names]
    for a in range(size):
        for b in range(a + 1):
            x, y = values[:, columns[a]], values[:, columns[b]]
            both = ~(np.isnan(x) | np.isnan(y))
            x, y = x[both], y[both]
            if len(x) < 10 or np.ptp(x) == 0 or np.ptp(y) == 0:
                continue
            pearson[a][b] = pearson[b][a] = float(pearsonr(x, y).statistic)
            spearman[a][b] = spearman[b][a] = float(pearsonr(rankdata(x), rankdata(y)).statistic)
    return {"features": list(names), "rows": len(values), "pearson": pearson, "spearman": spearman}


def moved(features: Sequence[Mapping[str, Any]], drift: Mapping[str, Any] | None, most: int = 15) -> dict[str, Any]:
    """Whether what the champion relies on is what moved: its most important features with their drift.

    Parameters
    ----------
    features
        Of :func:`importance`.
    drift
        The month's document of :func:`fraud_assets.evaluation.drift.measure_drift`.
    """
    if drift is None or drift["status"] == "empty":
        return {"reason": drift["reason"] if drift else "there is no drift report", "features": []}
    known = {row["name"]: row for row in drift["features"]}
    rows = [
        {**{key: known[row["name"]][key] for key in ("psi", "psi_limit", "used", "is_filling", "is_alarm")}, **row}
        for row in features[:most]
        if row["name"] in known
    ]
    return {
        "reason": None,
        "has_limits": drift["limits"]["there_are"],
        "alarms": drift["alarms"],
        "all_features": len(drift["features"]),
        "adversary": drift["adversary"]["area"] if drift["adversary"] else None,
        "score_psi": drift["score"]["psi"] if drift["score"] else None,
        "features": rows,
    }


def _likely(gains: Floats, information: Floats) -> list[int]:
    """The features with the most gain or information, by the better of their two places."""
    places = [np.argsort(np.argsort(-values, kind="stable"), kind="stable") for values in (gains, information)]
    if not gains.any():
        places = places[1:]
    return [int(j) for j in np.argsort(np.min(places, axis=0), kind="stable")[:_PERMUTED]]


def _places(values: Matrix, *, is_text: bool) -> np.ndarray[Any, np.dtype[np.int64]]:
    known = values[~np.isnan(values)]
    if not known.size:
        return np.zeros(len(values), np.int64)
    different = np.unique(known)
    if is_text or len(different) <= _BINS:
        place = np.searchsorted(different, values)
    else:
        edges = np.unique(np.quantile(known, np.arange(1, _BINS) / _BINS, method="inverted_cdf"))
        place = np.searchsorted(edges, values)
    place = place.astype(np.int64)
    place[np.isnan(values)] = len(different) + 1
    return np.unique(place, return_inverse=True)[1].astype(np.int64)


def _information(place: Any, is_fraud: Any, weight: Floats) -> float:
    """Mutual information in nats of two columns, with weights."""
    size = int(place.max()) + 1
    counts = np.bincount(place + size * is_fraud, weights=weight, minlength=2 * size)
    joint = counts.reshape(2, size).astype(np.float64)
    return _entropy(joint.sum(axis=0)) + _entropy(joint.sum(axis=1)) - _entropy(joint.ravel())


def _entropy(counts: Floats) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())
