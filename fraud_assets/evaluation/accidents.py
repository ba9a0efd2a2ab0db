"""How well accidents are told: what was said of each payment against what it was.

What lives here: the confusion of truth and accident kinds, the figures of each kind, what was wrongly called an
accident, and the few lines about it for the asset's page. The truth was never seen by the heads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from fraud_assets.evaluation.intervals import Estimate, Resampler, clusters, interval
from fraud_assets.evaluation.ranking import Bools, Floats, Steps
from fraud_assets.evaluation.report import plain

#: Kind of accident as it is reported -> the flag of the truth, and its name in a confusion.
KINDS = {
    "duplicate": ("is_accident_burst", "burst"),
    "wrong_amount": ("is_high_amount_accident", "high amount"),
    "wrong_recipient": ("is_mistyped_entity_accident", "mistyped"),
}
#: Columns of the truth that are needed besides.
TRUTH = ("is_fraud", "campaign_id", "fraud_type", "lookalike_of", *(flag for flag, _ in KINDS.values()))
_TRUTHS = ("fraud", *(name for _, name in KINDS.values()), "ordinary")
_SAID = (*KINDS, "none")


def judge_accidents(rows: pl.DataFrame, *, replicates: int = 200, seed: int = 1) -> dict[str, Any]:
    """The verdict on a month's accident scores.

    Parameters
    ----------
    rows
        A scored payment each: customer_id, ``p_<kind>``, ``accident``, ``is_alert`` (whether the champion's decision
        was against it; null where there is none) and the columns of :data:`TRUTH`.
    replicates, seed
        Of the bootstrap over campaigns and customers.

    Returns
    -------
    A JSON document. ``confusion``: one entry a truth, with how many were said to be what. ``kinds``: by kind average
    precision with its interval, precision and recall of what was said, and expected over true accidents (below 1
    where some are never reported: the probabilities are of a report); None for a kind that was not learned.
    ``mistaken``: what else was called an accident. ``status`` is ``empty`` where nothing was scored.
    """
    if not rows.height:
        return {"status": "empty", "reason": "no payment was scored: nothing was learned of any kind of accident"}
    is_fraud = rows["is_fraud"].to_numpy()
    campaign = rows["campaign_id"].fill_null(-1).to_numpy()
    resampler = Resampler(clusters(rows["customer_id"].to_numpy(), campaign, is_fraud), replicates, seed)
    named = rows.with_columns(truth=_truth(), said=pl.col("accident").cast(pl.String).fill_null("none"))
    document = {
        "status": "judged",
        "rows": rows.height,
        "confusion": _confusion(named),
        "kinds": {
            kind: None if named[f"p_{kind}"].null_count() else _figures(named, kind, flag, resampler)
            for kind, (flag, _) in KINDS.items()
        },
        "mistaken": _mistaken(named),
    }
    cleaned: dict[str, Any] = plain(document)
    return cleaned


def accidents_markdown(verdict: dict[str, Any]) -> str:
    """The figures of each kind and the confusion, for the asset's page in the UI."""
    if verdict["status"] == "empty":
        return f"Nothing to judge: {verdict['reason']}."
    lines = ["| kind | accidents | average precision | precision | recall |", "|---|---|---|---|---|"]
    for kind, found in verdict["kinds"].items():
        cells = ["—", "not learned: too few reports", "—", "—"]
        if found is not None:
            shares = (_share(found["precision"]), _share(found["recall"]))
            cells = [f"{found['accidents']:,}", _three(found["average_precision"]), *shares]
        lines.append(f"| {_words(kind)} | {' | '.join(cells)} |")
    head = ["it was", *(f"said: {_words(said)}" for said in _SAID), "stopped or flagged as fraud"]
    lines += ["", f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for row in verdict["confusion"]:
        alerts = "—" if row["is_alert"] is None else f"{row['is_alert']:,}"
        lines.append(f"| {row['truth']} | {' | '.join(f'{row[said]:,}' for said in _SAID)} | {alerts} |")
    return "\n".join(lines)


def _truth() -> pl.Expr:
    """What a payment was: fraud before all, and an extra payment of a burst before what it repeats."""
    cases = {"is_fraud": "fraud", **dict(KINDS.values())}
    return pl.coalesce(*(pl.when(flag).then(pl.lit(name)) for flag, name in cases.items()), pl.lit("ordinary"))


def _confusion(rows: pl.DataFrame) -> list[dict[str, Any]]:
    counted = rows.group_by("truth").agg(
        *((pl.col("said") == said).sum().alias(said) for said in _SAID),
        is_alert=pl.when(pl.col("is_alert").null_count() == 0).then(pl.col("is_alert").sum()),
    )
    by_truth = {row["truth"]: row for row in counted.to_dicts()}
    nothing = dict.fromkeys(_SAID, 0) | {"is_alert": None if rows["is_alert"].null_count() else 0}
    return [by_truth.get(truth, {"truth": truth, **nothing}) for truth in _TRUTHS]


def _figures(rows: pl.DataFrame, kind: str, flag: str, resampler: Resampler) -> dict[str, Any]:
    score: Floats = rows[f"p_{kind}"].to_numpy()
    is_kind: Bools = rows[flag].to_numpy()
    said: Bools = (rows["said"] == kind).to_numpy()
    true, right = int(is_kind.sum()), int((said & is_kind).sum())
    found = None
    if true:
        value = float(Steps.of(score, is_kind).average_precision()[0])
        found = _document(interval(value, resampler.ranking(score, is_kind, 0.005).average_precision))
    return {
        "accidents": true,
        "said": int(said.sum()),
        "average_precision": found,
        "precision": right / int(said.sum()) if said.any() else None,
        "recall": right / true if true else None,
        "expected_over_true": float(score.sum()) / true if true else None,
    }


def _mistaken(rows: pl.DataFrame, most: int = 20) -> list[dict[str, Any]]:
    """What was called an accident and was none of that kind: fraud by its type, other rows by what they resemble."""
    right = pl.any_horizontal((pl.col("said") == kind) & pl.col(flag) for kind, (flag, _) in KINDS.items())
    what = pl.when("is_fraud").then(pl.col("fraud_type").cast(pl.String)).otherwise("lookalike_of")
    return (
        rows.filter((pl.col("said") != "none") & ~right)
        .group_by("said", "truth", what=what.fill_null("none"))
        .len("rows")
        .sort("rows", "said", "truth", "what", descending=[True, False, False, False])
        .head(most)
        .to_dicts()
    )


def _document(estimate: Estimate) -> dict[str, float | None]:
    """NaN, which JSON does not have, as None."""
    return {name: value if np.isfinite(value) else None for name, value in estimate.document().items()}


def _three(estimate: dict[str, float | None] | None) -> str:
    if estimate is None:
        return "—"
    if estimate["low"] is None:
        return f"{estimate['value']:.3f}"
    return f"{estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value:.0%}"


def _words(name: str) -> str:
    return name.replace("_", " ")
