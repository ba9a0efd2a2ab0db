"""What Indians receive: no heap at a bound, round allowances by day, and pay that moves where it does in life."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.allowances import allowances
from fraud_assets.simulation.intents import HOUR, MINUTE, TO_EMPLOYER, Bank, concat
from fraud_assets.simulation.merchants import directory
from fraud_assets.simulation.receipts import receipts
from fraud_assets.simulation.recurring import recurring
from fraud_assets.simulation.traits import units

INDIA = Scenario.load("india_bank")
MONTH = Month.parse("2024-06")
BANK = Bank(INDIA, tuple(units(INDIA)))


@pytest.fixture(scope="module")
def received() -> pl.DataFrame:
    """What persons send to customers, in rupees, with what the method carries."""
    rows = receipts(BANK, MONTH)
    of = rows.category
    return pl.DataFrame(
        {
            "way": [INDIA.categories[c].category for c in of],
            "amount": rows.cents / 100,
            "normal": BANK.normal_maximum[of],
            "most": BANK.most[of],
        }
    )


def test_a_person_sends_more_by_upi_than_is_normal_for_it_but_never_more_than_it_carries(
    received: pl.DataFrame,
) -> None:
    by_upi = received.filter(pl.col("way") == "Person-to-Person")
    above = by_upi.filter(pl.col("amount") > pl.col("normal"))
    assert 0.02 < len(above) / len(by_upi) < 0.10
    assert (received["amount"] <= received["most"]).all()


def test_what_is_received_does_not_pile_at_a_bound_of_the_method(received: pl.DataFrame) -> None:
    for bound in ("normal", "most"):
        at = received.group_by("way").agg(share=(pl.col("amount") == pl.col(bound)).mean())
        assert at["share"].max() < 0.01, bound  # type: ignore[operator]


def test_a_bank_that_folds_nothing_receives_at_most_what_is_normal() -> None:
    assert INDIA.receipts is not None
    plain = INDIA.model_copy(update={"receipts": INDIA.receipts.model_copy(update={"folded": False})})
    rows = receipts(Bank(plain, BANK.units), MONTH)
    assert (rows.cents <= 100 * BANK.normal_maximum[rows.category]).all()
    assert Scenario.load("us_bank").receipts.folded is False  # type: ignore[union-attr]


def test_allowances_are_round_come_by_day_and_pile_nowhere() -> None:
    sent = allowances(BANK, MONTH)
    assert len(sent) > 500
    assert (sent.cents % 50_000 == 0).all()
    hour = (sent.event_us + sent.offset * MINUTE) // HOUR % 24
    assert hour.min() >= 7
    assert hour.max() <= 21
    assert len(np.unique(hour)) > 12
    _, often = np.unique(sent.cents, return_counts=True)
    assert often.max() < 0.15 * len(sent)
    assert sent.cents.max() > 100 * BANK.normal_maximum[sent.category].max()


def test_the_pay_of_riders_and_owners_moves_about_its_mean_and_that_of_others_stays_the_same() -> None:
    steady = tuple(o.model_copy(update={"pay_varies": 0.0}) for o in INDIA.population.occupations)
    plain = INDIA.model_copy(update={"population": INDIA.population.model_copy(update={"occupations": steady})})
    months = [Month.parse(f"2024-{number:02d}") for number in (4, 5, 6, 7)]
    job = np.array([o.name for o in INDIA.population.occupations])[BANK.traits.occupation]
    paid = [_salaries(bank, job, months) for bank in (BANK, Bank(plain, BANK.units))]
    both = (
        paid[0]
        .join(paid[1], on="transaction_id", suffix="_usual", validate="1:1")
        .with_columns(factor=pl.col("amount") / pl.col("amount_usual"))
    )
    assert len(both) == len(paid[0]) == len(paid[1])
    moving = {o.name: o.pay_varies for o in INDIA.population.occupations if o.pay_varies}
    assert moving == {"gig_worker": 0.25, "business_owner": 0.20}
    for name, sigma in moving.items():
        theirs = both.filter(pl.col("job") == name)
        assert theirs["factor"].mean() == pytest.approx(1, abs=0.02), name
        assert theirs["factor"].log().std() == pytest.approx(sigma, abs=0.02), name
        twice = theirs.group_by("who").agg(pl.col("amount").n_unique() / pl.len())
        assert twice["amount"].mean() > 0.99, name  # type: ignore[operator]
        assert ((theirs["amount"] % 1) == 0).mean() > 0.95, name  # type: ignore[operator]
    others = both.filter(~pl.col("job").is_in(list(moving)))
    assert (others["factor"] == 1).all()


def _salaries(bank: Bank, job: np.ndarray, months: list[Month]) -> pl.DataFrame:
    """Each salary of the months once: who gets it, in which occupation, and how much, in rupees."""
    rows = concat([recurring(bank, month) for month in months])
    rows = rows.take(bank.recipient[rows.category] == TO_EMPLOYER)
    columns = {"transaction_id": rows.transaction_id, "who": rows.who, "job": job[rows.who], "amount": rows.cents / 100}
    return pl.DataFrame(columns).unique("transaction_id")


def test_no_firm_is_called_like_another_one_with_a_number_and_no_other_merchant_is_renamed() -> None:
    shops = directory(INDIA)
    is_employer = np.array([c.recipient == "employer" for c in INDIA.categories])[shops.category]
    firms = shops.name.filter(pl.Series(is_employer))
    assert not firms.str.contains(r" No\. \d").any()
    assert firms.n_unique() == len(firms) > 200
    alike = tuple(o.model_copy(update={"small_employers": 0.0}) for o in INDIA.population.occupations)
    population = INDIA.population.model_copy(update={"occupations": alike})
    numbered = directory(INDIA.model_copy(update={"population": population})).name
    changed = (shops.name != numbered).to_numpy()
    assert 0 < changed.sum() < 20
    assert numbered.filter(pl.Series(changed)).str.contains(r" No\. \d").all()
    assert is_employer[changed].all()
