"""The flat table for people and other tools: a ledger row with everything that belongs to it, in one line.

What lives here: which columns it has and the joins. What does not: where it goes (exports).
"""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import polars as pl

from fraud_assets.assets.common import type_name
from fraud_assets.tables import TABLES, polars_schema

_FLAGS = (
    "is_fraud",
    "is_accident_burst",
    "is_high_amount_accident",
    "is_mistyped_entity_accident",
    "is_false_report",
)
#: Columns of a report, as they are called beside a ledger row.
_REPORT = {
    "reported_at": "reported_at",
    "kind": "report_kind",
    "reported_type": "reported_type",
    "source": "report_source",
}


def flatten(
    transactions: pl.LazyFrame,
    labeled_anomalies: pl.LazyFrame,
    incident_reports: pl.LazyFrame,
    customers: pl.LazyFrame,
    devices: pl.LazyFrame,
) -> pl.LazyFrame:
    """Ledger rows of a month, in their order, with truth, first report, customer and device beside them.

    Returns
    -------
    The columns of :func:`columns`. ``is_fraud`` and the accident flags are false for an ordinary row, other columns of
    the truth null. The report is the first one among those given. ``device_...`` describes the customer's device, or
    the terminal where there is none.
    """
    truth = labeled_anomalies.select("transaction_id", *_added("labeled_anomalies"))
    report = (
        incident_reports.sort("transaction_id", "reported_at", "kind")
        .unique("transaction_id", keep="first", maintain_order=True)
        .select("transaction_id", **{new: pl.col(old) for old, new in _REPORT.items()})
    )
    customer = customers.select("customer_id", *_added("customers"))
    device = devices.select(
        pl.col("device_id").alias("_device"),
        **{_device_column(name): pl.col(name) for name in _added("devices")},
    )
    return (
        transactions.with_columns(_device=pl.coalesce("device_id", "terminal_id"))
        .join(truth, on="transaction_id", how="left", maintain_order="left")
        .join(report, on="transaction_id", how="left", maintain_order="left")
        .join(customer, on="customer_id", how="left", maintain_order="left")
        .join(device, on="_device", how="left", maintain_order="left")
        .with_columns(pl.col(_FLAGS).fill_null(value=False))
        .select(list(schema()))
    )


def schema() -> dict[str, pl.DataType]:
    """Column name -> polars dtype of the flat table."""
    return {name: dtype for name, dtype, _ in _described()}


def columns() -> dg.TableSchema:
    """The columns with their descriptions, for the UI."""
    return dg.TableSchema(
        [dg.TableColumn(name, type=type_name(dtype), description=text) for name, dtype, text in _described()]
    )


def _described() -> Iterator[tuple[str, pl.DataType, str | None]]:
    for table, rename in (
        ("transactions", str),
        ("labeled_anomalies", str),
        ("incident_reports", _REPORT.__getitem__),
        ("customers", str),
        ("devices", _device_column),
    ):
        dtypes = polars_schema(TABLES[table])
        for name in dtypes if table == "transactions" else _added(table):
            yield rename(name), dtypes[name], TABLES[table].columns()[name].description


def _added(table: str) -> list[str]:
    """Columns of a table that say something new beside a ledger row."""
    if table == "incident_reports":
        return list(_REPORT)
    known = polars_schema(TABLES["transactions"])
    if table == "devices":  # its kind is another kind than the ledger's
        known.pop("kind")
    return [name for name in polars_schema(TABLES[table]) if name not in known]


def _device_column(name: str) -> str:
    return name if name.startswith("device_") else f"device_{name}"
