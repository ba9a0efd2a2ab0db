"""The evaluation of a month: one frame of scored payments in, one strict-JSON document out.

What lives here: :func:`evaluate` and :func:`no_model`, which decide what a report says. How it looks is in
:mod:`fraud_assets.evaluation.render` and :mod:`fraud_assets.evaluation.picture`; both read nothing but this document.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from fraud_assets.evaluation import alerts, breakdown, money
from fraud_assets.evaluation.calibration import calibration
from fraud_assets.evaluation.intervals import RankingDraws, Resampler, clusters, interval
from fraud_assets.evaluation.limits import cannot_see
from fraud_assets.evaluation.ranking import Bools, Steps, top_share
from fraud_assets.evaluation.settings import ROW_COLUMNS, TRUTH_COLUMNS, Settings, Subject
from fraud_assets.months import Month

#: Grows when a reader of older documents would misread a newer one.
SCHEMA = 1
_FPRS = {"0.1%": 0.001, "0.5%": 0.005, "1%": 0.01, "5%": 0.05}
_BUDGETS = (10, 50, 100)
_GROUPS = ("channel", "segment", "age_group", "category")


def evaluate(scored: pl.DataFrame, subject: Subject, settings: Settings) -> dict[str, Any]:
    """Judge every candidate, and the champion's decisions, on a month that none of them has seen.

    Parameters
    ----------
    scored
        A row a scored debit row of the ledger: ``ROW_COLUMNS``, a ``score_<candidate>`` column a candidate (calibrated
        probabilities), and ``TRUTH_COLUMNS``. Where ``is_fraud`` is null throughout, or absent, there is no truth and
        the reports known by ``subject.known_until`` take its place.
    subject, settings
        What is tested, and under which assumptions.

    Returns
    -------
    A document of plain dictionaries, lists, strings, numbers and None (never NaN); see :func:`to_json`.

    Raises
    ------
    ValueError
        If a column is missing, a score is null or not finite, or the champion is not among the candidates.
    """
    names = _candidates(scored, subject)
    if scored.is_empty():
        return no_model(subject.bank, subject.month, "No payment of the month was scored.")
    has_truth = "is_fraud" in scored.columns and scored["is_fraud"].null_count() < scored.height
    frame = _prepare(scored, subject, settings, has_truth)
    is_fraud = frame["is_fraud"].to_numpy()
    draws = Resampler(
        clusters(frame["customer_id"].to_numpy(), frame["campaign_id"].fill_null(-1).to_numpy(), is_fraud),
        settings.replicates,
        settings.seed,
    )
    budget = settings.alerts_per_10000 / 10_000
    steps = {name: Steps.of(frame[f"score_{name}"].to_numpy(), is_fraud) for name in names}
    ladder = _ladder(frame, steps, draws, subject, settings)
    champion = next(rung for rung in ladder if rung["is_champion"])
    score, transaction_id = frame["score"].to_numpy(), frame["transaction_id"].to_numpy()
    amount, is_live = frame["amount"].to_numpy(), (frame["status"] != "declined").to_numpy()
    policies = money.policies(
        frame["decision"].to_numpy().astype("<U8"),
        score,
        amount,
        is_fraud,
        is_live,
        transaction_id,
        budget,
        settings.costs,
        draws,
    )
    decisions = alerts.confusion(frame)
    saved = next(row for row in policies if row["policy"] == "decisions")
    document = {
        "schema": SCHEMA,
        "status": "evaluated",
        "bank": subject.bank,
        "month": subject.month.key,
        "champion": subject.champion,
        "version": subject.version,
        "trained_on": subject.trained_on,
        "known_until": subject.known_until.isoformat(),
        "labels": "truth" if has_truth else "reports",
        "did_without": {family: list(counts) for family, counts in subject.did_without.items()},
        "settings": asdict(settings) | {"costs": settings.costs.model_dump()},
        "tested": _tested(frame),
        "headline": {
            "average_precision": champion["average_precision"],
            "recall_at_budget": champion["recall_at_budget"],
            "precision_at_budget": champion["budgets"][_per(settings)]["precision"],
            "alerts": decisions["alerts"],
            "alert_precision": decisions["precision"],
            "savings": saved["savings"],
            "share_of_ideal": saved["share_of_ideal"],
        },
        "ladder": ladder,
        "curves": {name: _curves(walk) for name, walk in steps.items()},
        "decisions": decisions,
        "fraud_types": breakdown.by_fraud_type(frame, draws),
        "groups": {column: breakdown.by_group(frame, column, draws) for column in _GROUPS},
        "look_alikes": breakdown.look_alikes(frame, draws),
        "natures": breakdown.by_nature(frame),
        "status_split": breakdown.by_status(frame),
        "daily": alerts.daily_queue(frame, settings.alerts_per_10000),
        "calibration": calibration(score, is_fraud, transaction_id, draws),
        "policies": policies,
        "campaigns": money.campaigns(frame, settings.costs),
        "label_delay": _label_delay(frame, subject, settings, has_truth),
    }
    cleaned: dict[str, Any] = plain(document)
    cleaned["cannot_see"] = cannot_see(cleaned)
    return cleaned


def no_model(bank: str, month: Month, reason: str) -> dict[str, Any]:
    """The document of a month without a model, which says why."""
    return {"schema": SCHEMA, "status": "empty", "bank": bank, "month": month.key, "reason": reason}


def to_json(document: dict[str, Any]) -> str:
    """The document as strict JSON (a NaN would raise), indented, ending in a line feed."""
    return json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def plain(value: Any) -> Any:
    """Numpy scalars as Python's, not-a-number and infinity as None, other floats with 9 significant digits."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.9g}") if math.isfinite(value) else None
    return value


def _candidates(scored: pl.DataFrame, subject: Subject) -> list[str]:
    where = f"scored rows of {subject.bank} {subject.month}"
    names = [column.removeprefix("score_") for column in scored.columns if column.startswith("score_")]
    missing = [column for column in ROW_COLUMNS if column not in scored.columns]
    if missing:
        raise ValueError(f"{where}: no column {', '.join(missing)}; an evaluation needs {', '.join(ROW_COLUMNS)}")
    if subject.champion not in names:
        raise ValueError(
            f"{where}: the champion {subject.champion!r} has no column score_{subject.champion}; there are {names}"
        )
    for column in ["score", *(f"score_{name}" for name in names)]:
        bad = scored.height - scored[column].cast(pl.Float64).is_finite().sum()
        if bad:
            raise ValueError(
                f"{where}: {column} is null or not finite in {bad:,} of {scored.height:,} rows; score all rows"
            )
    return names


def _prepare(scored: pl.DataFrame, subject: Subject, settings: Settings, has_truth: bool) -> pl.DataFrame:
    """The frame with plain types, the label ``is_fraud``, and the two kinds of alarm."""
    absent = [pl.lit(None).alias(column) for column in TRUTH_COLUMNS if column not in scored.columns]
    known = (pl.col("reported_at") < subject.known_until).fill_null(False)
    texts = ["status", "channel", "category", "segment", "age_group", "decision", "fraud_type", "lookalike_of"]
    frame = scored.with_columns(absent).with_columns(
        pl.col(texts).cast(pl.String),
        pl.col("campaign_id").cast(pl.Int64),
        pl.col("^score(_.*)?$").cast(pl.Float64),
        pl.col(list(breakdown.ACCIDENTS)).cast(pl.Boolean).fill_null(False),
        is_fraud=pl.col("is_fraud").cast(pl.Boolean).fill_null(False) if has_truth else known,
        is_alert=pl.col("decision").cast(pl.String) != "APPROVED",
    )
    budget = top_share(
        frame["score"].to_numpy(), frame["transaction_id"].to_numpy(), settings.alerts_per_10000 / 10_000
    )
    return frame.with_columns(pl.Series("in_budget", budget))


def _tested(frame: pl.DataFrame) -> dict[str, Any]:
    fraud = frame.filter("is_fraud")
    return {
        "rows": frame.height,
        "customers": frame["customer_id"].n_unique(),
        "frauds": fraud.height,
        "fraud_rate": fraud.height / frame.height,
        "campaigns": fraud["campaign_id"].drop_nulls().n_unique(),
        "victims": fraud["customer_id"].n_unique(),
        "amount": frame["amount"].sum(),
        "fraud_amount": fraud.filter(pl.col("status") != "declined")["amount"].sum(),
    }


def _per(settings: Settings) -> str:
    return f"{settings.alerts_per_10000:g}"


def _ladder(
    frame: pl.DataFrame, steps: dict[str, Steps], draws: Resampler, subject: Subject, settings: Settings
) -> list[dict[str, Any]]:
    """One rung a candidate, from the lowest average precision to the highest, each against the rung below it."""
    is_fraud, transaction_id = frame["is_fraud"].to_numpy(), frame["transaction_id"].to_numpy()
    budget = settings.alerts_per_10000 / 10_000
    replicates: dict[str, RankingDraws] = {}
    values: dict[str, float] = {}
    for name, walk in steps.items():
        replicates[name] = draws.ranking(frame[f"score_{name}"].to_numpy(), is_fraud, budget)
        values[name] = float(walk.average_precision()[0])
    rungs: list[dict[str, Any]] = []
    # Without fraud every value is NaN; a stable order is kept all the same.
    order = sorted(steps, key=lambda name: (values[name] if math.isfinite(values[name]) else 0.0, name))
    for below, name in zip([None, *order[:-1]], order, strict=True):
        walk, drawn, score = steps[name], replicates[name], frame[f"score_{name}"].to_numpy()

        def gain(other: str | None, name: str = name) -> dict[str, float] | None:
            if other is None or other == name:
                return None
            difference = replicates[name].average_precision - replicates[other].average_precision
            return interval(values[name] - values[other], difference).document()

        chosen = top_share(score, transaction_id, budget)
        rungs.append(
            {
                "name": name,
                "note": subject.ladder_notes.get(name),
                "is_champion": name == subject.champion,
                "average_precision": interval(values[name], drawn.average_precision).document(),
                "roc_auc": interval(float(walk.roc_auc()[0]), drawn.roc_auc).document(),
                "partial_auc_1%": walk.partial_auc(0.01),
                "average_precision_at_true_prevalence": float(
                    walk.at_prevalence(settings.true_prevalence).average_precision()[0]
                ),
                "recall_at_fpr": {label: float(walk.recall_at_fpr(rate)[0]) for label, rate in _FPRS.items()},
                "recall_at_budget": interval(
                    float(walk.caught_at_budget(budget)[0][0]), drawn.recall_at_budget
                ).document(),
                "budgets": {
                    f"{per:g}": dict(
                        zip(
                            ("recall", "precision"),
                            (float(x[0]) for x in walk.caught_at_budget(per / 10_000)),
                            strict=True,
                        )
                    )
                    for per in sorted({*_BUDGETS, settings.alerts_per_10000})
                },
                "daily_customer_precision": alerts.card_precision(frame, f"score_{name}", settings.daily_customers),
                "value_detection_at_budget": alerts.value_detection_rate(frame, chosen),
                "calibration": calibration(score, is_fraud, transaction_id),
                "gain_over_rung_below": gain(below),
                "gain_over_champion": gain(subject.champion),
            }
        )
    return rungs


def _curves(walk: Steps, points: int = 240) -> dict[str, Any]:
    """Precision-recall, ROC and budget curves, thinned to what a screen can show."""
    recall, precision = walk.precision_recall_curve()
    if not recall.size:
        return {"recall": [], "precision": [], "fpr": [], "tpr": [], "per_10000": [], "caught": [], "purity": []}
    # The first frauds move precision most: they are kept, the rest is thinned evenly.
    keep = np.unique(np.append(np.arange(min(30, recall.size)), np.linspace(0, recall.size - 1, points).astype(int)))
    fpr, tpr = walk.roc_curve()
    rates = np.append(0.0, np.geomspace(1e-5, 1, points // 2))
    budgets = np.geomspace(1, 1000, 61)
    caught = [walk.caught_at_budget(per / 10_000) for per in budgets]
    return {
        "recall": recall[keep],
        "precision": precision[keep],
        "fpr": rates if fpr.size else [],
        "tpr": np.interp(rates, fpr, tpr) if fpr.size else [],
        "per_10000": budgets,
        "caught": [float(found[0]) for found, _ in caught],
        "purity": [float(pure[0]) for _, pure in caught],
    }


def _label_delay(frame: pl.DataFrame, subject: Subject, settings: Settings, has_truth: bool) -> list[dict[str, Any]]:
    """The champion's figures by the labels known so many days after the month, and by truth where there is truth."""
    score, truth = frame["score"].to_numpy(), frame["is_fraud"].to_numpy()
    budget = settings.alerts_per_10000 / 10_000

    def judged(label: Bools) -> dict[str, Any]:
        walk = Steps.of(score, label)
        recall, precision = walk.caught_at_budget(budget)
        return {
            "frauds": int(label.sum()),
            "average_precision": float(walk.average_precision()[0]),
            "recall_at_budget": float(recall[0]),
            "precision_at_budget": float(precision[0]),
        }

    rows: list[dict[str, Any]] = []
    for days in settings.as_of_days:
        instant = subject.month.end + timedelta(days=days)
        row: dict[str, Any] = {"days": days, "as_of": instant.isoformat(), "is_known": instant <= subject.known_until}
        if row["is_known"]:
            label = frame.select((pl.col("reported_at") < instant).fill_null(False))["reported_at"].to_numpy()
            row |= judged(label)
            if has_truth:
                row["share_of_truth_known"] = _share(label & truth, truth)
                row["false_reports"] = int((label & ~truth).sum())
        rows.append(row)
    if has_truth:
        rows.append({"days": None, "as_of": "truth", "is_known": True, **judged(truth)})
    return rows


def _share(part: Bools, whole: Bools) -> float:
    total = int(whole.sum())
    return int(part.sum()) / total if total else float("nan")
