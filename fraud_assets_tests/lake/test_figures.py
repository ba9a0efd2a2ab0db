"""What a month's rows come to, beside its materialization: the same however the rows arrive, and only where it fits."""

# Without annotations as strings, which Dagster does not take for `context`.
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_assets.lake.figures import Figures
from fraud_assets.lake.io_managers import ParquetIOManager
from fraud_assets.lake.resource import LakeResource
from fraud_assets.lake.streaming import lazy_chunks

CHANNEL = pl.Enum(["card_present", "online"])
SCHEMA: dict[str, pl.DataType] = {
    "customer_id": pl.Int64(),
    "event_time": pl.Datetime("us", "UTC"),
    "direction": pl.Enum(["debit", "credit"]),
    "amount": pl.Float64(),
    "currency": pl.String(),
    "status": pl.Enum(["approved", "declined"]),
    "channel": CHANNEL,
}
LEDGER = pl.DataFrame(
    [
        (1, datetime(2024, 1, 3, tzinfo=UTC), "debit", 10.10, "USD", "approved", "online"),
        (1, datetime(2024, 1, 2, tzinfo=UTC), "credit", 99.99, "USD", "approved", "online"),
        (2, datetime(2024, 1, 9, tzinfo=UTC), "debit", 20.20, "EUR", "approved", "card_present"),
        (2, datetime(2024, 1, 5, tzinfo=UTC), "debit", 70.00, "USD", "declined", "card_present"),
        (3, datetime(2024, 1, 6, tzinfo=UTC), "debit", 0.30, "USD", "approved", None),
    ],
    schema=SCHEMA,
    orient="row",
)
FOUND = {
    "customers active": 3,
    "paid, EUR": 20.2,
    "paid, USD": 10.4,
    "share declined, of debits": 1 / 4,
    "share online, of debits": round(1 / 3, 5),  # of one payment it is not known
    "first event": dg.MetadataValue.timestamp(datetime(2024, 1, 2, tzinfo=UTC)),
    "last event": dg.MetadataValue.timestamp(datetime(2024, 1, 9, tzinfo=UTC)),
}


def recorded(asset: str, frame: pl.LazyFrame, folder: Path) -> dict[str, Any]:
    """The metadata of an asset's month as Dagster keeps it."""

    @dg.asset(
        key=["bank", asset],
        partitions_def=dg.MonthlyPartitionsDefinition(start_date="2024-01", end_date="2024-07", fmt="%Y-%m"),
        io_manager_key="tables",
    )
    def table() -> pl.LazyFrame:
        return frame

    resources = {"tables": ParquetIOManager(LakeResource(root=str(folder)))}
    found = dg.materialize([table], partition_key="2024-01", resources=resources)
    return dict(found.asset_materializations_for_node(f"bank__{asset}")[0].metadata)


def figures(asset: str, frame: pl.LazyFrame, folder: Path) -> dict[str, Any]:
    """Of the metadata those of the domain."""
    plain = recorded("another", frame, folder)
    return {name: value for name, value in recorded(asset, frame, folder).items() if name not in plain}


def test_a_materialized_ledger_says_what_the_month_comes_to(tmp_path: Path) -> None:
    words: dict[str, pl.Enum] = {"currency": pl.Enum(["EUR", "USD"])}
    coded = LEDGER.with_columns(pl.col("currency").cast(words["currency"]))
    frame = lazy_chunks(SCHEMA, [lambda: coded[:2], lambda: coded[2:]], coded=words)
    found = figures("transactions", frame, tmp_path)
    assert {name: value if "event" in name else value.value for name, value in found.items()} == FOUND


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(len(LEDGER))), st.lists(st.integers(0, len(LEDGER)), max_size=3))
def test_figures_do_not_depend_on_how_rows_arrive(order: list[int], cuts: list[int]) -> None:
    shuffled, ends = LEDGER[order], sorted([0, *cuts, len(LEDGER)])
    found = Figures("transactions", SCHEMA)
    for first, last in pairwise(ends):
        found.add(shuffled[first:last])
    assert found.metadata() == FOUND


def test_failed_logins_are_a_share_of_logins_alone() -> None:
    logins = LEDGER.select(
        "customer_id",
        "event_time",
        event=pl.Series(["login", "login", "login", "login", "password_reset"]),
        is_success=pl.Series([True, False, True, True, False]),
    )
    found = Figures("logins", logins.columns)
    found.add(logins)
    assert found.metadata()["share failed, of attempts"] == 1 / 4


@pytest.mark.parametrize("frame", [LEDGER[:0], LEDGER.drop("channel")], ids=["no rows", "other columns"])
def test_a_ledger_of_which_there_is_nothing_to_say_is_written_all_the_same(frame: pl.DataFrame, tmp_path: Path) -> None:
    assert figures("transactions", frame.lazy(), tmp_path) == {}
