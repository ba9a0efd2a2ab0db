"""Drift: whether a month is still like those that its champion learned from."""

# No postponed annotations here: Dagster takes the context's annotation as it stands.

import base64
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
import numpy as np
import polars as pl

from fraud_assets.assets.common import Chain, at_hand
from fraud_assets.detection.slices import split
from fraud_assets.detection.trained import TrainedModel
from fraud_assets.evaluation import drift, sampling
from fraud_assets.features.feature import Feature
from fraud_assets.features.needs import NEEDS
from fraud_assets.features.registry import REGISTRY
from fraud_assets.features.spans import span
from fraud_assets.lake.documents import Document
from fraud_assets.lake.paths import Place
from fraud_assets.lake.resource import LakeResource
from fraud_assets.lake.store import Lake
from fraud_assets.months import REPORT_DELAY, TRAINING_WINDOW, Month

#: A champion that learned longer ago than this is held against the months before.
_MOST_MONTHS = 12
_FEATURES = "transaction_features"
_SCORED = "scored_transactions"
#: Knowledge that is so old when it counts is that of reports.
_OLD_KNOWLEDGE = timedelta(days=7)
#: Ages, which grow by a day a day: compared as they were when the bank began, so that time alone moves nothing.
_AGES = ("tenure_days", "m_age_days", "kyc_age_days")
_DAY = timedelta(days=1)


def drift_assets(chain: Chain) -> list[dg.AssetsDefinition]:
    """``drift_report``."""

    @dg.asset(
        **chain.settings(
            "drift_report", "reports", kinds={"html", "json", "plotly"}, rooms=["evaluation"], io_manager="document"
        ),
        ins=chain.reads("champion"),
        deps=chain.keys(_FEATURES, _SCORED),
    )
    def drift_report(context: dg.AssetExecutionContext, lake: LakeResource, champion: dict[str, Any]) -> Document:
        """How far the month's payments are from those that its champion learned from, and whether that is unusual.

        Features (PSI, KS), score, an adversary, and a control chart of alerts; limits come from the earlier months in
        the lake. No truth is read, so it works the day the month ends.
        """
        document = measure_month(chain, lake, chain.month(context), champion)
        picture = base64.b64encode(drift.drift_picture(document)).decode()
        summary = f"![Drift in small](data:image/png;base64,{picture})\n\n{drift.drift_markdown(document)}"
        return Document(
            document,
            files={"report.html": drift.drift_page(document).encode()},
            metadata={"summary": dg.MetadataValue.md(summary), **drift.drift_figures(document)},
        )

    return [drift_report]


def measure_month(chain: Chain, lake: LakeResource, month: Month, decision: dict[str, Any]) -> dict[str, Any]:
    """The document of :func:`fraud_assets.evaluation.drift.measure_drift` about a month, from what is in the lake."""
    bank = chain.scenario
    trained_on = _training_months(decision)
    earliest = min([month - TRAINING_WINDOW, *trained_on])
    most = min(month.index - earliest.index, _MOST_MONTHS)
    before = at_hand(lake.lake, bank.name, (month - k for k in range(1, most + 1)), _FEATURES)[::-1]
    model = TrainedModel.load(decision["model"]) if decision["model"] else None
    unseen = _held_out_from(trained_on)
    samples = [_sample(chain, lake, other, model, unseen) for other in [*before, month]]
    alerts = [_alerts(lake.lake, bank.name, other) for other in [*before, month]]
    return drift.measure_drift(
        bank.title,
        samples,
        [other.key for other in trained_on],
        champion=decision["champion"]["name"] if model else None,
        alerts=[row for row in alerts if row],
        families={name: feature.family for name, feature in REGISTRY.items()},
        look_back={name: _look_back(feature) for name, feature in REGISTRY.items()},
        sampled_by=sampling.rule(samples[-1].rows, drift.MOST_ROWS),
    )


def _training_months(decision: dict[str, Any]) -> list[Month]:
    """The months before a champion's cut, from the one in which its training window begins."""
    champion = decision["champion"]
    if champion is None:
        return []
    first, end = (Month.parse(champion["training_window"][:7]), Month.parse(champion["month"]))
    return [first + k for k in range(end.index - first.index)]


def _held_out_from(trained_on: list[Month]) -> datetime | None:
    """The first instant whose payments a champion has not been fitted on: training and tuning end there."""
    slices = split(trained_on[-1] + 1, trained_on[0]) if trained_on else None
    return slices.compare.start if slices else None


def _look_back(feature: Feature) -> float:
    """Days of the bank's life that a feature needs before it says all that it ever will, tables of earlier months too.

    A feature that reads reports also needs those of frauds before its window, which come in for months.
    """
    reads_reports = span(feature.delay) >= _OLD_KNOWLEDGE or feature.name in NEEDS["reports"]
    return feature.look_back / _DAY + (REPORT_DELAY * 30 if reads_reports else 0)


def _sample(
    chain: Chain, lake: LakeResource, month: Month, model: TrainedModel | None, unseen: datetime | None
) -> drift.MonthSample:
    """Some rows of a month; those from ``unseen`` on have a score."""
    table = chain.table(lake, _FEATURES, [month])
    columns = [name for name in table.collect_schema().names() if name in REGISTRY]
    rows = table.select(pl.len()).collect().item()
    chosen = table.filter(sampling.some_rows(rows, drift.MOST_ROWS))
    age = (pl.col("event_time") - chain.scenario.first.start).dt.total_seconds() / _DAY.total_seconds()
    frame = chosen.select("customer_id", "event_time", *columns, memory_days=age).collect(engine="streaming")
    # A month made before a feature of the champion's existed has no score.
    if model and unseen and set(model.encoder.features) <= set(columns):
        is_unseen = frame["event_time"] >= unseen
        some = frame.filter(is_unseen)
        scores = np.full(frame.height, np.nan)
        if some.height:
            scores[is_unseen.to_numpy()] = model.raw_scores(model.encoder.codes(some))
        frame = frame.with_columns(score=pl.Series(scores).fill_nan(None))
    began = [(pl.col(name) - pl.col("memory_days").floor()).cast(pl.Float32) for name in _AGES if name in columns]
    return drift.MonthSample(month.key, rows, frame.with_columns(began).drop("event_time"))


def _alerts(lake: Lake, bank: str, month: Month) -> dict[str, Any] | None:
    """How many payments of a month were scored, and got an alarm; nothing where the month has not been scored."""
    place = Place(bank, _SCORED, month.key)
    if not lake.exists(place.parquet):
        return None
    is_alert = pl.col("decision").cast(pl.String) != "APPROVED"
    found = lake.scan_parquet([place.parquet]).select(rows=pl.len(), alerts=is_alert.sum()).collect()
    return {"month": month.key, **found.row(0, named=True)}
