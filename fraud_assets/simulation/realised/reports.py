"""What the bank learns, and when, beside what the scenario's types say of their reporting."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl

from fraud_assets.scenario import CampaignType, Scenario
from fraud_assets.simulation.fraud.delays import NEVER, counts_from_end, delays
from fraud_assets.simulation.realised.figure import Figure, near
from fraud_assets.simulation.realised.view import View
from fraud_assets.simulation.streams import F64, I64

#: Days after a payment.
HORIZONS = (7, 30, 60)
_DRAWS = 4000
_DAY_US = 86_400_000_000
#: By so much the shares may differ: campaigns are reported as one.
_ROOM = 0.12


def reports(view: View) -> list[Figure]:
    """Share of the fraud that has been reported 7, 30 and 60 days after it; approved payments only.

    Fraud of the last days has had little time to be reported: the realised share is Kaplan and Meier's (1958), in which
    a payment counts as long as it has been watched.
    """
    if "incident_reports" not in view.tables:
        return []
    until = view.months[-1].end
    told = view.tables["incident_reports"].filter((pl.col("kind") == "fraud") & (pl.col("reported_at") < until))
    first = told.group_by("transaction_id").agg(pl.col("reported_at").min()).collect()
    approved = view.truth.filter(pl.col("is_fraud") & (pl.col("status") != "declined"))
    rows = approved.select("transaction_id", "event_time", pl.col("fraud_type").cast(pl.String)).join(
        first, on="transaction_id", how="left"
    )
    if rows.height < 100:
        return []
    seen = pl.coalesce("reported_at", pl.lit(until)) - pl.col("event_time")
    rows = rows.with_columns(known=pl.col("reported_at").is_not_null(), days=seen.dt.total_seconds() / 86_400)
    found = _known_after(rows)
    counts = dict(rows["fraud_type"].value_counts(normalize=True).iter_rows())
    curves = {name: asked_curve(view.scenario, view.scenario.fraud.types[name]) for name in counts}
    watched = rows["event_time"].min()
    figures = []
    for k, days in enumerate(HORIZONS):
        if watched is None or watched + timedelta(days=days) > until:  # type: ignore[operator]  # an instant
            continue
        asked = sum(share * curves[name][k] for name, share in counts.items())
        figures.append(near(f"fraud reported within {days} days", float(asked), found[k], absolute=_ROOM))
    return figures


def asked_curve(scenario: Scenario, kind: CampaignType) -> F64:
    """Probability that a payment of the type is reported within each of the horizons, shape (3,).

    From the scenario's shares and medians; a debt that is written off counts from the end of a campaign, which lies
    after all horizons for all but the shortest.
    """
    number: I64 = np.arange(_DRAWS, dtype=np.int64)
    known = np.zeros(len(HORIZONS))
    if counts_from_end(kind):
        return known
    for large in (0, 1):
        delay, _ = delays(scenario, kind, number, number, np.full(_DRAWS, large))
        known += [float(((delay != NEVER) & (delay <= days * _DAY_US)).mean()) / 2 for days in HORIZONS]
    return known


def _known_after(rows: pl.DataFrame) -> list[float]:
    """Kaplan and Meier's estimate of the share that is known after each of the horizons."""
    order = rows.sort("days")
    days = order["days"].to_numpy()
    at_risk = np.arange(len(days), 0, -1)
    unknown = np.cumprod(1 - order["known"].to_numpy() / np.maximum(at_risk, 1))
    place = np.searchsorted(days, HORIZONS, side="right") - 1
    return [0.0 if p < 0 else float(1 - unknown[p]) for p in place]
