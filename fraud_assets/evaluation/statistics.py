"""Cheap gates on a simulated month: is the fraud as hard to see as real fraud is?

What lives here: the gates on shares and rates, on single columns and on keys, and :func:`run_gates`, which runs all
that need no model. The gate on give-away values is in :mod:`fraud_assets.evaluation.giveaways`. Every gate is a pure
function of lazy tables; honest rows beyond two million are sampled, so memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from fraud_assets.evaluation.gate import Labels, Result, batches, read
from fraud_assets.evaluation.giveaways import giveaways
from fraud_assets.evaluation.ranking import Bools, Floats

COLUMN_AUC_LIMIT = 0.80
TOP_DECILE_RANGE = (0.20, 0.45)
NIGHT_LIMIT = 2.5
#: The rate varies by month on purpose, and campaigns come whole: a month may be this far from what was asked for.
RATE_TOLERANCE = 0.4
KEY_LIMIT = 0.01
#: A column's value must be known for so many frauds before its AUC is judged; below, chance alone passes the limit.
_ENOUGH = 30
_NIGHT_UNTIL = 5
#: Numbers that are names: nights and noons, or 99 and 00 cents, are not an order.
_UNORDERED = {"local hour", "local weekday", "cents"}

#: Ledger key -> table and column where it must be found.
KEYS = {
    "customer_id": ("customers", "customer_id"),
    "merchant_id": ("merchants", "merchant_id"),
    "device_id": ("devices", "device_id"),
    "terminal_id": ("devices", "device_id"),
}


def run_gates(
    transactions: pl.LazyFrame,
    labeled_anomalies: pl.LazyFrame,
    requested_rate: float,
    tables: Mapping[str, pl.LazyFrame],
) -> list[Result]:
    """All cheap gates of a month.

    Parameters
    ----------
    transactions, labeled_anomalies
        The month's ledger and truth.
    requested_rate
        The scenario's share of ledger rows that are fraud.
    tables
        ``customers``, ``merchants`` and ``devices`` of the month, for the keys.

    Returns
    -------
    One result a gate. ``n`` is the number of fraud rows (or whatever the gate counts); what too few of them mean is the
    caller's decision.
    """
    labels = Labels.of(transactions, labeled_anomalies)
    return [
        column_auc(transactions, labels),
        giveaways(transactions, labels),
        key_coverage(transactions, labels, tables),
        top_amount_share(transactions, labels),
        night_share(transactions, labels),
        realised_rate(labels, requested_rate),
    ]


def realised_rate(labels: Labels, requested_rate: float) -> Result:
    """Share of ledger rows that are fraud, against the one that was asked for."""
    value = labels.frauds / labels.rows if labels.rows else 0.0
    low, high = requested_rate * (1 - RATE_TOLERANCE), requested_rate * (1 + RATE_TOLERANCE)
    return Result(
        name="realised_rate",
        passed=low <= value <= high,
        value=value,
        limit=f"{low:.4%} to {high:.4%}",
        explanation=f"{labels.frauds:,} of {labels.rows:,} ledger rows are fraud; {requested_rate:.2%} was asked for.",
        n=labels.frauds,
    )


def top_amount_share(transactions: pl.LazyFrame, labels: Labels) -> Result:
    """Share of frauds among the tenth of the month's debits with the largest amounts."""
    frame = read(transactions.filter(pl.col("direction").cast(pl.String) == "debit"), labels, [pl.col("amount")])
    amount, fraud = frame["amount"].to_numpy(), frame["is_fraud"].to_numpy()
    limit = f"{TOP_DECILE_RANGE[0]:.0%} to {TOP_DECILE_RANGE[1]:.0%}"
    if not fraud.any() or fraud.all():
        return _untested("top_amount_share", limit, int(fraud.sum()))
    # Frauds are so few that the decile of the honest rows is the decile of all.
    border = float(np.quantile(amount[~fraud], 0.9))
    value = float((amount[fraud] > border).mean())
    return Result(
        name="top_amount_share",
        passed=TOP_DECILE_RANGE[0] <= value <= TOP_DECILE_RANGE[1],
        value=value,
        limit=limit,
        explanation=f"{value:.1%} of the frauds exceed {border:,.2f}, as a tenth of the honest payments do.",
        n=int(fraud.sum()),
    )


def night_share(transactions: pl.LazyFrame, labels: Labels) -> Result:
    """Share of frauds before 5 o'clock local time, as a multiple of the honest share."""
    debits = transactions.filter(pl.col("direction").cast(pl.String) == "debit")
    frame = read(debits, labels, [(local_time().dt.hour() < _NIGHT_UNTIL).alias("is_night")])
    night, fraud = frame["is_night"].to_numpy(), frame["is_fraud"].to_numpy()
    limit = f"at most {NIGHT_LIMIT:g} times the honest share"
    if not fraud.any() or not night[~fraud].any():
        return _untested("night_share", limit, int(fraud.sum()))
    ours, theirs = float(night[fraud].mean()), float(night[~fraud].mean())
    return Result(
        name="night_share",
        passed=ours <= NIGHT_LIMIT * theirs,
        value=ours / theirs,
        limit=limit,
        explanation=f"{ours:.1%} of the frauds and {theirs:.1%} of the honest payments are between 0 and 5 o'clock.",
        n=int(fraud.sum()),
    )


def key_coverage(transactions: pl.LazyFrame, labels: Labels, tables: Mapping[str, pl.LazyFrame]) -> Result:
    """Is a fraud's customer, merchant, device and terminal found in its table as often as an honest row's?"""
    worst, details = 0.0, {}
    for key, (table, column) in KEYS.items():
        if table not in tables:
            continue
        known = tables[table].select(pl.col(column).alias(key)).unique()
        found = (
            transactions.filter(pl.col(key).is_not_null())
            .select("transaction_id", key)
            .join(known.with_columns(is_found=True), on=key, how="left")
            .select("transaction_id", pl.col("is_found").fill_null(False))
            .join(labels.fraud.lazy().select("transaction_id", is_fraud=True), on="transaction_id", how="left")
            .group_by(pl.col("is_fraud").fill_null(False))
            .agg(share=pl.col("is_found").mean())
            .collect(engine="streaming")
        )
        shares = dict(found.select("is_fraud", "share").iter_rows())
        if len(shares) == 2:
            details[key] = {"fraud": shares[True], "honest": shares[False]}
            worst = max(worst, abs(shares[True] - shares[False]))
    told = "; ".join(f"{key} {row['fraud']:.2%} and {row['honest']:.2%}" for key, row in details.items())
    return Result(
        name="key_coverage",
        passed=worst <= KEY_LIMIT,
        value=worst,
        limit=f"difference of at most {KEY_LIMIT:.0%}",
        explanation=f"Keys found in their table for fraud and for honest rows: {told or 'nothing to compare'}.",
        n=labels.frauds,
        details=details,
    )


def column_auc(transactions: pl.LazyFrame, labels: Labels) -> Result:
    """The best that any single ledger column does against truth, as ROC area.

    A number is ranked (whichever direction is better), a text is replaced by its fraud rate in the *other* half of
    the campaigns and of the honest rows, and a column with gaps counts as another column that only says where they are.
    Debit rows alone: they are what is scored.
    """
    debits = transactions.filter(pl.col("direction").cast(pl.String) == "debit")
    schema = transactions.collect_schema()
    areas: dict[str, float] = {}
    for columns in batches(_columns(schema)):
        frame = read(debits, labels, list(columns.values()))
        fraud, half = frame["is_fraud"].to_numpy(), frame["half"].to_numpy()
        for name in columns:
            column = frame[name]
            gaps = column.is_null().to_numpy()
            if min(fraud.sum(), (~fraud).sum()) < _ENOUGH:
                continue
            if gaps.any() and not gaps.all():
                areas[f"{name} is missing"] = _either_way(gaps.astype(np.float64), fraud)
            if fraud[~gaps].sum() < _ENOUGH or (~fraud[~gaps]).sum() < _ENOUGH:
                continue
            if name not in _UNORDERED and (column.dtype.is_numeric() or column.dtype == pl.Boolean):
                areas[name] = _either_way(column.cast(pl.Float64).to_numpy()[~gaps], fraud[~gaps])
            else:
                area = _cross_fitted(column.filter(~gaps), fraud[~gaps], half[~gaps])
                if area is not None:
                    areas[name] = area
    n = labels.frauds
    if not areas:
        return _untested("column_auc", f"at most {COLUMN_AUC_LIMIT:g}", n)
    ranked = dict(sorted(areas.items(), key=lambda item: -item[1]))
    best = next(iter(ranked))
    first = ", ".join(f"{name} {area:.2f}" for name, area in list(ranked.items())[:5])
    return Result(
        name="column_auc",
        passed=ranked[best] <= COLUMN_AUC_LIMIT,
        value=ranked[best],
        limit=f"at most {COLUMN_AUC_LIMIT:g}",
        explanation=f"The single columns that separate fraud best, by ROC area: {first}.",
        n=n,
        details={"roc_area": ranked},
    )


def local_time() -> pl.Expr:
    """The ledger's ``event_time`` on the clock of the place, from its offset."""
    return pl.col("event_time").dt.replace_time_zone(None) + pl.duration(minutes=pl.col("utc_offset_minutes"))


def _columns(schema: pl.Schema) -> dict[str, pl.Expr]:
    """Every ledger column, and what is read off its times."""
    columns = {
        name: pl.col(name).cast(pl.String) if isinstance(dtype, pl.Enum | pl.Categorical) else pl.col(name)
        for name, dtype in schema.items()
        if not dtype.is_temporal() and name != "direction"
    }
    columns |= {
        "local hour": local_time().dt.hour().alias("local hour"),
        "local weekday": local_time().dt.weekday().alias("local weekday"),
        "second of the minute": pl.col("event_time").dt.second().alias("second of the minute"),
        "fraction of the second": pl.col("event_time").dt.microsecond().alias("fraction of the second"),
        "event_time": pl.col("event_time").to_physical().alias("event_time"),
        "cents": (pl.col("amount") * 100).round().cast(pl.Int64).mod(100).alias("cents"),
    }
    if "posted_at" in schema:
        late = (pl.col("posted_at") - pl.col("event_time")).dt.total_seconds()
        columns["posting delay"] = late.alias("posting delay")
    return columns


def _either_way(values: Floats, fraud: Bools) -> float:
    area = _area(values, fraud)
    return max(area, 1 - area)


def _area(values: Floats, fraud: Bools) -> float:
    """Chance that a fraud's value exceeds an honest one, ties counting half (Mann and Whitney 1947)."""
    honest, ours = np.sort(values[~fraud]), values[fraud]
    above, reached = (np.searchsorted(honest, ours, side=side).mean() for side in ("left", "right"))
    return float((above + reached) / 2 / len(honest))


def _cross_fitted(values: pl.Series, fraud: Bools, half: Bools) -> float | None:
    """Mean over both halves of the ROC area of rates learned on the other half; None if a half has no fraud."""
    coded = values.cast(pl.Categorical).to_physical() if values.dtype == pl.String else values - values.min()
    level = coded.to_numpy().astype(np.int64)
    levels = int(level.max()) + 1
    areas = []
    for tested in (False, True):
        learned = half != tested
        here = half == tested
        if not fraud[here].any() or not fraud[learned].any() or fraud[here].all():
            return None
        rows = np.bincount(level[learned], minlength=levels)
        hits = np.bincount(level[learned], weights=fraud[learned], minlength=levels)
        # Drawn towards zero, not towards the average: a value that the other half has never seen must not score above
        # one that it knows to be honest, or any column of many values would pass for a separating one.
        rate = hits / (rows + 10)
        areas.append(_area(rate[level[here]], fraud[here]))
    return float(np.mean(areas))


def _untested(name: str, limit: str, n: int) -> Result:
    return Result(name, True, None, limit, "Not tested: there are too few fraud or honest rows of the month.", n)
