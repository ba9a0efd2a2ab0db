"""The gate on reports: does the bank learn of fraud as fast as asked for?"""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import numpy as np
import polars as pl

from fraud_assets.counting import counted
from fraud_assets.evaluation.gates.result import Result, share_line, untested
from fraud_assets.evaluation.statistics import Floats

NAME = "report_delays"
#: Of what is ever known, what is known after so many days: issuers' figures on reports and chargebacks [P].
KNOWN_AFTER = {7: 0.50, 30: 0.80, 90: 0.95}
#: Nothing is reported later: what is known after so many days is what is ever known.
EVER = 180
_TOLERANCE = 0.15
#: Standard errors that chance may add, campaigns being reported as one.
_CHANCE = 2.0
_ENOUGH_CAMPAIGNS = 10


def report_delays(labeled_anomalies: pl.LazyFrame, incident_reports: pl.LazyFrame, known_until: datetime) -> Result:
    """Shares of the fraud known after 7, 30 and 90 days, each relative to the share known after the next.

    Fraud of the last days has had little time to be reported: the shares are Kaplan and Meier's (1958), in which a
    payment counts as long as it has been watched. A pair is judged once fraud has been watched long enough for it.

    Parameters
    ----------
    labeled_anomalies
        transaction_id, event_time, is_fraud and campaign_id of the months that are watched, a year at most.
    incident_reports
        transaction_id, reported_at and kind of everything filed since, up to ``known_until``.
    """
    limit = f"within {_TOLERANCE:g} of what was asked for, and {_CHANCE:g} standard errors"
    told = incident_reports.filter(pl.col("kind").cast(pl.String) == "fraud", pl.col("reported_at") < known_until)
    first = told.group_by("transaction_id").agg(pl.col("reported_at").min())
    fraud = (
        labeled_anomalies.filter("is_fraud")
        .select("transaction_id", "campaign_id", "event_time")
        .join(first, on="transaction_id", how="left")
        .select(
            "campaign_id",
            known=pl.col("reported_at").is_not_null(),
            age=_days(pl.lit(known_until) - pl.col("event_time")),
            days=_days(pl.coalesce("reported_at", pl.lit(known_until)) - pl.col("event_time")),
        )
        .collect()
    )
    horizons = [*KNOWN_AFTER, EVER]
    share = dict(zip(horizons, _known_after(fraud, horizons), strict=True))
    lines = []
    for days_before, days_after in pairwise(horizons):
        watched = fraud.filter(pl.col("age") >= days_after)["campaign_id"].n_unique()
        if watched < _ENOUGH_CAMPAIGNS or not share[days_after]:
            continue
        asked = KNOWN_AFTER[days_before] / KNOWN_AFTER.get(days_after, 1.0)
        room = _TOLERANCE + _CHANCE * float(np.sqrt(asked * (1 - asked) / watched))
        lines.append(
            share_line(
                f"known within {days_before} days, of what is known within {days_after}",
                share[days_before] / share[days_after],
                asked - room,
                asked + room,
                asked,
                f"{counted(watched, 'campaign')} watched so long; {share[days_before]:.1%} of all fraud known",
            )
        )
    n = fraud.height
    if not lines:
        return untested(NAME, limit, n, f"too few campaigns have been watched for {horizons[1]} days")
    broken = [line for line in lines if not line.holds]
    told_of = "; ".join(f"{line.realised:.0%} {line.name} ({line.asked:.0%} asked for)" for line in broken or lines)
    quick = fraud.filter(pl.col("known") & (pl.col("days") <= horizons[1]))["days"].median()
    details = {"share known after days": share, "median of those known within 30 days": quick}
    return Result(NAME, not broken, lines[0].realised, limit, f"{told_of}.", n, tuple(lines), details)


def _days(duration: pl.Expr) -> pl.Expr:
    return duration.dt.total_seconds() / 86_400


def _known_after(fraud: pl.DataFrame, horizons: list[int]) -> list[float]:
    """Kaplan and Meier's estimate of the share that is known after so many days."""
    order = fraud.sort("days", "known", descending=[False, True])
    days: Floats = order["days"].to_numpy()
    known = order["known"].to_numpy()
    at_risk = np.arange(len(days), 0, -1)
    unknown = np.cumprod(1 - known / np.maximum(at_risk, 1))
    place = np.searchsorted(days, horizons, side="right") - 1
    return [0.0 if p < 0 else float(1 - unknown[p]) for p in place]
