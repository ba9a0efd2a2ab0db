"""Rows that occur twice: which they are, and what is kept of the later ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.ingest.cells import originals, time_cells
from fraud_assets.ingest.files import SourceFile
from fraud_assets.ingest.finish import REPORTS
from fraud_assets.ingest.sources import batches
from fraud_assets.ingest.spool import Spool
from fraud_assets.months import Month
from fraud_assets.scenario.source import FilesScenario

#: Where the number of a file begins in a row's position; below it is the row's number in the file.
FILE = 1 << 40


def repeated(ids: Spool) -> pl.DataFrame:
    """Positions of the rows whose number an earlier row has, and that row's."""
    parts = []
    for number in range(ids.buckets):
        bucket = ids.bucket(number)
        if bucket is None:
            continue
        bucket = bucket.sort("transaction_id", "position")
        again = bucket["transaction_id"] == bucket["transaction_id"].shift(1)
        if again.any():
            first = pl.col("position").first().over("transaction_id").alias("first")
            parts.append(bucket.with_columns(first).filter(again.fill_null(False)).select("position", "first"))
    schema = {"position": pl.Int64, "first": pl.Int64}
    return pl.concat(parts).sort("position") if parts else pl.DataFrame(schema=schema)


class Copies:
    """Rows whose number an earlier row has: taken out of the ledger, told as rejected, asked what they say of fraud.

    Parameters
    ----------
    table
        Position of each, and ``first``, that of the row that is kept.
    """

    def __init__(self, scenario: FilesScenario, month: Month, table: pl.DataFrame) -> None:
        self._scenario, self._month, self._table = scenario, month, table
        self._labels: list[pl.DataFrame] = []

    def __len__(self) -> int:
        return self._table.height

    def reread(self, files: Sequence[SourceFile], keys: Mapping[str, str]) -> Iterator[pl.DataFrame]:
        """They as they stand in their files, with the reason.

        Parameters
        ----------
        keys
            Months of the files, by name.
        """
        scenario = self._scenario
        positions, firsts = self._table["position"].to_numpy(), self._table["first"].to_numpy()
        what = "transaction_id repeats that" if scenario.files.sources("transaction_id") else "repeats all"
        all_names = np.array([file.name for file in files], dtype=object)
        for number, file in enumerate(files):
            lo, hi = np.searchsorted(positions, (number * FILE, (number + 1) * FILE)).tolist()
            if lo == hi:
                continue
            for batch in batches(file, scenario.files, scenario.files.wanted):
                at = batch.rows + number * FILE
                here = np.isin(at, positions[lo:hi], assume_unique=True)
                if not here.any():
                    continue
                frame, first = batch.frame.filter(here), firsts[positions.searchsorted(at[here])]
                self._ask(frame, first, keys.get(file.name, self._month.key))
                pairs = zip(first % FILE, all_names[first // FILE], strict=True)
                reasons = [f"{what} of row {row} of {name}" for row, name in pairs]
                yield pl.DataFrame({"position": at[here], "reason": reasons, "original": originals(frame)})

    def _ask(self, frame: pl.DataFrame, first: npt.NDArray[np.int64], key: str) -> None:
        if not self._scenario.files.sources("is_fraud"):
            return
        _, when, rows = time_cells(frame, self._scenario)
        typed = rows.read(when, key).with_columns(position=pl.Series(first)).filter("is_fraud")
        names = [name for name in ("reported_at", *REPORTS) if name in typed.columns]
        self._labels.append(typed.select("position", "customer_id", *dict.fromkeys(names)))

    def taken_out(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows without them, and with the fraud that only they tell of: some files name a transaction again when
        it is reported. Of two that do, the earlier report counts; one of another customer is no copy."""
        if not len(self):
            return rows
        rows = rows.join(self._table, on="position", how="anti", maintain_order="left")
        labels = pl.concat(self._labels) if self._labels else pl.DataFrame()
        if labels.is_empty():
            return rows
        order = [name for name in ("position", "reported_at") if name in labels.columns]
        labels = labels.sort(order, nulls_last=True, maintain_order=True).unique(
            ["position", "customer_id"], keep="first"
        )
        return _told(rows, labels)


def _told(rows: pl.DataFrame, copies: pl.DataFrame) -> pl.DataFrame:
    """Rows with what the first of their copies says of fraud, where they say nothing."""
    names = [name for name in REPORTS if name in copies.columns]
    rows = rows.join(copies, on=["position", "customer_id"], how="left", maintain_order="left", suffix="_told")
    is_new = pl.col("is_fraud_told").is_not_null() & ~pl.col("is_fraud")
    told = [pl.when(is_new).then(f"{name}_told").otherwise(name).alias(name) for name in names]
    rows = rows.with_columns(told).drop(f"{name}_told" for name in names)
    if "reported_at" in names:  # of a copy with an earlier time
        later = pl.max_horizontal("reported_at", "event_time")
        rows = rows.with_columns(reported_at=pl.when(pl.col("reported_at").is_not_null()).then(later))
    return rows
