"""Models of other features than the champion's, or taught the truth, tried on months that they have not seen.

What lives here: reading the months from the lake, and which variants are of interest. What does not: fitting
(``detection.study.variants``) and figures (``evaluation.worth``, ``evaluation.pooled``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from fraud_assets.assets.comparison import NothingYet, labels_of, require_months
from fraud_assets.assets.trial import with_amounts
from fraud_assets.detection.study.variants import Variant, score_variants, without_each
from fraud_assets.evaluation.gates.models import CEILING, ROW_ALONE
from fraud_assets.evaluation.pooled import YARDSTICK
from fraud_assets.evaluation.settings import Settings
from fraud_assets.evaluation.worth import compare_variants
from fraud_assets.features.registry import REGISTRY
from fraud_assets.lake.paths import Place
from fraud_assets.lake.store import Lake
from fraud_assets.months import TRAINING_WINDOW, Month
from fraud_assets.scenario import Bank

#: What most banks begin with: the row, its customer's habits, and the map.
_BASIC = ("transaction", "velocity", "behaviour", "geography")
_REFERENCE = "all"


def yardsticks(
    lake: Lake, bank: Bank, months: Sequence[str], progress: Callable[[str], None] = lambda _: None
) -> dict[str, pl.DataFrame]:
    """By month, scores of a model that sees the row alone, and of one that is taught the truth of the months before.

    Months with nothing to learn from are left out.
    """
    variants = {
        ROW_ALONE: Variant(tuple(f.name for f in REGISTRY.values() if f.key == "row")),
        CEILING: Variant(tuple(REGISTRY), taught_truth=True),
    }
    found = {month: _scored(lake, bank, bank.month(month), variants, progress) for month in months}
    return {
        month: scores.rename({f"score_{name}": f"{YARDSTICK}{name}" for name in variants})
        for month, scores in found.items()
        if scores is not None
    }


def feature_worth(
    lake: Lake, bank: Bank, months: Sequence[str], progress: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """The document of :func:`~fraud_assets.evaluation.worth.compare_variants`: all features, the basic families alone,
    and all but each family, over the months together.

    Judged against the truth, or, for a user's own transactions, against the reports that are in the lake.

    Raises
    ------
    LakeError
        If a table is missing.
    NothingYet
        If none of the months has anything to learn from.
    """
    families = {name: feature.family for name, feature in REGISTRY.items()}
    variants = without_each(families)
    basic = tuple(name for name, family in families.items() if family in _BASIC)
    variants = {_REFERENCE: variants.pop(_REFERENCE), f"only {', '.join(_BASIC)}": Variant(basic), **variants}
    require_months(lake, bank, months)
    parts = []
    for month in months:
        scores = _scored(lake, bank, bank.month(month), variants, progress)
        if scores is None:
            continue
        rows = lake.scan_parquet([Place(bank.name, "transaction_features", month).parquet])
        labels = labels_of(lake, bank, month).select("transaction_id", "is_fraud", "campaign_id")
        parts.append(
            rows.select("transaction_id", "customer_id")
            .collect()
            .join(scores, on="transaction_id", how="left", maintain_order="left")
            .join(labels, on="transaction_id", how="left", maintain_order="left")
            .with_columns(pl.col("is_fraud").fill_null(value=False), month=pl.lit(month))
        )
    if not parts:
        raise NothingYet(f"{bank.name}: nothing was reported before {', '.join(months)}; name later months")
    return compare_variants(pl.concat(parts), Settings.of(bank), _REFERENCE)


def _scored(
    lake: Lake, bank: Bank, month: Month, variants: Mapping[str, Variant], progress: Callable[[str], None]
) -> pl.DataFrame | None:
    past = [one.key for one in month.back(TRAINING_WINDOW) if one >= bank.first]
    if not past:
        return None

    def table(name: str, months: Sequence[str]) -> pl.LazyFrame:
        return lake.scan_parquet([Place(bank.name, name, one).parquet for one in months])

    return score_variants(
        variants,
        with_amounts(table("transaction_features", past), table("transactions", past)),
        table("incident_reports", past),
        table("labeled_anomalies", past).filter("is_fraud"),
        table("transaction_features", [month.key]),
        month,
        bank.first,
        progress=progress,
    )
