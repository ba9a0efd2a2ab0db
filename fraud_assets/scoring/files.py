"""The file in, the same file with score, decision and reasons out.

Two passes over the file: every row becomes a row of the ledger, and waits on disk; the features, and with them the
scores, are made customer by customer; then the rows go out as they came in. In memory are the rows of some customers,
and of each row of the file its score.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from fraud_assets.codes import DECISIONS
from fraud_assets.detection.scoring import score_month
from fraud_assets.detection.stream import streamed
from fraud_assets.features.needs import missing
from fraud_assets.features.registry import REGISTRY
from fraud_assets.ingest import IngestError
from fraud_assets.ingest.files import is_parquet
from fraud_assets.lake.formats import format_of, write_table
from fraud_assets.lake.store import Lake, LakeError
from fraud_assets.lake.writing import Progress, Written
from fraud_assets.months import Month
from fraud_assets.scenario import Bank
from fraud_assets.scenario.sections import LATEST
from fraud_assets.scoring.loose import SCHEMA, LooseFile, kind_of, twice
from fraud_assets.scoring.standpoint import Standpoint

#: The columns that are added; a column that has such a name already is replaced.
ADDED: dict[str, pl.DataType] = {"fraud_score": pl.Float64(), "decision": pl.String(), "reasons": pl.String()}
#: The value in a reason that the file has no columns for.
UNKNOWN = "unknown: the file lacks columns for it"
_FAMILIES = {feature.name: feature.family for feature in REGISTRY.values()}
_ARRIVING = ("income", "refund", "reversal")


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
    strangers
        Customers of whom the lake has nothing.
    lacking
        Inputs of features that the file does not have: features of its new rows that need them are null.
    champions
        Month -> the champion that scored its rows.
    """

    written: Written
    rows: int
    decisions: dict[str, int]
    arriving: int
    known: int
    strangers: int
    lacking: list[str]
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
    _check_target(loose, target)
    with TemporaryDirectory(prefix="fraud-assets-") as place:
        folder = Path(place)
        total = _spool(loose, folder)
        raw = pl.scan_parquet(folder / "as-read" / "*.parquet")
        _check_once(loose, raw)
        _check_within(loose, raw, bank)
        months = raw.select(pl.col("event_time").dt.strftime("%Y-%m").unique().sort()).collect().to_series().to_list()
        points = [Standpoint.of(lake, bank, bank.month(month), as_of) for month in months]
        with lake.naming_what_is_broken(list(dict.fromkeys(key for point in points for key in point.keys))):
            known = _known(loose, raw, points)
            sorted_rows = folder / "rows.parquet"
            _completed(loose, raw, known, points).sort("customer_id", "event_time", "transaction_id").sink_parquet(
                sorted_rows, row_group_size=50_000
            )
            rows = pl.scan_parquet(sorted_rows)
            lacking = loose.lacking(bank)
            lost = [name for name in missing([*lacking, *bank.absent]) if name not in missing(bank.absent)]
            scores = pl.concat([_scores(point, rows, known["transaction_id"], lost, progress) for point in points])
            strangers = _strangers(rows, points)
        by_row = (
            rows.select("row", "transaction_id", "direction")
            .collect()
            .join(scores, on="transaction_id", how="left")
            .sort("row")
        )
    written = write_table(
        *target, _output(loose, by_row, format_of(target[1])), title=Path(loose.file.name).stem, progress=progress
    )
    counts = by_row["decision"].drop_nulls().value_counts().rows()
    return Scored(
        written,
        total,
        {decision: dict(counts).get(decision, 0) for decision in DECISIONS},
        int((by_row["direction"] == "credit").sum()),
        known.height,
        strangers,
        lacking if known.height < total else [],
        {str(p.month): "{name} of {month}".format_map(p.decision["champion"]) for p in points},
    )


def _check_target(loose: LooseFile, target: tuple[Lake, str]) -> None:
    lake, key = target
    file, place = loose.file.name, lake.uri(key)
    is_same = file == place
    if lake.path and not file.startswith("s3://") and Path(place).exists():
        is_same = Path(place).samefile(file)
    if is_same:
        raise LakeError(f"{place} is the file that is read; name another with --out")
    kind = format_of(key)
    for name, dtype in _schema(next(loose.batches(), pl.DataFrame())).items():
        if not _has_room(kind, dtype):
            raise LakeError(
                f"{file}: a .{kind} file has no room for column {name}, which holds {kind_of(dtype)} values;"
                " leave it out, or name a file with --out that ends in .parquet"
            )


def _has_room(kind: str, dtype: pl.DataType) -> bool:
    """Whether a format can hold a column of a file."""
    if kind == "parquet":
        return True
    if dtype in (pl.Binary, pl.Object):
        return False
    if kind == "npz" and dtype in (pl.Time, pl.Decimal, pl.Null, pl.Int128, pl.UInt128):
        return False
    return kind == "jsonl" or not (dtype.is_nested() or dtype == pl.Duration)


def _spool(loose: LooseFile, folder: Path) -> int:
    """Every row of the file as a row of the ledger, in parts on disk; returns their number."""
    (folder / "as-read").mkdir()
    total = 0
    for number, frame in enumerate(loose.batches()):
        loose.ledger(frame, total + 1).write_parquet(folder / "as-read" / f"{number:06}.parquet")
        total += frame.height
    if not total:
        raise IngestError(f"{loose.file.name} has no rows; there is nothing to score")
    return total


def _check_once(loose: LooseFile, rows: pl.LazyFrame) -> None:
    keys = rows.select("transaction_id", "row").collect().sort("transaction_id", "row")
    again = (keys["transaction_id"] == keys["transaction_id"].shift(1)).fill_null(value=False)
    if again.any():
        at = int(again.arg_true()[0])
        raise twice(loose.file.name, keys["row"][at - 1], keys["row"][at])


def _check_within(loose: LooseFile, rows: pl.LazyFrame, bank: Bank) -> None:
    time = pl.col("event_time")
    last = bank.last or LATEST
    outside = rows.filter((time < bank.first.start) | (time >= last.end)).select("row", "event_time").sort("row")
    for row, when in outside.head(1).select("row", time.dt.strftime("%Y-%m-%dT%H:%M:%SZ")).collect().iter_rows():
        until = f"to {bank.last}" if bank.last else "onwards"
        raise IngestError(
            f"{loose.file.name}: row {row:,}: event_time is {when}, outside the months of {bank.name},"
            f" {bank.first} {until}"
        )


def _known(loose: LooseFile, rows: pl.LazyFrame, points: Sequence[Standpoint]) -> pl.DataFrame:
    """Rows that the lake has, with what the file does not say of them."""
    ids = rows.select("transaction_id").collect().to_series()
    silent = [name for name in SCHEMA if name not in loose.given]
    parts = [point.known(ids, silent) for point in points]
    return pl.concat(parts).unique("transaction_id")


def _completed(loose: LooseFile, rows: pl.LazyFrame, known: pl.DataFrame, points: Sequence[Standpoint]) -> pl.LazyFrame:
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


def _scores(
    point: Standpoint, rows: pl.LazyFrame, replaced: pl.Series, lost: Sequence[str], progress: Progress | None
) -> pl.DataFrame:
    """``transaction_id`` and the columns ``ADDED`` of the file's payments in the month."""
    month = pl.col("event_time").is_between(point.month.start, point.month.end, closed="left")
    asked = rows.filter(month).select("transaction_id", "amount")
    features = point.features(rows, replaced).join(asked, on="transaction_id", maintain_order="left")
    if lost:  # of the rows that only the file has; what the lake has said of its own
        is_new = ~pl.col("transaction_id").is_in(replaced.implode())
        features = features.with_columns(pl.when(~is_new).then(pl.col(name)).alias(name) for name in lost)
    scored = score_month(features, point.decision, _FAMILIES).select(
        "transaction_id", pl.col("score").alias("fraud_score"), pl.col("decision").cast(pl.Enum(DECISIONS)), "reasons"
    )
    if lost:
        nothing = [f'"feature": "{name}", "value": null' for name in lost]
        unknown = [text.replace("null", f'"{UNKNOWN}"') for text in nothing]
        said = pl.col("reasons").str.replace_many(nothing, unknown)
        scored = scored.with_columns(pl.when(is_new).then(said).otherwise(pl.col("reasons")).alias("reasons"))
    parts: list[pl.DataFrame] = [scored.collect_schema().to_frame()]
    for part in scored.collect_batches(maintain_order=True):
        parts.append(part)
        if progress:
            progress(sum(part.height for part in parts))
    return pl.concat(parts)


def _strangers(rows: pl.LazyFrame, points: Sequence[Standpoint]) -> int:
    """Customers who are neither on file nor in the ledger."""
    customers = rows.select(pl.col("customer_id").unique()).collect().to_series()
    return len(customers) - pl.concat([point.seen(customers) for point in points]).n_unique()


def _output(loose: LooseFile, scores: pl.DataFrame, kind: str) -> pl.LazyFrame:
    """The file's rows as they stand, with the scores beside them, read while they are written."""

    def cells(frame: pl.DataFrame) -> pl.DataFrame:
        if is_parquet(loose.file.name):
            return frame
        frame = _without_empty(frame)
        return loose.typed(frame) if kind == "parquet" else frame

    schema = _schema(cells(next(loose.batches())))

    def chunks() -> Iterator[pl.DataFrame]:
        first = 0
        for frame in loose.batches():
            own = scores.slice(first, frame.height).select(pl.col(name).cast(dtype) for name, dtype in ADDED.items())
            first += frame.height
            yield cells(frame).drop(ADDED, strict=False).hstack(own)

    return streamed(chunks, schema)


def _schema(frame: pl.DataFrame) -> Mapping[str, Any]:
    return {name: dtype for name, dtype in frame.schema.items() if name not in ADDED} | ADDED


def _without_empty(frame: pl.DataFrame) -> pl.DataFrame:
    """Nothing in place of the empty texts of a CSV file, so that nothing is written as nothing."""
    return frame.with_columns(pl.when(pl.all() != "").then(pl.all()))
