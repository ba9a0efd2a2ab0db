"""The file's rows as rows of the ledger: all of them, each once, with what the file does not say of them.

They wait on disk: in memory are the rows of a batch, and of each row its number and its transaction's.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from fraud_assets.ingest import IngestError
from fraud_assets.scenario import Bank, FilesScenario
from fraud_assets.scenario.sections import LATEST
from fraud_assets.scoring.loose import SCHEMA, LooseFile, twice
from fraud_assets.scoring.standpoint import Standpoint

_ARRIVING = ("income", "refund", "reversal")


def spool(loose: LooseFile, folder: Path) -> int:
    """Every row of the file as a row of the ledger, in parts on disk; returns their number."""
    (folder / "as-read").mkdir()
    total = 0
    for number, frame in enumerate(loose.batches()):
        loose.ledger(frame, total + 1).write_parquet(folder / "as-read" / f"{number:06}.parquet")
        total += frame.height
    if not total:
        raise IngestError(f"{loose.file.name} has no rows; there is nothing to score")
    return total


def check_once(loose: LooseFile, rows: pl.LazyFrame) -> None:
    """Raise IngestError if two rows are the same transaction."""
    keys = rows.select("transaction_id", "row").collect().sort("transaction_id", "row")
    again = (keys["transaction_id"] == keys["transaction_id"].shift(1)).fill_null(value=False)
    if again.any():
        at = int(again.arg_true()[0])
        raise twice(loose.file.name, keys["row"][at - 1], keys["row"][at])


def check_within(loose: LooseFile, rows: pl.LazyFrame, bank: Bank) -> None:
    """Raise IngestError if a row lies outside the bank's months."""
    time = pl.col("event_time")
    last = bank.last or LATEST
    outside = rows.filter((time < bank.first.start) | (time >= last.end)).select("row", "event_time").sort("row")
    for row, when in outside.head(1).select("row", time.dt.strftime("%Y-%m-%dT%H:%M:%SZ")).collect().iter_rows():
        until = f"to {bank.last}" if bank.last else "onwards"
        raise IngestError(
            f"{loose.file.name}: row {row:,}: event_time is {when}, outside the months of {bank.name},"
            f" {bank.first} {until}"
        )


def known_to_the_lake(loose: LooseFile, rows: pl.LazyFrame, points: Sequence[Standpoint]) -> pl.DataFrame:
    """Rows that the lake has, with what the file does not say of them."""
    ids = rows.select("transaction_id").collect().to_series()
    silent = [name for name in SCHEMA if name not in loose.given]
    parts = [point.known(ids, silent) for point in points]
    return pl.concat(parts).unique("transaction_id")


def says_what_arrives(loose: LooseFile, bank: Bank) -> bool:
    """Whether the file has a column that tells money that arrives from payments, as far as the bank's files do."""
    telling = {"direction", "kind"}
    if loose.foreign is not None and isinstance(bank, FilesScenario):
        telling &= set(bank.files.columns)
    return not telling or bool(telling & set(loose.given))


def completed(loose: LooseFile, rows: pl.LazyFrame, known: pl.DataFrame, points: Sequence[Standpoint]) -> pl.LazyFrame:
    """The rows with what the file does not say: from the lake, or else what is usual."""
    silent = [name for name in known.columns if name != "transaction_id"]
    rows = rows.join(known.lazy(), on="transaction_id", how="left", suffix="_known").with_columns(
        pl.coalesce(f"{name}_known", name).alias(name) for name in silent
    )
    if "direction" not in loose.given and "kind" in loose.given:
        usual = pl.when(pl.col("kind").is_in(_ARRIVING)).then(pl.lit("credit")).otherwise(pl.lit("debit"))
    else:
        usual = pl.lit("debit")
    direction = pl.coalesce("direction", usual.cast(SCHEMA["direction"]))
    kind = pl.when(direction == "credit").then(pl.lit("income")).otherwise(pl.lit("purchase"))
    homes = points[-1].customers.select("customer_id", "time_zone")
    return (
        rows.join(homes, on="customer_id", how="left")
        .with_columns(
            direction,
            pl.coalesce("kind", kind.cast(SCHEMA["kind"])),
            pl.col("category").fill_null("unknown"),
            pl.coalesce("posted_at", "event_time").alias("posted_at"),
            pl.coalesce("status", pl.lit("approved", dtype=SCHEMA["status"])),
            pl.coalesce("recipient_entity", pl.col("payee_id").cast(pl.String)).alias("recipient_entity"),
            pl.coalesce("utc_offset_minutes", _home_offset(homes)).alias("utc_offset_minutes"),
        )
        .select("row", *SCHEMA)
    )


def _home_offset(homes: pl.LazyFrame) -> pl.Expr:
    """Local time minus UTC at the customer's home, in minutes; 0 for a stranger."""
    zones = homes.select(pl.col("time_zone").drop_nulls().unique().sort()).collect().to_series()
    utc = pl.col("event_time").dt.replace_time_zone(None)
    offset = pl.lit(0, dtype=pl.Int64)
    for zone in zones:
        local = pl.col("event_time").dt.convert_time_zone(zone).dt.replace_time_zone(None)
        offset = pl.when(pl.col("time_zone") == zone).then((local - utc).dt.total_minutes()).otherwise(offset)
    return offset.cast(SCHEMA["utc_offset_minutes"])
