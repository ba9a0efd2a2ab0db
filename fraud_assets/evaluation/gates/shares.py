"""The gates on shares: fraud among the largest amounts, and fraud by night."""

from __future__ import annotations

import numpy as np
import polars as pl

from fraud_assets.counting import counted
from fraud_assets.evaluation.gates.result import Line, Result, share_line, untested
from fraud_assets.evaluation.gates.sample import Sample, Truth
from fraud_assets.evaluation.statistics import clustered_mean

TOP_DECILE_RANGE = (0.20, 0.45)
NIGHT_LIMIT = 2.5
_NIGHT_UNTIL = 5
#: Standard errors that chance may add to a limit: campaigns come whole, and a month has few of them.
CHANCE = 2.0
_ONE_CAMPAIGN = "all fraud is of one campaign"


def top_amount_share(sample: Sample, truth: Truth) -> Result:
    """Share of frauds among the tenth of the month's debits with the largest amounts, currency by currency."""
    name, (low, high) = "top_amount_share", TOP_DECILE_RANGE
    limit = f"{low:.0%} to {high:.0%}, within {CHANCE:g} standard errors"
    fraud, honest = (frame.filter(_is_debit()) for frame in (sample.fraud, sample.honest))
    if fraud.is_empty() or honest.is_empty():
        return untested(name, limit, truth.frauds)
    # Frauds are so few that the decile of the honest rows is the decile of all.
    border = honest.group_by("currency").agg(border=pl.col("amount").quantile(0.9))
    placed = fraud.join(border, on="currency", how="left").with_columns(
        is_top=(pl.col("amount") > pl.col("border")).fill_null(value=True)
    )
    share = clustered_mean(placed["is_top"].to_numpy().astype(np.float64), placed["campaign_id"].to_numpy())
    if not np.isfinite(share.error):
        return untested(name, limit, truth.frauds, _ONE_CAMPAIGN)
    room = CHANCE * share.error
    allowed = share_line("all fraud", share.value, low - room, high + room, None, _within(share.error))
    types = placed.group_by("fraud_type").agg(pl.col("is_top").mean(), pl.len()).sort("fraud_type")
    told = ", ".join(f"{b:,.2f} {c}" for c, b in border.sort("currency").head(3).iter_rows())
    return Result(
        name=name,
        passed=allowed.holds,
        value=share.value,
        limit=limit,
        explanation=f"{share.value:.1%} of the frauds exceed {told}, as a tenth of the honest payments do.",
        n=fraud.height,
        lines=(allowed, *(Line(t, float(s), note=counted(n, "row")) for t, s, n in types.iter_rows())),
        details={"border": dict(border.sort("currency").iter_rows())},
    )


def night_share(sample: Sample, truth: Truth) -> Result:
    """Share of frauds before 5 o'clock local time, as a multiple of the honest share."""
    name, limit = "night_share", f"at most {NIGHT_LIMIT:g} times the honest share, within {CHANCE:g} standard errors"
    night = pl.col("local").dt.hour() < _NIGHT_UNTIL
    fraud, honest = (frame.filter(_is_debit()).with_columns(is_night=night) for frame in (sample.fraud, sample.honest))
    if fraud.is_empty() or not honest["is_night"].any():
        return untested(name, limit, truth.frauds)
    theirs = float(honest.select(pl.col("is_night").mean()).item())
    ours = clustered_mean(fraud["is_night"].to_numpy().astype(np.float64), fraud["campaign_id"].to_numpy())
    if not np.isfinite(ours.error):
        return untested(name, limit, truth.frauds, _ONE_CAMPAIGN)
    times, error = ours.value / theirs, ours.error / theirs
    allowed = Line("all fraud", times, None, NIGHT_LIMIT + CHANCE * error, note=_within(error))
    types = fraud.group_by("fraud_type").agg(pl.col("is_night").mean(), pl.len()).sort("fraud_type")
    return Result(
        name=name,
        passed=allowed.holds,
        value=times,
        limit=limit,
        explanation=(
            f"{ours.value:.1%} of the frauds and {theirs:.1%} of the honest payments are between 0 and 5 o'clock."
        ),
        n=fraud.height,
        lines=(allowed, *(Line(t, float(s) / theirs, note=counted(n, "row")) for t, s, n in types.iter_rows())),
    )


def _is_debit() -> pl.Expr:
    return pl.col("direction").cast(pl.String) == "debit"


def _within(error: float) -> str:
    return f"standard error {error:.3f}, by campaign"
