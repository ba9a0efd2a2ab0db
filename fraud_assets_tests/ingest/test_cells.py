"""Cells as they come: what is an amount, a time, a code or a text, and what is rejected with a reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fraud_assets_tests.ingest.banks import COLUMNS, GOOD, HEAD, bank, take, take_csv


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        ("NaN", "is not finite"),
        ("inf", "is not finite"),
        ("-5", "is negative"),
        ("0", "is less than a hundredth"),
        ("0.001", "is less than a hundredth"),
        ("12,5", "is no number"),
        ("twelve", "is no number"),
        ("", "amount is missing"),
        ("1e11", "is 10,000,000,000 or more"),
    ],
)
def test_an_amount_that_is_none_is_rejected(tmp_path: Path, amount: str, reason: str) -> None:
    taken = take_csv(tmp_path, HEAD + GOOD + f'2,A,2024-01-06 10:00:00,"{amount}"\n')
    assert taken.ledger.height == 1
    assert reason in taken.reasons[0]
    assert json.loads(taken.rejected["original"][0])["sum"] == amount


@pytest.mark.parametrize(
    ("amount", "is_it"),
    [
        ("€1,200.50", 1_200.5),
        ("1200.50 €", 1_200.5),
        ("EUR 1200.50", 1_200.5),
        (" 1200.50EUR ", 1_200.5),
        ("+ € 1200.50", 1_200.5),
        ("$1200.50", None),
        ("USD 1200.50", None),
        ("€", None),
        ("1200.50 EURO", None),
        ("12€00.50", None),
    ],
)
def test_an_amount_may_have_the_bank_s_currency_beside_it_and_no_other(
    tmp_path: Path, amount: str, is_it: float | None
) -> None:
    taken = take_csv(tmp_path, HEAD + f'1,A,2024-01-06 10:00:00,"{amount}"\n')
    assert taken.ledger["amount"].to_list() == ([] if is_it is None else [is_it])
    assert taken.rejected.height == (is_it is None)


@pytest.mark.parametrize(
    ("amount", "decimal", "is_it"),
    [
        ("1 200,50 €", ",", 1_200.5),
        ("1\u00a0200\u00a0300,50\u00a0€", ",", 1_200_300.5),
        ("1\u202f200,5", ",", 1_200.5),
        ("-1.200,50", ",", -1_200.5),
        ("1'200.50", ".", 1_200.5),
        ("EUR 1’200.50", ".", 1_200.5),
        ("1 200", ".", 1_200),
        ("12 00,50", ",", None),
        ("1 2", ",", None),
        ("1 200.300,50", ",", None),
        ("1200 300", ",", None),
    ],
)
def test_thousands_may_stand_apart_by_one_mark(tmp_path: Path, amount: str, decimal: str, is_it: float | None) -> None:
    written = HEAD + f'1,A,2024-01-06 10:00:00,"{amount}"\n' + '2,A,2024-01-06 10:00:00,"7"\n'
    taken = take_csv(tmp_path, written, decimal=decimal, negative_amounts="refund")
    signed = taken.ledger.select(pl.when(direction="credit").then(-pl.col("amount")).otherwise("amount")).to_series()
    assert sorted(signed) == sorted([7.0] if is_it is None else [is_it, 7.0])
    assert taken.rejected.height == (is_it is None)


def test_negative_amounts_are_what_the_scenario_says(tmp_path: Path) -> None:
    text = HEAD + GOOD + "2,A,2024-01-06 10:00:00,-5\n"
    refunds = take_csv(tmp_path, text, negative_amounts="refund").ledger
    assert refunds.select("kind", "direction", "amount").rows() == [
        ("purchase", "debit", 12.5),
        ("refund", "credit", 5),
    ]
    signed = take_csv(tmp_path, text.replace(",-5", ",-€5"), negative_amounts="refund").ledger
    assert signed.equals(refunds)
    payments = take_csv(tmp_path, text, negative_amounts="payment").ledger
    assert payments.select("kind", "direction").rows() == [("income", "credit"), ("purchase", "debit")]


def test_another_currency_is_rejected(tmp_path: Path) -> None:
    text = "id,who,when,sum,ccy\n" + GOOD.replace("\n", ",eur\n") + "2,A,2024-01-06 10:00:00,1,USD\n"
    taken = take_csv(tmp_path, text, {**COLUMNS, "currency": "ccy"})
    assert taken.reasons == ["currency 'USD' is not EUR"]


@pytest.mark.parametrize("when", ["", "soon", "2024-13-01 00:00:00", "05.01.2024"])
def test_a_time_that_is_none_is_rejected(tmp_path: Path, when: str) -> None:
    taken = take_csv(tmp_path, HEAD + GOOD + f"2,A,{when},1\n")
    assert taken.ledger.height == 1
    assert "event_time" in taken.reasons[0]


def test_times_out_of_the_bank_s_range_are_told_in_its_first_month_and_only_there(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text(
        HEAD + GOOD + "2,A,1970-01-01 00:00:00,1\n3,A,2024-02-01 00:00:00,1\n4,A,2031-01-01 00:00:00,1\n5,A\n"
    )
    first, second = (take(bank(str(path)), key) for key in ("2024-01", "2024-02"))
    assert (first.ledger.height, first.rejected.height, first.elsewhere) == (1, 3, 1)
    assert (second.ledger.height, second.rejected.height, second.elsewhere) == (1, 0, 4)
    assert "lies outside the months, 2024-01 to 2024-03 (UTC)" in first.reasons[0]


def test_a_time_without_a_zone_is_local_and_one_with_a_zone_is_not(tmp_path: Path) -> None:
    rows = "1,A,2024-01-05T10:00:00,1\n2,A,2024-01-05T10:00:01Z,1\n3,A,2024-01-05T10:00:02-05:00,1\n"
    ledger = take_csv(tmp_path, HEAD + rows, time_zone="America/New_York").ledger
    assert ledger["event_time"].dt.hour().to_list() == [10, 15, 15]
    assert set(ledger["utc_offset_minutes"]) == {-300}


def test_a_time_that_the_clocks_skipped_is_rejected_and_one_shown_twice_is_the_first(tmp_path: Path) -> None:
    scenario: dict[str, Any] = {"time_zone": "Europe/Berlin"}
    path = tmp_path / "file.csv"
    path.write_text(HEAD + "1,A,2024-03-31 02:30:00,1\n2,A,2024-03-31 03:30:00,1\n")
    spring = take(bank(str(path), **scenario), "2024-03")
    assert spring.ledger["event_time"].to_list() == [datetime(2024, 3, 31, 1, 30, tzinfo=UTC)]
    assert "does not exist in Europe/Berlin" in take(bank(str(path), **scenario)).reasons[0]
    path.write_text(HEAD + "1,A,2024-10-27 02:30:00,1\n")
    autumn = bank(str(path), **scenario).model_copy(update={"last_month": "2024-12"})
    assert take(autumn, "2024-10").ledger["event_time"].to_list() == [datetime(2024, 10, 27, 0, 30, tzinfo=UTC)]


@pytest.mark.parametrize("sign", ["\u202e", "\u200b", "\x07", "\ufeff"])
def test_control_characters_are_rejected(tmp_path: Path, sign: str) -> None:
    text = "id,who,when,sum,shop\n" + GOOD.replace("\n", ",Joe\n")
    bad = f"2,A{sign}B,2024-01-05 10:00:00,1,Joe\n3,A,2024-01-05 10:00:00,1,Jo{sign}e\n"
    taken = take_csv(tmp_path, text + bad, {**COLUMNS, "recipient_entity": "shop"})
    assert taken.ledger.height == 1
    assert taken.reasons == ["customer_id has a control character", "recipient_entity has a control character"]


def test_names_of_indian_scripts_keep_their_joiners(tmp_path: Path) -> None:
    name = "क्\u200dष"
    text = f"id,who,when,sum,shop\n1,A,2024-01-05 10:00:00,1,{name}\n"
    assert take_csv(tmp_path, text, {**COLUMNS, "recipient_entity": "shop"}).ledger["recipient_entity"][0] == name


def test_a_code_that_stands_for_nothing_is_rejected_and_a_star_is_any_other(tmp_path: Path) -> None:
    text = "id,who,when,sum,way\n" + GOOD.replace("\n", ",POS\n") + "2,A,2024-01-06 10:00:00,1,FAX\n"
    columns = {**COLUMNS, "channel": "way"}
    taken = take_csv(tmp_path, text, columns, values={"channel": {"POS": "card_present"}})
    assert taken.reasons == ["channel 'FAX' stands for nothing; say it in files.values.channel"]
    taken = take_csv(tmp_path, text, columns, values={"channel": {"POS": "card_present", "*": "online"}})
    assert taken.ledger["channel"].to_list() == ["card_present", "online"]
