"""The gates let an honest-looking month pass and name what gives fraud away."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from fraud_assets.evaluation import gate
from fraud_assets.evaluation.gate import Labels, Result
from fraud_assets.evaluation.giveaways import giveaways
from fraud_assets.evaluation.statistics import column_auc, run_gates
from fraud_assets_tests.evaluation.ledger import ledger_month, on_frauds


@pytest.fixture(scope="module")
def month() -> tuple[pl.DataFrame, pl.DataFrame]:
    return ledger_month()


def tables(ledger: pl.DataFrame) -> dict[str, pl.LazyFrame]:
    return {
        "customers": ledger.lazy().select("customer_id").unique(),
        "merchants": ledger.lazy().select("merchant_id").unique(),
        "devices": ledger.lazy().select("device_id").drop_nulls().unique(),
    }


def results(ledger: pl.DataFrame, labeled: pl.DataFrame, **options: Any) -> dict[str, Result]:
    ledger = ledger.with_columns(terminal_id=pl.lit(None, dtype=pl.Int64))
    found = run_gates(ledger.lazy(), labeled.lazy(), 0.01, options.get("tables", tables(ledger)))
    return {result.name: result for result in found}


def test_a_month_whose_fraud_looks_like_life_passes_every_gate(month: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    found = results(*month)
    assert [name for name, result in found.items() if not result.passed] == []
    assert all(result.n > 0 and result.explanation for result in found.values())
    assert found["realised_rate"].value == pytest.approx(0.01)


PLANTED = {
    "amount": {"amount": pl.lit(13.37)},
    "fraction of the second": {"event_time": pl.col("event_time").dt.truncate("1s")},
    "missing columns": {"ip_address": pl.lit(None, dtype=pl.String)},
    "range of merchant_id": {"merchant_id": pl.col("merchant_id") % 2**40},
    "last digits of transaction_id": {},
    "shape of the recipient": {"recipient_entity": pl.lit("user_777")},
    "posting delay, hours": {"posted_at": pl.col("event_time") + pl.duration(days=9)},
}


@pytest.mark.parametrize("pattern", PLANTED)
def test_a_value_that_one_type_of_fraud_owns_is_named(month: tuple[pl.DataFrame, pl.DataFrame], pattern: str) -> None:
    ledger, labeled = month
    if pattern == "last digits of transaction_id":
        ids = labeled.filter(pl.col("fraud_type") == "card_testing")["transaction_id"].implode()
        marked = pl.when(pl.col("transaction_id").is_in(ids)).then(pl.col("transaction_id") // 100 * 100 + 42)
        renamed = marked.otherwise(pl.col("transaction_id") // 100 * 100 + pl.col("transaction_id") % 100 % 41)
        ledger, labeled = ledger.with_columns(transaction_id=renamed), labeled.with_columns(transaction_id=renamed)
    else:
        ledger = on_frauds(ledger, labeled, "card_testing", **PLANTED[pattern])
    found = results(ledger, labeled)["giveaways"]
    assert not found.passed
    assert {"card_testing"} == {row["fraud_type"] for row in found.details["found"]}
    assert pattern in {row["pattern"] for row in found.details["found"]}


def test_a_value_of_one_campaign_alone_is_no_giveaway(month: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    ledger, labeled = month
    one = labeled.with_columns(
        campaign_id=pl.when(pl.col("fraud_type") == "card_testing").then(0).otherwise("campaign_id")
    )
    assert not results(on_frauds(ledger, labeled, "card_testing", category=pl.lit("Gifts")), labeled)[
        "giveaways"
    ].passed
    assert results(on_frauds(ledger, labeled, "card_testing", category=pl.lit("Gifts")), one)["giveaways"].passed


def test_a_column_that_separates_fraud_fails_whether_number_text_or_gap(
    month: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    ledger, labeled = month
    both = ("card_testing", "account_takeover")
    planted: dict[str, tuple[str, pl.Expr]] = {
        "latitude": ("latitude", pl.col("latitude") + 15),
        "category": ("category", pl.lit("Gifts")),
        "ip_address is missing": ("ip_address", pl.lit(None, dtype=pl.String)),
    }
    for name, (column, value) in planted.items():
        changed = ledger
        for fraud_type in both:
            changed = on_frauds(changed, labeled, fraud_type, **{column: value})
        found = column_auc(changed.lazy(), Labels.of(changed.lazy(), labeled.lazy()))
        assert not found.passed, name
        assert name in found.details["roc_area"]
        assert found.details["roc_area"][name] > 0.95


def test_a_text_learned_from_its_own_campaigns_does_not_count_as_separating(
    month: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    """A name that each campaign has to itself separates perfectly in hindsight and not at all across campaigns."""
    ledger, labeled = month
    names = labeled.select("transaction_id", own=pl.format("actor_{}", "campaign_id"))
    marked = ledger.join(names, on="transaction_id", how="left").with_columns(
        recipient_entity=pl.coalesce("own", "recipient_entity")
    )
    found = column_auc(marked.lazy(), Labels.of(marked.lazy(), labeled.lazy()))
    assert found.details["roc_area"]["recipient_entity"] < 0.6


def test_fraud_keys_that_are_in_no_table_fail(month: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    ledger, labeled = month
    known = tables(ledger)
    strangers = on_frauds(ledger, labeled, "card_testing", device_id=pl.lit(12345))
    found = results(strangers, labeled, tables=known)["key_coverage"]
    assert not found.passed
    assert found.details["device_id"]["fraud"] < found.details["device_id"]["honest"]


def test_fraud_by_night_in_huge_amounts_or_at_another_rate_fails(month: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    ledger, labeled = month
    changed = on_frauds(ledger, labeled, "card_testing", amount=pl.col("amount") * 1000)
    changed = on_frauds(changed, labeled, "card_testing", event_time=pl.col("event_time").dt.truncate("1d"))
    found = results(changed, labeled.head(200))
    for name in ("top_amount_share", "night_share", "realised_rate"):
        assert not found[name].passed, name


def test_no_fraud_at_all_fails_the_rate_and_leaves_the_rest_untested(month: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    ledger, labeled = month
    found = results(ledger, labeled.head(0))
    assert not found["realised_rate"].passed
    assert all(
        found[name].passed and found[name].value is None for name in ("column_auc", "top_amount_share", "night_share")
    )


def test_sampling_honest_rows_changes_neither_verdict_nor_who_is_sampled(
    month: tuple[pl.DataFrame, pl.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, labeled = month
    whole = column_auc(ledger.lazy(), Labels.of(ledger.lazy(), labeled.lazy()))
    monkeypatch.setattr(gate, "MOST_HONEST_ROWS", 10_000)
    labels = Labels.of(ledger.lazy(), labeled.lazy())
    first, again = (gate.read(ledger.lazy(), labels, [pl.col("amount")]) for _ in range(2))
    assert first.sort(first.columns).equals(again.sort(first.columns))
    assert first["is_fraud"].sum() == labeled.height
    assert 9_000 < first.height < 11_500
    sampled = column_auc(ledger.lazy(), labels)
    assert sampled.value == pytest.approx(whole.value, abs=0.05)
    planted = on_frauds(ledger, labeled, "card_testing", category=pl.lit("Gifts"))
    assert giveaways(ledger.lazy(), labels).passed
    assert not giveaways(planted.lazy(), labels).passed
