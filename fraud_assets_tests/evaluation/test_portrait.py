"""The portrait finds what is in a month whose every rhythm is known, and its page copes with what is missing."""

from __future__ import annotations

import dataclasses
import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fraud_assets.evaluation.portrait import (
    Tables,
    measure,
    portrait_figures,
    portrait_markdown,
    portrait_picture,
    render_portrait,
    rows,
)
from fraud_assets.evaluation.portrait.amounts import amounts
from fraud_assets.evaluation.portrait.campaigns import campaigns
from fraud_assets.evaluation.portrait.frauds import frauds
from fraud_assets.evaluation.portrait.habits import habits
from fraud_assets.evaluation.portrait.knowledge import knowledge
from fraud_assets.evaluation.portrait.places import places
from fraud_assets.evaluation.portrait.profiles import profiles
from fraud_assets.evaluation.portrait.render import charts
from fraud_assets_tests.evaluation import portraits
from fraud_assets_tests.evaluation.pages import CHROMIUM, Page, assert_drawn_without_complaint, assert_self_contained
from fraud_assets_tests.evaluation.portraits import MARCH, SITTER, emptied

FIRST = dataclasses.replace(SITTER, earlier=())


@pytest.fixture(scope="module")
def tables() -> Tables:
    return portraits.tables()


@pytest.fixture(scope="module")
def document(tables: Tables) -> dict[str, Any]:
    return measure(SITTER, tables)


@pytest.fixture(scope="module")
def page(document: dict[str, Any]) -> str:
    return render_portrait(document)


def test_rows_in_another_order_give_the_same_document_to_the_last_digit(tables: Tables) -> None:
    fields = {field.name: getattr(tables, field.name).collect() for field in dataclasses.fields(tables)}
    # Sums of alike customers, places and prices hide the order of their parts: rows are dropped and moved by lot.
    lot = pl.col("transaction_id").hash(seed=1)
    fields["transactions"] = (
        fields["transactions"]
        .filter(lot % 60 <= pl.col("customer_id").rank("dense"))
        .with_columns(
            amount=(pl.col("amount") * (1 + lot % 97 / 31)).round(2), latitude=pl.col("latitude") + lot % 89 / 1000
        )
    )
    found = set()
    for seed in range(4):
        dealt = Tables(**{n: rows.sample(fraction=1, shuffle=True, seed=seed).lazy() for n, rows in fields.items()})
        parts = [
            *(measured(dealt) for measured in (places, profiles, amounts)),
            *(measured(SITTER, dealt) for measured in (habits, frauds, knowledge, campaigns)),
        ]
        found.add(json.dumps(parts, default=lambda value: value.tolist()))  # as they are, before digits are cut
    assert len(found) == 1


def test_sums_of_many_values_are_the_same_in_any_order() -> None:
    """Large groups are summed in parts, whichever is finished first: other floats differ in their last digits."""
    values = pl.DataFrame({"group": [0, 1] * 100_000}).with_columns(value=(pl.int_range(pl.len()) + 1.3).log())
    found = {
        tuple(order.group_by("group").agg(rows.summable(pl.col("value")).sum()).sort("group")["value"])
        for order in (values, values.reverse(), values.sample(fraction=1, shuffle=True, seed=3))
    }
    assert len(found) == 1
    assert found.pop()[0] == pytest.approx(values.filter(group=0)["value"].sum(), rel=1e-8)


def test_hours_are_those_on_the_clock_of_the_place(document: dict[str, Any]) -> None:
    counter = document["rhythm"]["hours"]["channel"]["card_present"]
    assert sum(counter[8:18]) == sum(counter) > 0
    assert document["rhythm"]["night_share"]["card_present"] == 0
    assert document["rhythm"]["night_share"]["app"] == pytest.approx(5 / 24, abs=0.02)
    fraud = document["rhythm"]["hours"]["truth"]["fraud"]
    assert fraud[12] == sum(fraud) == portraits.FRAUD_ROWS


def test_a_local_day_that_the_month_cuts_is_marked_and_kept_out_of_the_averages(document: dict[str, Any]) -> None:
    days = document["rhythm"]["days"]
    assert [day["day"] for day in days if not day["is_complete"]] == ["2024-03-31"]
    assert days[9]["rows"] == days[19]["rows"] == portraits.CUSTOMERS * portraits.A_DAY * 1.5
    # Four Sundays are whole, the fifth is the cut day: an average Sunday is not smaller than a Monday.
    week = [sum(hours) for hours in document["rhythm"]["week"]]
    assert week[6] == pytest.approx(portraits.CUSTOMERS * portraits.A_DAY * (1 + 0.5 / 4), rel=0.01)


def test_payday_is_told_from_the_calendar(document: dict[str, Any]) -> None:
    effect = {point["offset"]: point["index"] for point in document["rhythm"]["payday_effect"]}
    # Half of the bank pays twice as often that day: 2 against the mean of the day, 1.5.
    assert effect[0] == pytest.approx(4 / 3, abs=0.04)
    assert max(abs(index - 1) for offset, index in effect.items() if offset != 0) < 0.35
    assert {payday["day"]: payday["share"] for payday in document["rhythm"]["paydays"]} == {
        "2024-03-10": 0.5,
        "2024-03-20": 0.5,
    }


def test_price_points_are_named_and_tokens_kept_apart(document: dict[str, Any]) -> None:
    methods = {method["method"]: method for method in document["amounts"]}
    assert set(methods) == {"Card, USD", "Wallet, USD", "Wallet, ETH"}
    for method in methods.values():
        assert method["favourites"][0]["amount"] == 20
        assert method["favourites"][0]["rows"] / method["honest"]["rows"] == pytest.approx(0.2, abs=0.03)
        assert (
            sum(method["honest"]["fine"]["rows"]) == sum(method["honest"]["coarse"]["rows"]) == method["honest"]["rows"]
        )
    frauds = sum(method["fraud"]["rows"] for method in methods.values())
    assert frauds == portraits.FRAUD_ROWS
    assert methods["Card, USD"]["fraud"]["rows"] == 0


def test_known_is_who_was_paid_in_this_month_or_an_earlier_one(document: dict[str, Any]) -> None:
    with_past = document["habits"]["repeats"]
    alone = measure(FIRST, portraits.tables(earlier=()))["habits"]["repeats"]
    assert alone["earlier_months"] == 0
    assert alone["by_day"][0]["known"] < 0.75 < with_past["by_day"][0]["known"]
    # Four in five payments go to one of three places of one's own.
    assert 0.8 < with_past["known"] < 0.95
    assert with_past["known"] > alone["known"]


def test_pauses_and_busy_days_stand_beside_pure_chance(document: dict[str, Any]) -> None:
    pauses, days = document["habits"]["pauses"], document["habits"]["days"]
    assert sum(pauses["chance"]) == pytest.approx(sum(pauses["honest"]), rel=1e-6)
    assert sum(pauses["fraud"]) == portraits.FRAUD_ROWS
    assert sum(days["chance"]) == pytest.approx(sum(days["honest"]), rel=1e-6)
    # Ten a day, every day but payday: far less than chance would vary.
    assert days["dispersion"] < 0.5


def test_what_is_reported_is_known_from_that_day_on_and_what_is_young_is_not_taken_for_unreported(
    document: dict[str, Any],
) -> None:
    known = document["knowledge"]["curves"]["went through"]
    assert known[portraits.DELAY_DAYS - 1] == 0
    assert known[portraits.DELAY_DAYS] == pytest.approx(0.5, abs=0.06)
    assert known[30] == known[portraits.DELAY_DAYS]
    assert known[60] is None
    # A fraud on the last days could not be reported by the month's end: it must not count as one that never will be.
    late = dataclasses.replace(SITTER, known_until=MARCH.start, earlier=SITTER.earlier)
    unknown_yet = measure(late, portraits.tables())["knowledge"]["curves"]["went through"]
    assert unknown_yet[0] == 0
    assert unknown_yet[portraits.DELAY_DAYS] is None


def test_a_campaign_is_drawn_from_its_first_month_on_with_its_victims_alone(document: dict[str, Any]) -> None:
    (plan,) = document["campaigns"]
    assert plan["fraud_type"] == "stolen_card"
    assert plan["rows"] == 2 * portraits.FRAUD_ROWS
    assert plan["victims"] == plan["drawn_victims"] == portraits.FRAUD_VICTIMS
    assert {time[:10] for time in plan["fraud"]["time"]} == {"2024-02-28", "2024-03-15"}
    assert {time[11:13] for time in plan["fraud"]["time"]} == {"12"}
    assert 0 < len(plan["honest"]["time"]) <= 350
    assert set(plan["honest"]["who"]) <= set(range(portraits.FRAUD_VICTIMS))


def test_months_types_look_alikes_and_places_are_counted(tables: Tables, document: dict[str, Any]) -> None:
    frauds, places = document["frauds"], document["places"]
    assert [month["month"] for month in frauds["months"]] == ["2024-02", "2024-03"]
    assert [month["types"] for month in frauds["months"]] == [{"stolen_card": portraits.FRAUD_ROWS}] * 2
    assert frauds["days"]["stolen_card"][14] == portraits.FRAUD_ROWS
    honest = document["ledger"]["rows"] - portraits.FRAUD_ROWS
    (alike,) = frauds["look_alikes"]
    assert (alike["kind"], alike["fraud"], alike["look_alikes"]) == ("stolen_card", 40, -(-honest // 100))
    assert {kind["kind"]: kind["share_fraud"] for kind in frauds["kinds"]} == {"geographic": 0, "amount": 1}
    assert next(kind["phi"] for kind in frauds["kinds"] if kind["kind"] == "amount") == 1
    assert {city["city"] for city in places["cities"]} == set(portraits.CITIES)
    assert places["home_share"]["card_present"] == pytest.approx(0.9, abs=0.02)
    # Phoenix and Tucson are 172 km apart: at home or there, nothing between.
    assert {cell["distance"] for cell in places["distances"]} == {0, 3}


def test_traits_of_people_are_set_against_what_they_do(document: dict[str, Any]) -> None:
    found = document["profiles"]
    assert found["savviness_device"]["across"] == ["phone", "terminal"]
    assert found["savviness_channel"]["down"] == ["low", "high"]
    assert found["savviness_channel"]["v"] < 0.05
    assert found["income_amount"]["groups"][0]["income_bracket"] == "low"
    assert found["income_amount"]["p"] > 0.001
    # All spend alike and the rich have 4.5 times as much; the poor pay 30 % in tokens, which are not added to dollars.
    poor, rich = (group["of_income"] for group in found["income_amount"]["groups"])
    assert poor / rich == pytest.approx(4.5 * 0.7, abs=0.3)
    assert found["preferences"]["categories"] == pytest.approx(0.7, abs=0.02)


def test_categories_say_how_often_a_customer_goes_there(document: dict[str, Any]) -> None:
    grocery, gaming = document["habits"]["categories"]
    assert (grocery["category"], gaming["category"]) == ("Grocery", "Gaming")
    assert grocery["customers"] == gaming["customers"] == portraits.CUSTOMERS
    assert grocery["median"] == pytest.approx(0.7 * portraits.A_DAY * 32, rel=0.05)
    assert grocery["night"] == 0
    assert gaming["night"] == pytest.approx(5 / 24, abs=0.02)


def test_the_same_month_gives_the_same_document_whatever_the_order_of_its_rows(
    tables: Tables, document: dict[str, Any]
) -> None:
    shuffled = dataclasses.replace(
        tables, transactions=tables.transactions.collect().sample(fraction=1, shuffle=True, seed=1).lazy()
    )
    assert json.dumps(measure(SITTER, shuffled)) == json.dumps(document)


def test_a_large_bank_is_read_by_a_sample_of_its_customers(
    tables: Tables, document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "MOST_CUSTOMERS", 20)
    sampled = measure(SITTER, tables)["habits"]
    assert sampled["days"]["customers"] == 20
    assert sampled["repeats"]["known"] == pytest.approx(document["habits"]["repeats"]["known"], abs=0.03)


def test_the_page_asks_for_nothing_from_outside_and_stays_below_10_mb(page: str) -> None:
    assert_self_contained(page)


def test_every_chart_has_its_place_and_is_a_valid_plotly_figure(document: dict[str, Any], page: str) -> None:
    from plotly.graph_objects import Figure

    drawn, seen = charts(document), Page(page)
    assert len(drawn) >= 25
    assert seen.places() == {f"chart-{name}" for name in drawn}
    for figure in drawn.values():
        Figure(figure)  # raises on a property that Plotly does not know


@pytest.mark.skipif(not CHROMIUM, reason="needs chromium")
def test_a_small_browser_without_network_draws_every_chart_and_complains_of_nothing(
    document: dict[str, Any], page: str, tmp_path: Path
) -> None:
    assert_drawn_without_complaint(page, len(charts(document)), 500, tmp_path)


def test_names_from_the_data_cannot_become_markup(tables: Tables) -> None:
    evil = "</script><script>alert(1)</script>"
    marked = dataclasses.replace(
        tables,
        transactions=tables.transactions.with_columns(
            method=pl.lit(evil), city=pl.lit(evil), recipient_entity=pl.lit(evil)
        ),
        labeled_anomalies=tables.labeled_anomalies.with_columns(
            fraud_type=pl.when("is_fraud").then(pl.lit(evil)), fraud_evidence=pl.lit(json.dumps({evil: evil}))
        ),
    )
    made = render_portrait(measure(dataclasses.replace(SITTER, bank=f"Bank {evil}"), marked))
    assert "<script>alert(1)" not in made
    assert evil in Page(made).text


def test_what_is_missing_is_said_in_a_sentence(tables: Tables) -> None:
    nowhere = {name: pl.lit(None, dtype=pl.Float64) for name in ("latitude", "longitude")}
    wallet = tables.transactions.filter(pl.col("channel").cast(pl.String) == "app").with_columns(**nowhere)
    cases = {
        "No campaign has rows in this month": emptied(
            tables, "labeled_anomalies", "earlier_anomalies", "fraud_campaigns"
        ),
        "names no places": dataclasses.replace(tables, transactions=wallet),
        "too few payments for this picture": emptied(tables),
        "Fraud by type": emptied(tables, "fraud_campaigns", "devices", "incident_reports"),
        "none of them": dataclasses.replace(tables, transactions=tables.transactions.head(2)),
    }
    for sentence, missing in cases.items():
        found = measure(SITTER, missing)
        text = Page(render_portrait(found)).text + portrait_markdown(found)
        assert sentence in text, sentence
        assert not re.search(r"\b(None|nan|inf)\b", text)
        assert portrait_picture(found).startswith(b"\x89PNG")
    first = Page(render_portrait(measure(FIRST, portraits.tables(earlier=())))).text
    assert "No earlier month is at hand" in first


def test_the_picture_is_small_enough_for_metadata_and_the_same_each_time(document: dict[str, Any]) -> None:
    from PIL import Image

    picture = portrait_picture(document)
    assert len(picture) < 60_000
    assert Image.open(BytesIO(picture)).size == (880, 340)
    assert portrait_picture(document) == picture


def test_the_map_says_what_its_colours_mean(document: dict[str, Any], page: str) -> None:
    usual = portraits.FRAUD_ROWS / document["ledger"]["rows"]
    assert re.search(rf"Fraud 0%\s+{3 * usual:.2%} and more", Page(page).text)


def test_figures_agree_on_page_text_and_in_the_metadata(document: dict[str, Any], page: str) -> None:
    known = f"{document['habits']['repeats']['known']:.0%}"
    assert known in Page(page).text
    assert f"**{known}**" in portrait_markdown(document)
    figures = portrait_figures(document)
    assert figures["ledger rows"] == document["ledger"]["rows"]
    assert figures["fraud known within 30 days"] == pytest.approx(0.5, abs=0.06)
