"""The class for people without an orchestrator: every table, in pieces or whole, fast, and picky about values."""

from __future__ import annotations

import time
from collections.abc import Callable

import polars as pl
import pytest

from fraud_assets.scenario import Scenario, ScenarioError
from fraud_assets.scenario.sections import Category
from fraud_assets.simulation import generator
from fraud_assets.simulation.generator import SyntheticDataGenerator
from fraud_assets.tables import TABLES, polars_schema


@pytest.fixture(scope="module")
def bank() -> SyntheticDataGenerator:
    return SyntheticDataGenerator(Scenario.load("tiny_bank"))


@pytest.mark.parametrize("table", SyntheticDataGenerator.tables)
def test_pieces_make_up_the_table(bank: SyntheticDataGenerator, table: str) -> None:
    pieces = list(bank.iterate(table, "2024-02"))
    assert {tuple(piece.schema.items()) for piece in pieces} == {tuple(polars_schema(TABLES[table]).items())}
    assert pl.concat(pieces).equals(bank.generate(table, "2024-02"))


def test_the_ledger_comes_in_several_pieces_none_of_them_large(monkeypatch: pytest.MonkeyPatch) -> None:
    config = Scenario.load("us_bank")
    monkeypatch.setattr(generator, "CHUNK_ROWS", 100_000)
    sizes = [piece.height for piece in SyntheticDataGenerator(config).iterate("transactions", "2024-02")]
    assert len(sizes) > 2
    assert max(sizes) < 200_000


def test_without_a_month_it_is_the_first(bank: SyntheticDataGenerator) -> None:
    assert bank.generate_customers().equals(bank.generate_customers("2024-01"))
    assert bank.generate_transactions().equals(bank.generate_transactions("2024-01"))


def test_several_months_are_the_months_one_after_the_other(bank: SyntheticDataGenerator) -> None:
    months = ("2024-02", "2024-01")
    both = pl.concat([bank.generate_transactions(month) for month in months])
    assert bank.generate_transactions(*months).equals(both)


def test_reports_of_a_month_are_about_rows_that_exist(bank: SyntheticDataGenerator) -> None:
    reports = bank.generate("incident_reports", "2024-02")
    rows = bank.generate_transactions("2024-01", "2024-02")
    assert reports.height > 0
    assert reports.join(rows, on=["transaction_id", "event_time", "customer_id"], how="anti").is_empty()
    assert (reports["reported_at"].dt.strftime("%Y-%m") == "2024-02").all()


def test_a_million_rows_in_less_than_five_seconds_of_the_processor() -> None:
    bank = SyntheticDataGenerator(Scenario.load("us_bank"))
    begun = time.process_time()
    rows = bank.generate_transactions("2024-01", "2024-02", "2024-03").height
    assert time.process_time() - begun < 5
    assert rows > 900_000


def test_unknown_tables_and_months_are_named(bank: SyntheticDataGenerator) -> None:
    with pytest.raises(ValueError, match="table 'accounts' does not exist; there are customers, devices"):
        bank.iterate("accounts")
    with pytest.raises(ScenarioError, match="month 2023-12 is outside its range"):
        bank.generate_transactions("2023-12")


@pytest.mark.parametrize(
    ("section", "changes", "sentence"),
    [
        ("population", {"customers": 0}, r"population\.customers is 0; .*greater than or equal to 1"),
        ("activity", {"daily_mean": (9, 2)}, r"activity\.daily_mean.*must go from the lowest to the highest"),
        ("fraud", {"rate": 0.9}, r"fraud\.rate is 0\.9; .*less than or equal to 0\.2"),
    ],
)
def test_a_changed_scenario_is_checked_as_a_file_is(section: str, changes: dict[str, object], sentence: str) -> None:
    config = Scenario.load("tiny_bank")
    changed = config.model_copy(update={section: getattr(config, section).model_copy(update=changes)})
    with pytest.raises(ScenarioError, match=f"^scenario tiny_bank: {sentence}"):
        SyntheticDataGenerator(changed)


def _only(name: str, keep: Callable[[Category], bool], **more: object) -> Scenario:
    """The bank with some of its categories and the methods by which they are paid, without fraud."""
    bank = Scenario.load(name)
    categories = tuple(c for c in bank.categories if keep(c))
    names, used = {c.category for c in categories}, {c.method for c in categories}
    methods = [method for method in bank.methods if method.name in used]
    total = sum(method.share for method in methods)
    return bank.model_copy(
        update={
            "categories": categories,
            "methods": tuple(method.model_copy(update={"share": method.share / total}) for method in methods),
            "brands": tuple(brand for brand in bank.brands if brand.category in names),
            "fraud": bank.fraud.model_copy(update={"types": {}}),
            "holidays": tuple(day for day in bank.holidays if day.category is None or day.category in names),
            "population": bank.population.model_copy(update={"customers": 40}),
            **more,
        }
    )


def test_a_bank_with_one_way_to_pay_has_customers_and_a_ledger() -> None:
    bank = SyntheticDataGenerator(_only("us_bank", lambda c: c.method == "Credit Card", episodes={}))
    assert bank.generate_customers().height > 0
    assert bank.generate_transactions()["method"].unique().to_list() == ["Credit Card"]


@pytest.mark.parametrize(
    ("name", "keep", "missing"),
    [
        ("us_bank", lambda c: c.channel == "app", "a merchant who is paid online"),
        ("us_bank", lambda c: c.recipient != "person", "payments to persons"),
        ("crypto_wallet", lambda c: c.recipient != "payout", "'payout'"),
    ],
)
def test_an_episode_without_its_kind_of_payment_says_which(
    name: str, keep: Callable[[Category], bool], missing: str
) -> None:
    bank = SyntheticDataGenerator(_only(name, keep))
    with pytest.raises(ScenarioError, match=f"{name}: categories.csv: .* needs .*{missing}, and there is none"):
        bank.generate_transactions("2024-02")


@pytest.mark.parametrize(
    ("family", "missing"),
    [("friendly_fraud", "customers make"), ("transaction_replay", "customers make"), ("bust_out", "paid with money")],
)
def test_a_fraud_type_in_a_bank_that_sells_for_points_alone_says_what_it_needs(family: str, missing: str) -> None:
    shipped = Scenario.load("us_bank").fraud
    kind = next(kind for kind in shipped.types.values() if kind.family == family)
    types = {"only": kind.model_copy(update={"share": 1.0})}
    fraud = shipped.model_copy(update={"types": types, "rate": 0.05})
    bank = _only("us_bank", lambda c: c.recipient != "merchant" or "points" in c.tags, episodes={}, fraud=fraud)
    with pytest.raises(ScenarioError, match=f"us_bank: categories.csv: .* needs .*{missing}, and there is none"):
        SyntheticDataGenerator(bank).generate_transactions("2024-02")


def test_an_episode_in_a_bank_without_merchants_says_that_it_needs_one() -> None:
    bank = SyntheticDataGenerator(_only("us_bank", lambda c: c.recipient != "merchant"))
    with pytest.raises(ScenarioError, match="needs a merchant"):
        bank.generate_transactions("2024-02")
