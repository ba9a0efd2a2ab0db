"""The flat table for people and other tools: a ledger row with everything that belongs to it, in one line.

What lives here: which columns it has and the joins. What does not: the risk columns (``circumstances``), and where it
goes (``exports``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial

import dagster as dg
import dataframely as dy
import polars as pl
import polars.selectors as cs

from fraud_assets.assets.circumstances import Circumstances, circumstances, with_credentials, with_previous
from fraud_assets.features.build import customer_ranges
from fraud_assets.fields import Field, fields_of
from fraud_assets.tables import Customers, Devices, IncidentReports, LabeledAnomalies, Merchants, Transactions

#: Ledger rows in a chunk, about. Wide rows: with two threads, three chunks are alive at a time.
CHUNK_ROWS = 60_000

#: Ledger columns that are not known at the row's instant.
_LATER = ("posted_at",)
#: False, not null, for an ordinary row.
_FLAGS = (
    "is_fraud",
    "is_accident_burst",
    "is_high_amount_accident",
    "is_mistyped_entity_accident",
    "is_false_report",
)


def _beside(table: type[dy.Schema], said: tuple[str, ...], prefix: str = "") -> dict[str, str]:
    """Columns of a table that a ledger row does not say itself -> what they are called beside it."""
    names = (name for name in table.columns() if name not in said)
    return {name: name if name.startswith(prefix) else prefix + name for name in names}


_CUSTOMER = _beside(Customers, said=("customer_id",))
_DEVICE = _beside(Devices, said=("device_id", "customer_id", "merchant_id"), prefix="device_")
_MERCHANT = _beside(
    Merchants,
    said=("merchant_id", "name", "category", "method", "city", "state", "country", "latitude", "longitude"),
    prefix="merchant_",
)
_REPORT = {
    "reported_at": "reported_at",
    "kind": "report_kind",
    "reported_type": "reported_type",
    "source": "report_source",
}
_TRUTH = _beside(LabeledAnomalies, said=tuple(Transactions.columns()))


def flatten(
    transactions: pl.LazyFrame,
    labeled_anomalies: pl.LazyFrame,
    incident_reports: pl.LazyFrame,
    customers: pl.LazyFrame,
    devices: pl.LazyFrame,
    merchants: pl.LazyFrame,
    logins: pl.LazyFrame,
) -> pl.LazyFrame:
    """Ledger rows of a month, in their order, with all that the month's other tables say about them.

    First comes what was known at the row's instant: the ledger's own columns, customer, device, merchant and the risk
    columns of :class:`~fraud_assets.assets.circumstances.Circumstances`; then what the bank learned later; then the
    truth.

    Returns
    -------
    The columns of :func:`fields`. ``is_fraud`` and the accident flags are false for an ordinary row, other columns of
    the truth null. The report is the first one among those given. ``device_...`` describes the customer's device, or
    the terminal where there is none.
    """
    first_reports = incident_reports.sort("transaction_id", "reported_at", "kind").unique(
        "transaction_id", keep="first", maintain_order=True
    )
    rows = with_credentials(with_previous(transactions), logins)
    rows = rows.with_columns(_device=pl.coalesce("device_id", "terminal_id"))
    for key, table in (
        ("customer_id", customers.select("customer_id", **_renamed(_CUSTOMER))),
        ("merchant_id", merchants.select("merchant_id", **_renamed(_MERCHANT))),
        ("_device", devices.select(_device="device_id", _owner="customer_id", **_renamed(_DEVICE))),
        ("transaction_id", first_reports.select("transaction_id", **_renamed(_REPORT))),
        ("transaction_id", labeled_anomalies.select("transaction_id", **_renamed(_TRUTH))),
    ):
        rows = rows.join(table, on=key, how="left", maintain_order="left")
    rows = rows.with_columns(pl.col(_FLAGS).fill_null(value=False), *circumstances())
    return rows.select(pl.col(field.name).cast(field.dtype) for field in fields())


def flat_chunks(
    transactions: pl.LazyFrame,
    labeled_anomalies: pl.LazyFrame,
    incident_reports: pl.LazyFrame,
    customers: pl.LazyFrame,
    devices: pl.LazyFrame,
    merchants: pl.LazyFrame,
    logins: pl.LazyFrame,
    *,
    chunk_rows: int = CHUNK_ROWS,
) -> list[Callable[[], pl.DataFrame]]:
    """:func:`flatten` as functions, one for some consecutive customers each: what bounds memory.

    Devices and merchants are held in memory, since a device may be another customer's; of everything else a chunk reads
    what belongs to its customers.
    """
    known = devices.with_columns(cs.string().cast(pl.Categorical)).collect().lazy()
    directory = merchants.collect().lazy()

    def chunk(first: int, last: int) -> pl.DataFrame:
        ledger, truth, reports, people, sessions = (
            table.filter(pl.col("customer_id").is_between(first, last))
            for table in (transactions, labeled_anomalies, incident_reports, customers, logins)
        )
        return flatten(ledger, truth, reports, people, known, directory, sessions).collect()

    return [partial(chunk, first, last) for first, last in customer_ranges(transactions, chunk_rows)]


@cache
def fields() -> tuple[Field, ...]:
    """The flat table's columns in words, in its order: known at once, known later, never known."""
    ledger = list(fields_of(Transactions))
    return (
        *(field for field in ledger if field.name not in _LATER),
        *_joined(Customers, _CUSTOMER),
        *(replace(field, nullable=True) for field in _joined(Devices, _DEVICE)),
        *(replace(field, nullable=True) for field in _joined(Merchants, _MERCHANT)),
        *fields_of(Circumstances),
        *(replace(field, known="later") for field in ledger if field.name in _LATER),
        *(replace(field, nullable=True, known="later") for field in _joined(IncidentReports, _REPORT)),
        *(replace(field, nullable=field.name not in _FLAGS) for field in _joined(LabeledAnomalies, _TRUTH)),
    )


def schema() -> dict[str, pl.DataType]:
    """Column name -> polars dtype of the flat table."""
    return {field.name: field.dtype for field in fields()}


def columns() -> dg.TableSchema:
    """The columns with their descriptions, for the UI."""
    return dg.TableSchema(
        [
            dg.TableColumn(
                field.name,
                type=field.type_name,
                description=field.meaning,
                constraints=dg.TableColumnConstraints(
                    nullable=field.nullable, other=[field.allowed] if field.allowed else []
                ),
                tags={"known": field.known.replace(" ", "_")},
            )
            for field in fields()
        ]
    )


def _joined(table: type[dy.Schema], names: dict[str, str]) -> Iterator[Field]:
    return (replace(field, name=names[field.name]) for field in fields_of(table) if field.name in names)


def _renamed(names: dict[str, str]) -> dict[str, pl.Expr]:
    return {new: pl.col(old) for old, new in names.items()}
