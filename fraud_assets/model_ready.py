"""The model-ready export: the months around a cut as one table of numbers, and the document that made it.

What lives here: finding the tables in the lake and writing the two files. How rows are prepared is in
``detection.prepared``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import takewhile

import polars as pl

from fraud_assets.assets.files import tables_in_lake
from fraud_assets.detection.prepared import SPLITS, prepare
from fraud_assets.features.registry import feature_names
from fraud_assets.lake.paths import Place
from fraud_assets.lake.reading import scan_in_pieces
from fraud_assets.lake.store import Lake, LakeError
from fraud_assets.lake.writing import Progress, Written, write_bytes, write_parquet
from fraud_assets.months import REPORT_DELAY, TRAINING_WINDOW, Month
from fraud_assets.scenario import Bank

ROWS, TRANSFORMER = "rows.parquet", "transformer.json"


@dataclass(frozen=True)
class ModelReady:
    """What was written.

    Attributes
    ----------
    counts
        Split -> rows and reported frauds.
    columns
        Prepared columns.
    known_until
        Reports of this month still count for the test.
    """

    rows: Written
    transformer: Written
    counts: dict[str, tuple[int, int]]
    columns: int
    known_until: Month


def write_model_ready(
    lake: Lake,
    bank: Bank,
    month: Month,
    target: Lake,
    *,
    prefix: str = "",
    truth: bool = False,
    progress: Progress | None = None,
) -> ModelReady:
    """Write the rows that models of a month are fitted and tried on, and their transformer.

    Parameters
    ----------
    month
        The test; the months before it are what is learned from.
    target, prefix
        Lake and folder in it; the files are ``rows.parquet`` and ``transformer.json``, which has the SHA-256 of the
        rows it belongs to: the two appear one after the other, and a kill may come between.
    truth
        Also the column ``y_truth`` for the test.

    Raises
    ------
    LakeError
        If the lake lacks a month, or nobody knows the truth.
    ValueError
        If the month is the bank's first.
    """
    if truth and not bank.has_truth:
        raise LakeError(f"nobody knows the truth about the transactions of {bank.name}; leave --truth out")
    months = [m for m in (*month.back(TRAINING_WINDOW), month) if m >= bank.first]
    keys = tables_in_lake(lake, bank, "transaction_features", [m.key for m in months])
    later = (month + k for k in range(1, REPORT_DELAY + 1))
    told = takewhile(lambda m: lake.exists(Place(bank.name, "incident_reports", m.key).parquet), later)
    reporting = [*months, *told]
    reports = tables_in_lake(lake, bank, "incident_reports", [m.key for m in reporting])
    labels = tables_in_lake(lake, bank, "labeled_anomalies", [month.key]) if truth else []
    with lake.naming_what_is_broken([*keys, *reports, *labels]):
        found = prepare(
            scan_in_pieces(lake, keys),
            lake.scan_parquet(reports),
            month,
            bank.first,
            feature_names(),
            reporting[-1].end,
            lake.scan_parquet(labels).filter("is_fraud") if labels else None,
        )
        document = {
            "bank": bank.name,
            "month": month.key,
            "splits": {name: found.slices.document()[name] for name in SPLITS if name != "test"}
            | {"test": [month.start.isoformat(), month.end.isoformat()]},
            "known_until": {"train, tune, compare": month.start.isoformat(), "test": reporting[-1].end.isoformat()},
            "fitted_on": {"split": "train", "rows": found.fitted_on},
            **found.preparation.document(),
        }
        rows = write_parquet(target, f"{prefix}{ROWS}", found.rows, progress=progress)
    text = json.dumps({"rows_sha256": rows.sha256, **document}, indent=1, allow_nan=False).encode()
    transformer = write_bytes(target, f"{prefix}{TRANSFORMER}", text + b"\n")
    return ModelReady(
        rows, transformer, _counts(target, f"{prefix}{ROWS}"), len(found.preparation.columns), reporting[-1]
    )


def _counts(target: Lake, key: str) -> dict[str, tuple[int, int]]:
    counted = (
        target.scan_parquet([key])
        .group_by(pl.col("split").cast(pl.String))
        .agg(rows=pl.len(), frauds=pl.col("y").cast(pl.Int64).sum())
        .collect(engine="streaming")
    )
    found = {name: (rows, frauds) for name, rows, frauds in counted.iter_rows()}
    return {name: found.get(name, (0, 0)) for name in SPLITS}
