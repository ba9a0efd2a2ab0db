"""A user's own files become the ledger: found, read, validated, sorted; what cannot be used is set aside with a reason.

What lives here: everything between a file's bytes and the tables ``transactions``, ``rejected_transactions`` and
``source_labels``. What does not: how files are opened (``lake.outside``) and Dagster (``assets.ingest``).

The rules, in the order in which a row meets them:

* A row with more or fewer cells than the header, without customer, time or amount, or with a cell that cannot be what
  its column is, is rejected; so is one with a control character in it. A file in which a quote that is never closed
  swallows rows is refused.
* A time without a zone is local to the bank. One that the clocks skipped is rejected, of one that they showed twice the
  first is taken.
* A row belongs to the month (UTC) of its time, whatever file it is in. Where each month has files of its own, those of
  the months beside it are read too; a row further away is rejected in its file's month, unless it is only a time zone
  away from the bank's first or last month.
* Of rows with one ``transaction_id`` in the files of a month the first is kept, in order of file names and rows, the
  others are rejected. Without such a column rows are the same if all their cells are, labels aside. A fraud that only
  a later one of the same customer tells of is the first one's.

So every row that is read is a row of the month, rejected, or of another month, and each run counts that it is so.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from fraud_assets.ingest.numbers import numbers

if TYPE_CHECKING:
    from fraud_assets.ingest.month import Ingested, IngestError, ingest_month
    from fraud_assets.ingest.tables import FILES_TABLES, RejectedTransactions, SourceLabels

__all__ = [
    "FILES_TABLES",
    "IngestError",
    "Ingested",
    "RejectedTransactions",
    "SourceLabels",
    "ingest_month",
    "numbers",
]

#: Loaded when somebody asks: a file is looked at in a tenth of the time that all of this takes.
_MODULES = {
    "month": ("IngestError", "Ingested", "ingest_month"),
    "tables": ("FILES_TABLES", "RejectedTransactions", "SourceLabels"),
}


def __getattr__(name: str) -> object:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__} has no attribute {name}")
