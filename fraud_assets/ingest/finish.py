"""The last step to the ledger: what the files do not say is filled in where there is one answer, and null elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from fraud_assets.ingest.tables import FilesTransactions, SourceLabels
from fraud_assets.ingest.times import utc_offsets
from fraud_assets.scenario.source import FilesScenario
from fraud_assets.tables import conform, polars_schema

#: In place of a name where the ledger must have one.
UNKNOWN = "unknown"
_ARRIVING = ("income", "refund", "reversal")


def ledger(rows: pl.DataFrame | None, scenario: FilesScenario) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of the ledger, sorted, and those among them that the files call fraud, as ``source_labels``.

    Parameters
    ----------
    rows
        Typed rows of whole customers; None if there are none.
    """
    if rows is None:
        return pl.DataFrame(schema=polars_schema(FilesTransactions)), pl.DataFrame(schema=polars_schema(SourceLabels))
    rows = rows.sort("customer_id", "event_time", "transaction_id")
    absent = [
        pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in {**polars_schema(FilesTransactions), **REPORTS}.items()
        if name not in rows.columns
    ]
    rows = rows.with_columns(absent).with_columns(*_answers(rows, scenario))
    delay = pl.duration(seconds=round(scenario.files.report_delay_days * 86_400))
    labelled = rows.filter(pl.col("is_fraud").fill_null(False)).with_columns(
        reported_at=pl.coalesce("reported_at", pl.col("event_time") + delay)
    )
    return conform(rows, FilesTransactions), conform(labelled, SourceLabels)


#: What files say of fraud.
REPORTS = {"is_fraud": pl.Boolean(), "reported_at": pl.Datetime("us", "UTC"), "reported_type": pl.String()}


def labels(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """``source_labels`` of all parts, sorted by transaction."""
    return pl.concat([pl.DataFrame(schema=polars_schema(SourceLabels)), *parts]).sort("transaction_id")


def _answers(rows: pl.DataFrame, scenario: FilesScenario) -> list[pl.Expr]:
    """Columns of which there is one answer where the files give none."""
    offset = utc_offsets(rows["event_time"], scenario.files.time_zone).dt.total_minutes()
    kind, direction = pl.col("kind"), pl.col("direction")
    if "direction" not in rows.columns:
        kind = kind.fill_null("purchase")
        direction = pl.when(kind.is_in(_ARRIVING)).then(pl.lit("credit")).otherwise(pl.lit("debit"))
    elif "kind" not in rows.columns:
        kind = pl.when(direction == "credit").then(pl.lit("income")).otherwise(pl.lit("purchase"))
    return [
        pl.lit(offset).alias("utc_offset_minutes"),
        pl.coalesce("posted_at", "event_time").alias("posted_at"),
        pl.col("method").fill_null(UNKNOWN),
        pl.col("category").fill_null(UNKNOWN),
        pl.col("status").fill_null("approved"),
        kind.alias("kind"),
        direction.alias("direction"),
        pl.lit(scenario.currency).alias("currency"),
    ]
