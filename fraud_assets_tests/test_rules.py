"""The counting behind the schema checks, against a slow and obvious count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

import dataframely as dy
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_assets import rules
from fraud_assets.rules import broken_columns, broken_rows, missing_keys
from fraud_assets.tables import polars_schema


class Payments(dy.Schema):
    payment_id = dy.Int64(min=0, primary_key=True)
    customer_id = dy.Int64(min=0)
    event_time = dy.Datetime(time_unit="us", time_zone="UTC")
    amount = dy.Float64(min=0.01, nullable=True)
    status = dy.Enum(["approved", "declined"])


_ROWS = st.lists(
    st.tuples(
        st.integers(-1, 12),
        st.integers(0, 3),
        st.integers(0, 3),
        st.sampled_from([None, 0.0, 0.01, 12.5]),
        st.sampled_from([None, "approved", "declined"]),
    ),
    max_size=25,
)


def table(rows: Sequence[tuple[int, int, int, float | None, str | None]]) -> pl.LazyFrame:
    times = [datetime(2024, 1, 1 + row[2], tzinfo=UTC) for row in rows]
    columns = [[row[i] for row in rows] for i in (0, 1, 3, 4)]
    data = dict(zip(Payments.column_names(), [columns[0], columns[1], times, columns[2], columns[3]], strict=True))
    return pl.LazyFrame(data, schema=polars_schema(Payments))


@settings(max_examples=60)
@given(_ROWS)
def test_every_broken_row_is_counted_once_and_no_other(
    rows: list[tuple[int, int, int, float | None, str | None]],
) -> None:
    order = [(row[1], row[2]) for row in rows]
    ids = [row[0] for row in rows]
    expected = {
        "payment_id|min": sum(number < 0 for number in ids),
        "amount|min": sum(row[3] is not None and row[3] < 0.01 for row in rows),
        "status|nullability": sum(row[4] is None for row in rows),
        "order": sum(later < earlier for earlier, later in pairwise(order)),
        "primary_key": len(ids) - len(set(ids)),
    }
    found = broken_rows(table(rows), Payments, ("customer_id", "event_time"))
    assert found == {rule: count for rule, count in expected.items() if count}


def test_duplicates_are_found_whatever_bucket_they_are_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "BUCKET_ROWS", 3)
    rows = [(number % 40, 0, 0, 1.0, "approved") for number in range(50)]
    assert broken_rows(table(rows), Payments) == {"primary_key": 10}


def test_a_step_back_between_two_batches_is_seen() -> None:
    frame = pl.concat([table([(1, 2, 0, 1.0, "approved")]), table([(2, 1, 0, 1.0, "approved")])])
    assert broken_rows(frame, Payments, ("customer_id", "event_time")) == {"order": 1}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (pl.col("amount").cast(pl.Float32), {"amount": "is Float32, Float64 was declared"}),
        (pl.lit(1).alias("surplus"), {"surplus": "not declared"}),
    ],
)
def test_a_column_of_another_type_or_name_is_named(change: pl.Expr, said: dict[str, str]) -> None:
    assert broken_columns(table([]).with_columns(change), polars_schema(Payments)) == said


def test_missing_and_misplaced_columns_are_named() -> None:
    assert broken_columns(table([]).drop("status"), polars_schema(Payments)) == {"status": "missing"}
    swapped = table([]).select(["customer_id", "payment_id", "event_time", "amount", "status"])
    assert broken_columns(swapped, polars_schema(Payments)) == {
        "customer_id": "not in its place",
        "payment_id": "not in its place",
    }


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 9)), max_size=12),
    st.lists(st.lists(st.integers(0, 9), max_size=6), min_size=1, max_size=3),
)
def test_a_key_is_missing_if_no_table_has_it(wanted: list[int | None], tables: list[list[int]]) -> None:
    frames = [pl.LazyFrame({"id": ids}, schema={"id": pl.Int64}) for ids in tables]
    frame = pl.LazyFrame({"refers_to": wanted}, schema={"refers_to": pl.Int64})
    known = {number for ids in tables for number in ids}
    expected = len({number for number in wanted if number is not None} - known)
    assert missing_keys(frame, "refers_to", *frames, key="id") == expected
