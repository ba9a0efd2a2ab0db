"""The figures of a drift report: the month against the champion's training months, and what is usual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fraud_assets.evaluation.drift.score import score_drift
from fraud_assets.evaluation.drift.table import Compared, MonthSample, Table
from fraud_assets.evaluation.drift.usual import FALSE_ALARMS, FEWEST, limits
from fraud_assets.evaluation.report import plain

#: Rows of a month that are looked at: a share of 10 % is then known to 0.6 points.
MOST_ROWS = 10_000
#: Months that a stable month is held against at most: as many as a champion learns from.
_WINDOW = 6
_DRAWN, _GIVEAWAYS = 6, 10


def measure_drift(
    bank: str,
    samples: Sequence[MonthSample],
    trained_on: Sequence[str],
    *,
    champion: str | None = None,
    alerts: Sequence[Mapping[str, Any]] = (),
    families: Mapping[str, str] | None = None,
    look_back: Mapping[str, float] | None = None,
    sampled_by: str = "all payments",
) -> dict[str, Any]:
    """How far the last of the months is from those its champion learned from, and whether that is unusual.

    Parameters
    ----------
    samples
        Months in their order, without gaps; the last one is on trial.
    trained_on
        Keys of the champion's training months; where none of them is among the samples, or there is no champion, the
        six months before take their place, and the document says so.
    alerts
        month, rows and alerts of scored months in their order, the one on trial among them.
    families
        Feature -> family, for people.
    look_back
        Feature -> days before a payment that it needs to be complete. Where the bank is younger than that in most of
        the reference, or of the months that limits come from, the feature ``is_filling`` and raises no alarm.

    Returns
    -------
    A document; ``status`` is ``empty``, with the reason, where there is nothing to compare. Limits are calibrated on
    the earlier months: each against the up to six before it, as the month on trial is held against its training months.
    """
    *earlier, current = samples
    head = {"bank": bank, "month": current.key, "champion": champion}
    if not earlier or not current.frame.height or not any(sample.frame.height for sample in earlier):
        no_rows = "the month has no payments" if not current.frame.height else "the months before have no payments"
        reason = no_rows if earlier else "it is the first month in the lake; there is nothing to compare it with"
        return {**head, "status": "empty", "reason": reason}
    keys = [sample.key for sample in earlier]
    reference = [k for k, key in enumerate(keys) if key in set(trained_on)]
    learned = bool(champion and reference)
    reference = reference if learned else list(range(max(0, len(keys) - _WINDOW), len(keys)))
    table = Table.of(samples, look_back or {})
    last = len(earlier)
    stable = {k: list(range(max(0, k - _WINDOW), k)) for k in range(1, last)}
    now, history = table.compare(reference, last), [table.compare(before, k) for k, before in stable.items()]
    features = _features(table, now, history, keys[1:], families or {})
    judged = [row for row in features if not row["is_filling"]]
    for row in judged[:_DRAWN]:
        row["bins"] = table.bins(row["name"], reference, last)
    none = np.empty((0, len(table.known)))
    varies = (
        np.sqrt([past.psi for past in history]) if history else none,
        np.sqrt([past.ks for past in history]) if history else none,
    )
    scored = score_drift(samples, trained_on, max((look_back or {}).values(), default=0.0), varies)
    document: dict[str, Any] = {
        **head,
        "status": "measured",
        "reference": {"months": [keys[k] for k in reference], "is_training": learned},
        "sample": {
            "rule": sampled_by,
            "months": {s.key: {"rows": s.rows, "looked_at": s.frame.height} for s in samples},
        },
        "limits": {
            "months": keys,
            "comparisons": len(history),
            "needed": FEWEST,
            "false_alarms": FALSE_ALARMS,
            "there_are": len(history) >= FEWEST,
        },
        "features": features,
        "absent": [name for name in table.names if name not in table.known],
        "filling": sorted(row["name"] for row in features if row["is_filling"]),
        "score": scored,
        "adversary": _adversary(table, reference, stable, keys, _steady(table, now, history)),
        "alert_rate": _alert_rate(current.key, alerts),
    }
    document["alarms"] = {
        "features": [row["name"] for row in features if row["is_alarm"]],
        "score": bool(scored and scored["is_alarm"]),
        "adversary": bool(document["adversary"] and document["adversary"]["is_alarm"]),
        "alert_rate": document["alert_rate"]["is_alarm"],
    }
    cleaned: dict[str, Any] = plain(document)
    return cleaned


def _features(
    table: Table, now: Compared, history: Sequence[Compared], keys: Sequence[str], families: Mapping[str, str]
) -> list[dict[str, Any]]:
    """A row a column, the furthest beyond, or nearest to, its limit first."""
    none = np.empty((0, len(table.known)))
    # The root of a PSI is a distance: its spread is alike whether it is small or large. That of a KS is less skewed.
    roots = np.sqrt([past.psi for past in history]) if history else none
    psi_limit = limits(roots, distances=2)[1] ** 2
    far = np.sqrt([past.ks for past in history]) if history else none
    ks_limit = limits(far, most=1.0, distances=2)[1] ** 2
    last = len(table.months) - 1
    rows: list[dict[str, Any]] = []
    for j, name in enumerate(table.known):
        missing, median = table.about(j, last)
        past = [{"month": key, "psi": found.psi[j]} for key, found in zip(keys, history, strict=True)]
        known = [row["psi"] for row in past if np.isfinite(row["psi"])]
        was_filling = sum(bool(found.filling[j]) for found in history)
        # One that was complete too seldom to have a limit cannot be judged either.
        is_filling = bool(now.filling[j]) or (was_filling > 0 and len(known) < FEWEST <= len(history))
        is_text = name in table.levels
        rows.append(
            {
                "name": name,
                "family": families.get(name),
                "psi": now.psi[j],
                "psi_limit": psi_limit[j],
                "ks": now.ks[j],
                "ks_limit": ks_limit[j],
                "is_filling": is_filling,
                "is_alarm": bool(now.psi[j] > psi_limit[j] or now.ks[j] > ks_limit[j]),
                "missing": missing,
                "median": None if is_text else median,
                "usual": max(known, default=None),
                "past": past,
            }
        )

    for row in rows:
        row["used"] = _used(row)
    return sorted(rows, key=lambda row: (-(row["used"] or 0.0), -np.nan_to_num(row["psi"]), row["name"]))


def _used(row: Mapping[str, Any]) -> float | None:
    """How much of its limit a feature has used, by the worse of its two distances (roots, as limits are)."""
    found = [np.sqrt(row["ks"] / row["ks_limit"])] if row["ks_limit"] > 0 else []
    found += [np.sqrt(row["psi"] / row["psi_limit"])] if row["psi_limit"] > 0 else []
    return max((float(ratio) for ratio in found if np.isfinite(ratio)), default=None)


def _steady(table: Table, now: Compared, history: Sequence[Compared]) -> list[int]:
    """The half of the features that moved least in stable months; all, where there are none to tell.

    Figures that all payments of a day share (known fraud rates, the calendar) give any month away, and an adversary
    that sees them looks at nothing else; nor may it see those that are, or were, still filling.
    """
    columns = [j for j in range(len(table.known)) if table.varies(j) and not now.filling[j]]
    if not history:
        return columns
    half = (len(columns) + 1) // 2
    most = np.max([past.psi for past in history], axis=0)
    was_filling = np.any([past.filling for past in history], axis=0)
    return sorted(sorted((j for j in columns if not was_filling[j]), key=lambda j: (most[j], j))[:half])


def _adversary(
    table: Table,
    reference: Sequence[int],
    stable: Mapping[int, Sequence[int]],
    keys: Sequence[str],
    columns: Sequence[int],
) -> dict[str, Any] | None:
    now = table.told_apart(reference, len(table.months) - 1, columns)
    if now is None:
        return None
    past = [(keys[k], found) for k, before in stable.items() if (found := table.told_apart(before, k, columns))]
    errors = [found.error**2 for _, found in past if np.isfinite(found.error)]
    areas = np.array([[found.area] for _, found in past]).reshape(-1, 1)
    limit = float(limits(areas, float(np.mean(errors)) if errors else None, most=1.0)[1][0])
    top = np.argsort(-now.gain, kind="stable")[:_GIVEAWAYS]
    return {
        "area": now.area,
        "error": now.error,
        "limit": limit,
        "is_alarm": bool(now.area > limit),
        "seen": len(columns),
        "features": [{"name": table.known[columns[j]], "share": now.gain[j]} for j in top if now.gain[j] > 0],
        "past": [{"month": key, "area": found.area} for key, found in past],
    }


def _alert_rate(month: str, alerts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The control chart: the share of payments with an alarm, and its limits from the months before (two-sided)."""
    months = [{**row, "rate": row["alerts"] / row["rows"]} for row in alerts if row["rows"]]
    current = next((row for row in months if row["month"] == month), None)
    before = [row for row in months if row["month"] < month]
    low = high = float("nan")
    if len(before) >= FEWEST:
        rates = np.array([[row["rate"]] for row in before])
        mean = rates.mean()
        # No month can vary less than so many independent payments would.
        chance = float(mean * (1 - mean) / np.mean([row["rows"] for row in before]))
        both = limits(rates, chance)
        low, high = max(0.0, float(both[0][0])), float(both[1][0])
    return {
        "months": [row for row in months if row["month"] <= month],
        "rate": current["rate"] if current else None,
        "low": low,
        "high": high,
        "is_alarm": bool(current and (current["rate"] < low or current["rate"] > high)),
    }
