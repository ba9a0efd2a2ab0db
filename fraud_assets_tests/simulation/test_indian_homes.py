"""What an Indian reader would laugh at: men who keep house, students with a salary, men in ladies' hostels."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from fraud_assets.scenario import Scenario
from fraud_assets.scenario.sections import Occupation, Population, Rents
from fraud_assets.simulation.generator import SyntheticDataGenerator
from fraud_assets.simulation.traits import GENDERS, traits, units

INDIA = Scenario.load("india_bank")
LOCAL = pl.col("event_time") + pl.duration(minutes=pl.col("utc_offset_minutes"))
MONTH = "2024-06"
YOUNGEST_OF_THE_OLD = 36


def with_people(**values: object) -> Scenario:
    return INDIA.model_copy(update={"population": INDIA.population.model_copy(update=values)})


@pytest.fixture(scope="module")
def made() -> SyntheticDataGenerator:
    return SyntheticDataGenerator(INDIA)


@pytest.fixture(scope="module")
def people(made: SyntheticDataGenerator) -> pl.DataFrame:
    return made.generate_customers(MONTH)


@pytest.fixture(scope="module")
def ledger(made: SyntheticDataGenerator, people: pl.DataFrame) -> pl.DataFrame:
    """Honest rows, with what the bank has on file of their customers."""
    labels = made.generate_labels(MONTH).filter(pl.col("is_fraud") | pl.col("is_high_amount_accident"))
    rows = made.generate_transactions(MONTH).join(labels, on="transaction_id", how="anti")
    known = people.select("customer_id", "occupation", "gender", "age", "annual_income", "address_id")
    return rows.join(known, on="customer_id").with_columns(income=pl.col("annual_income") / 12)


@pytest.fixture(scope="module")
def rents(ledger: pl.DataFrame) -> pl.DataFrame:
    return ledger.filter(pl.col("category") == "House Rent")


def test_women_keep_house_men_deliver_and_overall_the_accounts_are_divided_as_asked() -> None:
    t = traits(with_people(customers=40_000), range(157))
    is_woman = t.gender == GENDERS.index("F")
    asked = INDIA.population.genders
    for gender, share in asked.items():
        assert (t.gender == GENDERS.index(gender)).mean() == pytest.approx(share, abs=0.01), gender
    women = {o.name: is_woman[t.occupation == k].mean() for k, o in enumerate(INDIA.population.occupations)}
    assert women["homemaker"] > 0.95
    assert women["gig_worker"] < 0.25
    assert max(women["government"], women["business_owner"]) < 0.42
    assert 0.40 < women["private_salaried"] < 0.50


def test_only_gender_and_homes_follow_from_who_has_which_occupation() -> None:
    alike = tuple(o.model_copy(update={"women": None}) for o in INDIA.population.occupations)
    one, other = traits(INDIA, units(INDIA)), traits(with_people(occupations=alike), units(INDIA))
    for column in ("customer_id", "birth_day", "occupation", "annual_income", "daily_rate", "payday", "kyc_level"):
        assert (getattr(one, column) == getattr(other, column)).all(), column
    assert 0.02 < (one.gender != other.gender).mean() < 0.2


def test_no_employer_pays_students_and_homemakers_and_one_of_the_family_sends_them_the_same_each_month(
    made: SyntheticDataGenerator, people: pl.DataFrame
) -> None:
    both = pl.concat([made.generate_transactions(month) for month in (MONTH, "2024-07")])
    at_home = people.filter(pl.col("occupation").is_in(["student", "homemaker"]))
    theirs = both.join(at_home, on="customer_id")
    assert not (theirs["category"] == "Salary").any()
    regular = (
        theirs.filter((pl.col("kind") == "income") & (pl.col("category") == "Person-to-Person"))
        .group_by("customer_id", "payee_id", "amount")
        .agg(pl.len(), pl.first("annual_income"))
        .filter(pl.col("len") >= 2)
    )
    assert regular["customer_id"].n_unique() > 0.95 * len(at_home)
    share = regular.select((12 * pl.col("amount") / pl.col("annual_income")).median()).item()
    assert share == pytest.approx(1, abs=0.1)


def test_hundreds_of_employers_pay_those_in_private_service(ledger: pl.DataFrame) -> None:
    paid = ledger.filter((pl.col("category") == "Salary") & (pl.col("occupation") == "private_salaried"))
    names = paid["recipient_entity"].value_counts(sort=True)
    assert len(names) > 120
    assert names["count"][0] < 0.1 * len(paid)
    assert {"ICICI Bank", "Maruti Suzuki India", "Tata Motors"} < set(names["recipient_entity"])
    assert float(paid["recipient_entity"].str.contains("Pvt Ltd").mean()) > 0.3  # type: ignore[arg-type]


def test_hostels_take_the_young_and_a_ladies_hostel_only_women(rents: pl.DataFrame) -> None:
    ladies = rents.filter(pl.col("recipient_entity").str.contains("Ladies Hostel"))
    assert len(ladies) >= 5
    assert ladies["gender"].unique().to_list() == ["F"]
    houses = pl.col("recipient_entity").str.contains("Ladies Hostel|Paying Guest House|Stanza Living|Zolo Stays")
    assert rents.filter(houses)["age"].max() < YOUNGEST_OF_THE_OLD  # type: ignore[operator]
    assert rents.filter(~houses)["age"].max() > YOUNGEST_OF_THE_OLD  # type: ignore[operator]


def test_women_and_men_live_in_different_halls_and_pay_their_rent_there(rents: pl.DataFrame) -> None:
    t = traits(INDIA, units(INDIA))
    halls = pl.DataFrame({"address_id": t.address_id, "woman": t.gender == 0, "lives": t.in_hall}).filter("lives")
    assert len(halls) > 0.03 * INDIA.population.customers
    assert halls.group_by("address_id").agg(pl.col("woman").n_unique())["woman"].max() == 1
    jobs = {INDIA.population.occupations[k].name for k in np.unique(t.occupation[t.in_hall])}
    assert jobs == set(INDIA.population.hall_occupations)
    theirs = rents.filter(pl.col("address_id").is_in(halls["address_id"].implode()))
    assert len(theirs) > 30
    assert theirs["recipient_entity"].str.contains("Hostel|Paying Guest House|Stanza Living|Zolo Stays").all()


def test_most_rents_go_to_the_upi_id_of_one_and_the_same_private_person(made: SyntheticDataGenerator) -> None:
    months = pl.concat([made.generate_transactions(month) for month in (MONTH, "2024-09")])
    rents = months.filter(pl.col("category") == "House Rent")
    private = rents.filter(pl.col("payee_id").is_not_null())
    assert 0.5 < len(private) / len(rents) < 0.75
    assert (private["method"] == "UPI").all()
    assert private["recipient_entity"].str.contains("@").all()
    assert private["merchant_id"].null_count() == len(private)
    to = private.group_by("customer_id").agg(pl.col("payee_id", "recipient_entity").n_unique())
    assert to.select(pl.col("payee_id", "recipient_entity").max()).row(0) == (1, 1)


def test_rents_are_paid_on_any_day_of_the_week(made: SyntheticDataGenerator) -> None:
    months = pl.concat([made.generate_transactions(f"2024-{month:02d}") for month in range(4, 8)])
    day = months.filter(pl.col("category") == "House Rent").select(LOCAL.dt.weekday()).to_series()
    assert 0.2 < float((day >= 6).mean()) < 0.4  # type: ignore[arg-type]


def test_only_those_pay_a_rent_who_can_and_one_in_a_home(rents: pl.DataFrame, people: pl.DataFrame) -> None:
    share = INDIA.population.rents.of_income
    assert share is not None
    assert (rents["amount"] <= 1.02 * share * rents["income"]).all()
    assert rents["amount"].min() >= 3500  # type: ignore[operator]
    assert len(rents) < 0.2 * len(people)
    paying = dict(rents.group_by("occupation").len().iter_rows())
    some = dict(people.group_by("occupation").len().iter_rows())
    assert max(paying[o] / some[o] for o in ("homemaker", "retired")) < 0.06
    t = traits(INDIA, units(INDIA))
    heads = set(t.customer_id[t.household == t.index].tolist())
    assert set(rents["customer_id"]) <= heads


def test_a_student_s_card_has_a_student_s_limit(people: pl.DataFrame) -> None:
    assert (people["credit_limit"] <= people["annual_income"] * 0.34 + 10_000).all()
    students = people.filter(pl.col("occupation") == "student")
    assert students["credit_limit"].median() < 60_000  # type: ignore[operator]
    assert students["credit_limit"].min() == INDIA.population.credit_step


def test_who_has_little_income_spends_less_of_it_at_once_than_without_the_bound(ledger: pl.DataFrame) -> None:
    free = INDIA.model_copy(update={"activity": INDIA.activity.model_copy(update={"much_of_income": None})})
    unbound = SyntheticDataGenerator(free).generate_transactions(MONTH)
    chosen = pl.col("kind").is_in(["purchase", "transfer"])
    both = ledger.filter(chosen).join(unbound.filter(chosen), on="transaction_id", suffix="_unbound")
    assert len(both) > 0.98 * len(ledger.filter(chosen))
    small = both.filter(pl.col("amount_unbound") < 0.2 * pl.col("income"))
    assert float((small["amount"] == small["amount_unbound"]).mean()) > 0.99  # type: ignore[arg-type]
    large = both.filter(pl.col("amount_unbound") > pl.col("income"))
    assert large["amount"].median() < 0.6 * large["amount_unbound"].median()  # type: ignore[operator]


def test_those_who_earn_nothing_are_neither_sent_fortunes_nor_pay_instalments_of_a_month_s_income(
    ledger: pl.DataFrame,
) -> None:
    theirs = ledger.filter(pl.col("occupation").is_in(["student", "homemaker"]))
    share = pl.col("amount") / pl.col("income")
    sent = theirs.filter((pl.col("kind") == "income") & (pl.col("category") == "Person-to-Person"))
    assert sent.select(share.quantile(0.99)).item() < 2.0
    bills = theirs.filter((pl.col("kind") == "bill") & (pl.col("category") != "House Rent"))
    assert bills.select(share.quantile(0.99)).item() < 0.8


def test_a_bank_that_says_nothing_of_homes_has_everybody_paid_and_housed_alike() -> None:
    us = Scenario.load("us_bank").population
    assert us.rents == Rents(of_income=0.5)
    assert (us.credit_step, us.halls_by_gender, us.hall_occupations) == (None, False, ())
    assert {(o.women, o.paid_by, o.small_employers) for o in us.occupations} == {(None, "employer", 0.0)}
    assert (Rents().of_income, Occupation(name="any", hours="any", income=1.0).tenants) == (None, 1.0)
    assert Population.model_fields["halls_by_gender"].default is False


def test_trade_is_done_by_shopkeepers_and_instalments_are_paid_by_earners(
    ledger: pl.DataFrame, people: pl.DataFrame
) -> None:
    there = dict(people.group_by("occupation").len().iter_rows())

    def a_head(category: str, occupation: str, count: pl.Expr) -> float:
        rows = ledger.filter(category=category, occupation=occupation)
        return float(rows.select(count).item()) / there[occupation]

    for other in set(there) - {"business_owner"}:
        trade = [a_head("Traders and Suppliers", who, pl.len()) for who in ("business_owner", other)]
        assert trade[0] > 2 * trade[1], other
    payers = pl.col("customer_id").n_unique()
    earners = a_head("Loan EMI", "private_salaried", payers)
    assert all(earners > 1.5 * a_head("Loan EMI", who, payers) for who in ("retired", "homemaker", "student"))
    assert a_head("Education", "student", pl.len()) > 2 * a_head("Education", "it_professional", pl.len())
