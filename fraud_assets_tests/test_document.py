"""The field reference: current, and silent about nothing."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from fraud_assets.assets import flat
from fraud_assets.definitions import build_definitions
from fraud_assets.document import tables_page
from fraud_assets.fields import fields_of
from fraud_assets.scenario import Scenario
from fraud_assets.tables import TABLES
from fraud_assets_tests.ingest.banks import bank

PAGE = Path(__file__).parents[1] / "docs" / "tables.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == tables_page(), "run: python -m fraud_assets.document > docs/tables.md"


def test_every_table_that_an_asset_makes_is_on_the_page_with_its_columns(tmp_path: Path) -> None:
    """Of a simulated bank and of one that is read from files."""
    said = {
        part.partition("\n")[0]: {line.split("`")[1] for line in part.splitlines() if line.startswith("| `")}
        for part in tables_page().split("\n## ")[1:]
    }
    banks = [Scenario.load("tiny_bank"), bank(str(tmp_path))]
    made = {}
    for scenario in banks:
        for spec in build_definitions(scenarios=[scenario]).resolve_all_asset_specs():
            schema = spec.metadata.get("dagster/column_schema")
            if schema is not None:
                made[spec.key.path[-1]] = {column.name for column in schema.columns}
    for copy in ("labeled_csv", "labeled_transactions_csv"):
        assert made.pop(copy) == said["labeled_transactions"]
    assert {
        name: columns - said.get(name, set()) for name, columns in made.items() if columns - said.get(name, set())
    } == {}
    assert {"alerts", "anomaly_scores", "accident_scores", "rejected_transactions", "transactions"} <= set(made)


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
