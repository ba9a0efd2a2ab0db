"""Banks of files for tests: a folder, a scenario over it, and a month of it taken in."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from fraud_assets.ingest import FILES_TABLES, ingest_month
from fraud_assets.lake import outside
from fraud_assets.months import Month
from fraud_assets.rules import broken_columns, broken_rows
from fraud_assets.scenario import FilesScenario
from fraud_assets.tables import polars_schema

COLUMNS = {"transaction_id": "id", "customer_id": "who", "event_time": "when", "amount": "sum"}
#: A file's first line with these columns, and a row that is as it should be.
HEAD = "id,who,when,sum\n"
GOOD = "1,A,2024-01-05 10:00:00,12.50\n"
SORTED_BY = ("customer_id", "event_time", "transaction_id")


@dataclass(frozen=True)
class Taken:
    """What became of a month."""

    ledger: pl.DataFrame
    rejected: pl.DataFrame
    labels: pl.DataFrame
    read: int
    elsewhere: int
    missing: tuple[str, ...]

    @property
    def reasons(self) -> list[str]:
        return self.rejected["reason"].to_list()


def bank(location: str, columns: dict[str, Any] | None = None, **files: Any) -> FilesScenario:
    """A bank from January to March 2024 whose files are at the location; UTC unless said otherwise."""
    section = {"location": location, "time_zone": "UTC", "columns": columns or COLUMNS, **files}
    named = {"name": "foreign", "title": "A foreign bank", "source": "files", "currency": "EUR"}
    return FilesScenario.model_validate({**named, "first_month": "2024-01", "last_month": "2024-03", "files": section})


def zipped(content: bytes) -> bytes:
    """The content as gzip compresses it, without the time of day: the names of tests are the same in every process."""
    return gzip.compress(content, mtime=0)


def take(scenario: FilesScenario, key: str = "2024-01") -> Taken:
    """A month, with what every run has to keep: the rules of the tables, and no row lost."""
    month, files = Month.parse(key), scenario.files
    found: dict[Month | None, Any] = {None: outside.find(files.location, Path())}
    if files.is_monthly:
        months = [other for other in (month - 1, month, month + 1) if scenario.holds(other)]
        found = {other: outside.find(files.of_month(other.key), Path()) for other in months}
    with ingest_month(scenario, month, found) as taken:
        ledger = pl.concat([make() for make in taken.ledger_chunks()])
        rejected = pl.concat([make() for make in taken.rejected_chunks()])
        labels = taken.labels()
        taken.check()
        result = Taken(ledger, rejected, labels, taken.read, taken.elsewhere, taken.missing)
    for name, frame in {"transactions": ledger, "rejected_transactions": rejected, "source_labels": labels}.items():
        table = FILES_TABLES[name]
        assert not broken_columns(frame.lazy(), polars_schema(table)), name
        assert not broken_rows(frame.lazy(), table, SORTED_BY if name == "transactions" else ()), name
    assert result.read == ledger.height + rejected.height + result.elsewhere
    assert ledger["event_time"].is_between(month.start, month.end, closed="left").all()
    return result


def take_csv(folder: Path, text: str | bytes, columns: dict[str, Any] | None = None, **files: Any) -> Taken:
    """January of a bank with one CSV file."""
    path = folder / "file.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return take(bank(str(path), columns, **files))
