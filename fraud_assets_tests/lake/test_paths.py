"""Keys of the lake."""

from __future__ import annotations

import pytest

from fraud_assets.lake.paths import Place, month_of


def test_keys_are_where_other_tools_look_for_them() -> None:
    place = Place.of(["us_bank", "transactions"], "2024-01")
    assert place.parquet == "us_bank/transactions/month=2024-01/part-0000.parquet"
    assert place.csv == "us_bank/transactions/month=2024-01/transactions.csv"
    assert place.value == "us_bank/transactions/month=2024-01/metrics.json"
    assert place.file("report.html") == "us_bank/transactions/month=2024-01/report.html"


@pytest.mark.parametrize("name", ["", "..", ".hidden", "a/b", "month=2024-01", "a b", "a#1"])
def test_no_name_leads_out_of_its_folder_or_hides_in_it(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be part of a lake key"):
        Place(name, "transactions", "2024-01")
    with pytest.raises(ValueError, match="cannot be part of a lake key"):
        Place("us_bank", name, "2024-01")
    with pytest.raises(ValueError, match="cannot be part of a lake key"):
        Place("us_bank", "transactions", "2024-01").file(name)


def test_a_month_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="month '2024-13' is not of the form 2024-01"):
        Place("us_bank", "transactions", "2024-13")


def test_an_asset_key_without_a_scenario_is_named() -> None:
    with pytest.raises(ValueError, match="asset key transactions has 1 parts; <scenario>/<asset> is needed"):
        Place.of(["transactions"], "2024-01")


def test_a_key_says_its_month() -> None:
    assert month_of("month=2023-01/b/t/month=2024-01/part-0000.parquet") == "2024-01"
    with pytest.raises(ValueError, match=r"key 'b/t/part-0000.parquet' is in no month's folder"):
        month_of("b/t/part-0000.parquet")
