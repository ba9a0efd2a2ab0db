"""Population figures: how often, and with what amounts, each kind of payment occurred in the three months before."""

from __future__ import annotations

import polars as pl

from fraud_assets.features.arrays import LOG_SCALE
from fraud_assets.months import FEATURE_LOOKBACK, Month
from fraud_assets.tables import PopulationStatistics, conform, polars_schema

_DIMENSIONS = ("category", "channel", "method", "hour")


def population_statistics(month: Month, transactions: pl.LazyFrame) -> pl.DataFrame:
    """The figures that every row of the month may be compared with.

    Payments are approved debits; what arrives on the account is none. Sums run over logarithms in fixed point, so they
    do not depend on the order of the rows or the number of threads.

    Parameters
    ----------
    month
        The month that will use them; no row at or after its start counts.
    transactions
        ``transactions`` of the three months before, as many as there are.

    Returns
    -------
    :class:`fraud_assets.tables.PopulationStatistics`, sorted by (dimension, value): a row for each category, channel,
    method and local hour (``00`` to ``23``) that occurred, and one (``all``, ``all``). Empty without history.
    """
    time = pl.col("event_time")
    local = time + pl.duration(minutes=pl.col("utc_offset_minutes"))
    log = (pl.col("amount").log() * LOG_SCALE).round().cast(pl.Int64)
    cells = (
        transactions.filter(
            pl.col("direction") == "debit",
            pl.col("status") == "approved",
            time.is_between((month - FEATURE_LOOKBACK).start, month.start, closed="left"),
        )
        .select(
            *(pl.col(name).cast(pl.String) for name in ("category", "channel", "method")),
            local.dt.strftime("%H").alias("hour"),
            log.alias("log"),
        )
        .group_by(_DIMENSIONS)
        .agg(pl.len().cast(pl.Int64).alias("rows"), pl.col("log").sum(), (pl.col("log") ** 2).sum().alias("square"))
        .collect(engine="streaming")
    )
    if cells.is_empty():
        return pl.DataFrame(schema=polars_schema(PopulationStatistics))
    keys = [(name, pl.col(name)) for name in _DIMENSIONS] + [("all", pl.lit("all"))]
    mean = pl.col("log") / pl.col("rows") / LOG_SCALE
    variance = pl.col("square") / pl.col("rows") / LOG_SCALE**2 - mean**2
    figures = (
        pl.concat(
            cells.group_by(pl.lit(dimension).alias("dimension"), key.alias("value")).agg(
                pl.col("rows", "log", "square").sum()
            )
            for dimension, key in keys
        )
        .with_columns(
            (pl.col("rows") / cells["rows"].sum()).alias("share"),
            mean.alias("log_amount_mean"),
            variance.clip(lower_bound=0).sqrt().alias("log_amount_std"),
        )
        .drop_nulls("value")  # of a column that the bank does not have
        .sort("dimension", "value")
    )
    return conform(figures, PopulationStatistics)
