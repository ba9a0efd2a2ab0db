"""Whether a table keeps the rules of ``tables.py``: types, nulls, ranges, keys, order, references.

Counts only, in memory bounded by a batch and a bucket, however many rows there are. What does not live here: what
happens when a rule is broken (checks).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dataframely as dy
import polars as pl

#: Keys held at once while looking for duplicates: about 150 MB.
BUCKET_ROWS = 2_000_000

#: Tables whose readers rely on an order of rows.
SORTED_BY: dict[str, tuple[str, ...]] = {
    "customers": ("customer_id",),
    "logins": ("customer_id", "event_time"),
    "transactions": ("customer_id", "event_time", "transaction_id"),
    "labeled_anomalies": ("customer_id", "event_time", "transaction_id"),
    "scored_transactions": ("customer_id", "event_time", "transaction_id"),
}


def broken_columns(frame: pl.LazyFrame, schema: Mapping[str, pl.DataType]) -> dict[str, str]:
    """Column -> what is wrong with its presence, type or place; empty if all is well."""
    found = frame.collect_schema()
    broken = {name: "not declared" for name in found if name not in schema}
    for name, dtype in schema.items():
        if name not in found:
            broken[name] = "missing"
        elif found[name] != dtype:
            broken[name] = f"is {found[name]}, {dtype} was declared"
    if not broken and list(found) != list(schema):
        broken = {name: "not in its place" for name, other in zip(found, schema, strict=True) if name != other}
    return broken


def broken_rows(frame: pl.LazyFrame, table: type[dy.Schema], sorted_by: Sequence[str] = ()) -> dict[str, int]:
    """Rule -> number of rows that break it, without the rules that hold.

    Parameters
    ----------
    frame
        With the table's columns.
    table
        Its null, range and value rules, and its primary key.
    sorted_by
        Columns in whose order, ascending, the rows have to be.

    Returns
    -------
    Names such as ``amount|min``, ``primary_key`` and ``order``.
    """
    rules = {
        f"{name}|{rule}": ~holds
        for name, column in table.columns().items()
        for rule, holds in column.validation_rules(pl.col(name)).items()
    }
    counts = dict.fromkeys([*rules, "order"], 0)
    rows = 0
    previous: pl.DataFrame | None = None
    for batch in frame.select(table.column_names()).collect_batches(maintain_order=True, engine="streaming"):
        rows += batch.height
        for rule, count in (
            batch.select(broken.sum().alias(rule) for rule, broken in rules.items()).row(0, named=True).items()
        ):
            counts[rule] += count
        if sorted_by:
            keys = batch.select(sorted_by)
            counts["order"] += _steps_back(keys if previous is None else pl.concat([previous, keys]))
            previous = keys.tail(1)
    counts["primary_key"] = _duplicates(frame, table.primary_key(), rows)
    return {rule: count for rule, count in counts.items() if count}


def missing_keys(frame: pl.LazyFrame, column: str, *tables: pl.LazyFrame, key: str | None = None) -> int:
    """How many different values of a column, nulls aside, are found in none of the tables' key columns.

    The column has to have few different values (customers, devices, refunds), the tables may be large.
    """
    wanted = frame.select(pl.col(column).alias("key")).drop_nulls().unique().collect(engine="streaming")
    for table in tables:
        if wanted.is_empty():
            break
        keys = table.select(pl.col(key or column).alias("key"))
        found = keys.join(wanted.lazy(), on="key", how="semi").unique().collect(engine="streaming")
        wanted = wanted.join(found, on="key", how="anti")
    return wanted.height


def _steps_back(keys: pl.DataFrame) -> int:
    """Rows that come before the row above them, by all columns from left to right."""
    comes_before = pl.lit(value=False)
    for name in reversed(keys.columns):
        above = pl.col(name).shift(1)
        comes_before = (pl.col(name) < above) | ((pl.col(name) == above) & comes_before)
    return int(keys.select(comes_before.sum()).item())


def _duplicates(frame: pl.LazyFrame, key: Sequence[str], rows: int) -> int:
    """Rows whose primary key another row has, counted bucket by bucket of the key's hash."""
    if not key:
        return 0
    buckets = rows // BUCKET_ROWS + 1
    together = pl.struct(key) if len(key) > 1 else pl.col(key[0])
    duplicates = 0
    for bucket in range(buckets):
        part = frame.select(key).filter(together.hash() % buckets == bucket) if buckets > 1 else frame.select(key)
        duplicates += part.select(pl.len().cast(pl.Int64) - together.n_unique()).collect(engine="streaming").item()
    return duplicates
