"""The field reference: current, and silent about nothing."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from fraud_assets.assets import flat
from fraud_assets.document import tables_page
from fraud_assets.fields import fields_of
from fraud_assets.tables import TABLES

PAGE = Path(__file__).parents[1] / "docs" / "tables.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == tables_page(), "run: python -m fraud_assets.document > docs/tables.md"


def test_every_column_has_a_meaning_and_every_number_a_unit() -> None:
    fields = {f"{name}.{field.name}": field for name, table in TABLES.items() for field in fields_of(table)}
    fields |= {f"labeled_transactions.{field.name}": field for field in flat.fields()}
    assert not [name for name, field in fields.items() if not field.meaning]
    assert not [name for name, field in fields.items() if field.dtype.is_numeric() and not field.unit]


def test_a_table_cell_holds_no_border() -> None:
    widths = {line.count("|") for line in tables_page().splitlines() if line.startswith("| `")}
    assert widths == {7}


def test_types_ranges_and_values_are_told() -> None:
    said = {field.name: field for field in fields_of(TABLES["transactions"])}
    assert (said["amount"].unit, said["amount"].allowed) == ("major units", "0.01 or more")
    assert said["latitude"].allowed == "-90 to 90"
    assert said["channel"].type_name == "Enum"
    assert said["channel"].allowed == "card_present, online, app, bank"
    assert said["event_time"].unit == "UTC, µs"
    assert said["decline_reason"].nullable
    assert not said["status"].nullable
    assert said["customer_id"].dtype == pl.Int64
    assert {field.known for field in fields_of(TABLES["labeled_anomalies"])} == {"never"}
