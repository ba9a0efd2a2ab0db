"""The tables of a bank of files: the ledger, in which more may be unknown, and two of its own."""

from __future__ import annotations

import copy

import dataframely as dy

from fraud_assets.tables import COUNT, Transactions

#: Columns of the ledger that are null where the files do not have them.
UNKNOWN = ("channel", "recipient_entity", "entry_mode", "city", "state", "country", "latitude", "longitude")


def _with_unknown(table: type[dy.Schema], names: tuple[str, ...]) -> type[dy.Schema]:
    """The table with columns, in their places, that may be null."""
    columns = {name: copy.copy(column) for name, column in table.columns().items()}
    for name in names:
        columns[name].nullable = True
    made: type[dy.Schema] = type(dy.Schema)(
        f"Files{table.__name__}", (dy.Schema,), {"__doc__": table.__doc__, **columns}
    )  # type: ignore[misc]
    return made


class RejectedTransactions(dy.Schema):
    """A row of the files that is no transaction, and why.

    Sorted by file and row.
    """

    file = dy.String(primary_key=True, description="The file, as its location is written")
    row_number = dy.Int64(
        min=1, primary_key=True, metadata=COUNT, description="Its place among the file's rows, the header not counted"
    )
    reason = dy.String(description="What is wrong with it, with the first column that is")
    original = dy.String(
        description="The row as it was: JSON of the columns that are read, or the line where it has no such columns"
    )


class SourceLabels(dy.Schema):
    """A transaction of the month that the files call fraud, and when the bank learns of it: for reports alone."""

    transaction_id = dy.Int64(min=0, primary_key=True, description="The ledger row")
    event_time = dy.Datetime(time_unit="us", time_zone="UTC", description="The ledger row's time")
    customer_id = dy.Int64(min=0, description="Whose account")
    merchant_id = dy.Int64(min=0, nullable=True, description="The ledger row's merchant")
    payee_id = dy.Int64(min=0, nullable=True, description="The ledger row's payee")
    device_id = dy.Int64(min=0, nullable=True, description="The ledger row's device")
    reported_at = dy.Datetime(
        time_unit="us", time_zone="UTC", description="As the files say, else the scenario's delay after the event"
    )
    reported_type = dy.String(nullable=True, description="Type of fraud, as the files say")


FilesTransactions = _with_unknown(Transactions, UNKNOWN)

#: Tables whose rules are not those of a simulated bank, or that no other bank has.
FILES_TABLES: dict[str, type[dy.Schema]] = {
    "transactions": FilesTransactions,
    "rejected_transactions": RejectedTransactions,
    "source_labels": SourceLabels,
}
