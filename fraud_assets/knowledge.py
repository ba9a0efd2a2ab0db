"""What the bank knew at an instant: the one place where reports become labels."""

from __future__ import annotations

from datetime import datetime

import polars as pl


def known_at(reports: pl.LazyFrame, cut: datetime) -> pl.LazyFrame:
    """The fraud reports that had reached the bank before ``cut``, the first one a transaction.

    Parameters
    ----------
    reports
        ``incident_reports`` of any months (columns of :class:`fraud_assets.tables.IncidentReports`).
    cut
        The instant; reports at or after it are not yet known.

    Returns
    -------
    Columns transaction_id, reported_at (the first fraud report), reported_type, sorted by transaction_id.
    """
    return (
        reports.filter((pl.col("kind") == "fraud") & (pl.col("reported_at") < cut))
        .sort("transaction_id", "reported_at")
        .group_by("transaction_id", maintain_order=True)
        .agg(pl.col("reported_at").first(), pl.col("reported_type").first())
    )


def accidents_known_at(reports: pl.LazyFrame, cut: datetime) -> pl.LazyFrame:
    """The accidents that the bank had been told of before ``cut``, the first report of each kind a transaction.

    Parameters
    ----------
    reports
        ``incident_reports`` of any months (columns of :class:`fraud_assets.tables.IncidentReports`).
    cut
        The instant; reports at or after it are not yet known.

    Returns
    -------
    Columns transaction_id, kind (every kind but fraud), reported_at, sorted by transaction_id and kind.
    """
    return (
        reports.filter((pl.col("kind") != "fraud") & (pl.col("reported_at") < cut))
        .group_by("transaction_id", pl.col("kind").cast(pl.String))
        .agg(pl.col("reported_at").min())
        .sort("transaction_id", "kind")
    )
