"""The file in, the same file with score, decision and reasons out.

Two passes over the file: every row becomes a row of the ledger, and waits on disk; the features, and with them the
scores, are made customer by customer; then the rows go out as they came in. In memory are the rows of some customers,
and of each row of the file its score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from fraud_assets.codes import DECISIONS
from fraud_assets.detection.scoring import score_month
from fraud_assets.features.needs import missing
from fraud_assets.features.registry import REGISTRY
from fraud_assets.lake.formats import format_of, write_table
from fraud_assets.lake.store import Lake
from fraud_assets.lake.writing import Progress, Written
from fraud_assets.months import Month
from fraud_assets.scenario import Bank
from fraud_assets.scoring.loose import LooseFile
from fraud_assets.scoring.output import check_target, output
from fraud_assets.scoring.rows import check_once, check_within, completed, known_to_the_lake, says_what_arrives, spool
from fraud_assets.scoring.standpoint import Standpoint

#: The value in a reason that the file has no columns for.
UNKNOWN = "unknown: the file lacks columns for it"
#: The value in a reason of a customer of whom the lake has nothing, where the file's rows do not give it either.
NOTHING = "unknown: neither the file nor the lake gives it"
_FAMILIES = {feature.name: feature.family for feature in REGISTRY.values()}


@dataclass(frozen=True)
class Scored:
    """What became of a file.

    Attributes
    ----------
    decisions
        Decision -> rows.
    arriving
        Rows of money that arrives, which is not scored.
    known
        Rows whose transaction the lake has.
    taken_for_payments
        Rows new to the lake of which a file without a column for it does not say whether money leaves or arrives.
    strangers
        Customers of whom the lake has nothing.
    lacking
        Inputs of features that the file does not have: features of its new rows that need them are null.
    lost
        How many features these are.
    champions
        Month -> the champion that scored its rows.
    """

    written: Written
    rows: int
    decisions: dict[str, int]
    arriving: int
    known: int
    taken_for_payments: int
    strangers: int
    lacking: list[str]
    lost: int
    champions: dict[str, str]


def score_file(
    lake: Lake,
    bank: Bank,
    loose: LooseFile,
    target: tuple[Lake, str],
    *,
    as_of: Month | None = None,
    progress: Progress | None = None,
) -> Scored:
    """Score a file of transactions with what the bank knew just before each of them.

    Parameters
    ----------
    loose
        A CSV or Parquet file on disk or on S3. Its columns are those of the ledger, as many as there are, or of a bank
        of files those of its own files. Further ones are kept.
    target
        A lake and a key in it that ends as the format to write does.
    as_of
        The month whose champion and tables are used; by default that of each row. Of later months the customers' rows
        are seen as far as the lake has them, but what other customers do is known up to the end of ``as_of`` only.

    Returns
    -------
    What became of it. The file has all rows in their order, with the columns ``ADDED``, null where money arrives.
    Texts of CSV that are columns of the ledger go out to Parquet in its types: tables of the lake can be joined.
    Rows of the file are history for its later rows; one that the lake has already is taken from the file, what the file
    does not say of it from the lake.

    Raises
    ------
    IngestError
        If the file cannot be read, or a row of it is no transaction.
    LakeError
        If there is no champion, the lake lacks a table, or the target is the file itself or has no room for a column.
    """
    check_target(loose, target)
    with TemporaryDirectory(prefix="fraud-assets-") as place:
        folder = Path(place)
        total = spool(loose, folder)
        raw = pl.scan_parquet(folder / "as-read" / "*.parquet")
        check_once(loose, raw)
        check_within(loose, raw, bank)
        months = raw.select(pl.col("event_time").dt.strftime("%Y-%m").unique().sort()).collect().to_series().to_list()
        points = [Standpoint.of(lake, bank, bank.month(month), as_of) for month in months]
        with lake.naming_what_is_broken(list(dict.fromkeys(key for point in points for key in point.keys))):
            known = known_to_the_lake(loose, raw, points)
            sorted_rows = folder / "rows.parquet"
            completed(loose, raw, known, points).sort("customer_id", "event_time", "transaction_id").sink_parquet(
                sorted_rows, row_group_size=50_000
            )
            rows = pl.scan_parquet(sorted_rows)
            lacking = loose.lacking(bank)
            lost = [name for name in missing([*lacking, *bank.absent]) if name not in missing(bank.absent)]
            strangers = _strangers(rows, points)
            replaced = known["transaction_id"]
            scores = pl.concat([_scores(point, rows, replaced, lost, strangers, progress) for point in points])
        by_row = (
            rows.select("row", "transaction_id", "direction")
            .collect()
            .join(scores, on="transaction_id", how="left")
            .sort("row")
        )
    written = write_table(
        *target, output(loose, by_row, format_of(target[1])), title=Path(loose.file.name).stem, progress=progress
    )
    counts = by_row["decision"].drop_nulls().value_counts().rows()
    return Scored(
        written,
        total,
        {decision: dict(counts).get(decision, 0) for decision in DECISIONS},
        int((by_row["direction"] == "credit").sum()),
        known.height,
        0 if says_what_arrives(loose, bank) else total - known.height,
        len(strangers),
        lacking if known.height < total else [],
        len(lost),
        {str(p.month): "{name} of {month}".format_map(p.decision["champion"]) for p in points},
    )


def _scores(
    point: Standpoint,
    rows: pl.LazyFrame,
    replaced: pl.Series,
    lost: Sequence[str],
    strangers: pl.Series,
    progress: Progress | None,
) -> pl.DataFrame:
    """``transaction_id`` and the columns ``ADDED`` of the file's payments in the month."""
    month = pl.col("event_time").is_between(point.month.start, point.month.end, closed="left")
    asked = rows.filter(month).select("transaction_id", "amount")
    features = point.features(rows, replaced).join(asked, on="transaction_id", maintain_order="left")
    is_new = ~pl.col("transaction_id").is_in(replaced.implode())
    if lost:  # of the rows that only the file has; what the lake has said of its own
        features = features.with_columns(pl.when(~is_new).then(pl.col(name)).alias(name) for name in lost)
    lacking = {f'"feature": "{name}", "value": null': f'"feature": "{name}", "value": "{UNKNOWN}"' for name in lost}
    said = pl.when(is_new).then(pl.col("reasons").str.replace_many(lacking)).otherwise("reasons")
    told = said.str.replace_all('"value": null', f'"value": "{NOTHING}"', literal=True)
    scored = score_month(features, point.decision, _FAMILIES).select(
        "transaction_id",
        pl.col("score").alias("fraud_score"),
        pl.col("decision").cast(pl.Enum(DECISIONS)),
        pl.when(pl.col("customer_id").is_in(strangers.implode())).then(told).otherwise(said).alias("reasons"),
    )
    parts: list[pl.DataFrame] = [scored.collect_schema().to_frame()]
    for part in scored.collect_batches(maintain_order=True):
        parts.append(part)
        if progress:
            progress(sum(part.height for part in parts))
    return pl.concat(parts)


def _strangers(rows: pl.LazyFrame, points: Sequence[Standpoint]) -> pl.Series:
    """Customers who are neither on file nor in the ledger."""
    customers = rows.select(pl.col("customer_id").unique()).collect().to_series()
    seen = pl.concat([point.seen(customers) for point in points])
    return customers.filter(~customers.is_in(seen.implode()))
