"""india_bank: UPI before everything else, Indian places, prices, names and festivals, and a month east of Greenwich."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from rapidfuzz.distance import OSA

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.generator import SyntheticDataGenerator
from fraud_assets.simulation.merchants import merchants_frame
from fraud_assets.simulation.names import person_names
from fraud_assets.simulation.traits import traits, units

INDIA = Scenario.load("india_bank")
MONTH = Month.parse("2024-06")
LAKH = 100_000
LOCAL = pl.col("event_time") + pl.duration(minutes=pl.col("utc_offset_minutes"))


def sized(customers: int) -> SyntheticDataGenerator:
    people = INDIA.population.model_copy(update={"customers": customers})
    return SyntheticDataGenerator(INDIA.model_copy(update={"population": people}))


@pytest.fixture(scope="module")
def made() -> SyntheticDataGenerator:
    return SyntheticDataGenerator(INDIA)


@pytest.fixture(scope="module")
def ledger(made: SyntheticDataGenerator) -> pl.DataFrame:
    """A month of all 5,000 customers."""
    return made.generate_transactions(str(MONTH))


@pytest.fixture(scope="module")
def labels(made: SyntheticDataGenerator) -> pl.DataFrame:
    return made.generate_labels(str(MONTH))


@pytest.fixture(scope="module")
def paid(ledger: pl.DataFrame) -> pl.DataFrame:
    return ledger.filter(pl.col("direction") == "debit")


def test_customers_pay_one_and_a_half_times_a_day_and_differ_widely(paid: pl.DataFrame) -> None:
    assert len(paid) / INDIA.population.customers / MONTH.days == pytest.approx(1.5, abs=0.12)
    rate = traits(INDIA, units(INDIA)).daily_rate
    assert rate.std() / rate.mean() == pytest.approx(0.9, abs=0.06)


def test_methods_have_their_shares(paid: pl.DataFrame) -> None:
    realised = dict(paid["method"].value_counts(normalize=True).iter_rows())
    for method in INDIA.methods:
        assert realised[method.name] == pytest.approx(method.share, abs=0.02), method.name


def test_small_payments_are_made_by_upi(paid: pl.DataFrame) -> None:
    small = paid.filter(pl.col("amount") < 500)
    assert small.select((pl.col("method") == "UPI").mean()).item() == pytest.approx(0.89, abs=0.015)


def test_statuses_have_their_mix(ledger: pl.DataFrame) -> None:
    mix = dict(ledger["status"].cast(pl.String).value_counts(normalize=True).iter_rows())
    assert mix["approved"] == pytest.approx(0.964, abs=0.006)
    assert mix["declined"] == pytest.approx(0.025, abs=0.005)
    assert mix["pending"] == pytest.approx(0.011, abs=0.003)


@pytest.mark.parametrize(("category", "mu", "sigma"), [(None, 4.69, 1.97), ("Person-to-Person", 5.67, 2.39)])
def test_amounts_by_upi_follow_their_laws(
    paid: pl.DataFrame, labels: pl.DataFrame, category: str | None, mu: float, sigma: float
) -> None:
    odd = labels.filter(pl.col("is_fraud") | pl.col("is_high_amount_accident"))["transaction_id"]
    upi = paid.filter((pl.col("method") == "UPI") & ~pl.col("transaction_id").is_in(odd.implode()))
    kind = (pl.col("kind") == "purchase") if category is None else (pl.col("category") == category)
    log = upi.filter(kind)["amount"].log()
    assert log.mean() == pytest.approx(mu, abs=0.08)
    assert log.std() == pytest.approx(sigma, abs=0.08)


def test_nothing_exceeds_a_lakh_by_upi_not_even_by_accident(ledger: pl.DataFrame, labels: pl.DataFrame) -> None:
    upi = ledger.filter(pl.col("method") == "UPI")
    assert upi["amount"].max() <= LAKH  # type: ignore[operator]
    assert (upi["amount"] > 0.9 * LAKH).any()
    slips = upi.join(labels.filter("is_high_amount_accident").select("transaction_id"), on="transaction_id")
    ceiling = next(m.normal_maximum for m in INDIA.methods if m.name == "UPI")
    assert slips["amount"].min() >= ceiling  # type: ignore[operator]


def test_friends_are_sent_round_hundreds(paid: pl.DataFrame) -> None:
    sent = paid.filter((pl.col("category") == "Person-to-Person") & (pl.col("amount") >= 300))["amount"]
    assert float((sent % 100 == 0).mean()) > 0.75  # type: ignore[arg-type]


def test_paise_are_rare_and_small_shops_like_tens(paid: pl.DataFrame) -> None:
    assert float((paid["amount"] % 1 != 0).mean()) < 0.10  # type: ignore[arg-type]
    corner = paid.filter((pl.col("category") == "Kirana Store") & (pl.col("amount") >= 10))["amount"]
    assert 0.5 < float((corner % 10 == 0).mean()) < 0.7  # type: ignore[arg-type]


def test_cash_comes_in_notes_from_a_bank_s_machine(paid: pl.DataFrame) -> None:
    cash = paid.filter(pl.col("method") == "ATM")
    assert set(cash["kind"].cast(pl.String)) == {"withdrawal"}
    assert (cash["amount"] % 100 == 0).all()
    assert (cash.filter(pl.col("amount") > 1000)["amount"] % 500 == 0).all()
    assert cash["terminal_id"].null_count() == cash["card_id"].null_count() == 0
    assert cash["device_id"].null_count() == len(cash)
    assert cash["entry_mode"].unique().to_list() == ["chip"]
    assert cash["recipient_entity"].str.ends_with("ATM").all()


def test_a_code_is_scanned_in_the_shop_with_the_phone(paid: pl.DataFrame, made: SyntheticDataGenerator) -> None:
    scanned = [c.category for c in INDIA.categories if c.instrument == "scan"]
    shops = merchants_frame(INDIA, MONTH).select("merchant_id", shop_city="city", shop_latitude="latitude")
    rows = paid.filter(pl.col("category").is_in(scanned)).join(shops, on="merchant_id")
    assert rows["card_id"].null_count() == rows["terminal_id"].null_count() == len(rows)
    assert rows["ip_address"].null_count() == 0
    assert (rows["city"] == rows["shop_city"]).all()
    assert (rows["latitude"] == rows["shop_latitude"]).all()
    phones = made.generate_device_data(str(MONTH)).select("device_id", device="kind")
    kinds = rows.join(phones, on="device_id")["device"].cast(pl.String).value_counts(normalize=True)
    assert dict(kinds.iter_rows())["phone"] > 0.95


def test_most_phones_are_androids(made: SyntheticDataGenerator) -> None:
    phones = made.generate_device_data(str(MONTH)).filter(pl.col("kind") == "phone")["os"]
    assert float((phones == "Android").mean()) == pytest.approx(0.95, abs=0.02)  # type: ignore[arg-type]


def test_persons_are_upi_ids(ledger: pl.DataFrame) -> None:
    persons = ledger.filter(pl.col("payee_id").is_not_null() & (pl.col("method") != "Netbanking")).unique("payee_id")
    by_number = persons["recipient_entity"].str.contains(r"^[6-9]\d{8,10}@[a-z]+$")
    by_name = persons["recipient_entity"].str.contains(r"^[a-z.]+\d{1,4}@[a-z]+$")
    assert (by_number | by_name).all()
    assert 0.4 < float(by_number.mean()) < 0.6  # type: ignore[arg-type]
    assert persons["recipient_entity"].n_unique() > 0.999 * len(persons)


def test_a_mistyped_id_is_a_character_or_two_off(ledger: pl.DataFrame, labels: pl.DataFrame) -> None:
    typed = labels.filter("is_mistyped_entity_accident").select("transaction_id", "original_recipient_entity")
    rows = typed.join(ledger.select("transaction_id", "recipient_entity"), on="transaction_id")
    assert len(rows) > 20
    for _, meant, entered in rows.iter_rows():
        assert 1 <= OSA.distance(meant, entered) <= 2, (meant, entered)


def test_a_slip_in_a_name_changes_a_letter_and_in_a_number_a_digit() -> None:
    meant = np.arange(4_321_000_000, 4_321_000_400)
    entered = person_names(INDIA, meant + 10_000, meant)
    for right, wrong in zip(person_names(INDIA, meant), entered, strict=True):
        assert 1 <= OSA.distance(right, wrong) <= 2, (right, wrong)
        assert right.split("@")[1] == wrong.split("@")[1]


def test_the_power_company_is_that_of_the_place(ledger: pl.DataFrame, made: SyntheticDataGenerator) -> None:
    metro = {c.city: c.metro for c in INDIA.cities}
    served = {b.name: b.served for b in INDIA.brands if b.category == "Electricity"}
    bills = ledger.filter(pl.col("category") == "Electricity").join(
        made.generate_customers(str(MONTH)).select("customer_id", "home_city"), on="customer_id"
    )
    known = bills.filter(pl.col("recipient_entity").is_in(list(served)))
    assert len(known) > 0.8 * len(bills)
    for company, home in known.select("recipient_entity", "home_city").unique().iter_rows():
        assert metro[home] in served[company], (company, home)


def test_local_shops_have_indian_names_and_rarely_the_same() -> None:
    shops = merchants_frame(INDIA, MONTH).filter(~pl.col("is_chain") & ~pl.col("is_online"))
    assert shops["name"].str.contains(r"^[A-Z0-9]").all()
    kirana = shops.filter(pl.col("category") == "Kirana Store")
    families = set(INDIA.names["family"])
    by_family = kirana["name"].str.split(" ").list.first().is_in(list(families))
    assert float(by_family.mean()) > 0.15  # type: ignore[arg-type]
    assert kirana["name"].n_unique() > 0.8 * len(kirana)
    assert not shops["name"].str.contains("'s ").any()


def test_the_tables_hold_what_they_should() -> None:
    assert len(INDIA.cities) == 20
    assert {(c.tier, c.cost_of_living) for c in INDIA.cities} == {(1, 1.3), (2, 1.0), (3, 0.8)}
    assert len({b.name for b in INDIA.brands}) >= 160
    people = INDIA.population
    assert [s.share for s in people.segments] == [0.20, 0.25, 0.20, 0.15, 0.08, 0.07, 0.05]
    assert (len(people.occupations), len(people.income_brackets)) == (8, 6)
    for year in (2024, 2025):
        festivals = {h.name for h in INDIA.holidays if h.is_festival and h.last.year == year}
        assert len(festivals) == 12, year


def test_diwali_raises_payments_by_a_fifth_to_a_quarter_against_the_weeks_before() -> None:
    made = sized(1280)
    months = pl.concat([made.generate_transactions(key) for key in ("2024-09", "2024-10", "2024-11")])
    chosen = months.filter((pl.col("direction") == "debit") & (pl.col("kind") != "bill")).with_columns(
        day=LOCAL.dt.date()
    )
    a_day = chosen.group_by("day").len()

    def mean(first: date, last: date) -> float:
        return float(a_day.filter(pl.col("day").is_between(first, last))["len"].mean())  # type: ignore[arg-type]

    diwali = mean(date(2024, 10, 18), date(2024, 11, 3))
    assert 1.18 < diwali / mean(date(2024, 9, 20), date(2024, 10, 17)) < 1.27
    gold = chosen.filter(pl.col("category") == "Jewellery").group_by("day").len()
    dhanteras = gold.filter(pl.col("day").is_between(date(2024, 10, 28), date(2024, 10, 29)))["len"].sum()
    before = gold.filter(pl.col("day").is_between(date(2024, 10, 20), date(2024, 10, 27)))["len"].sum()
    assert 8 * int(dhanteras) > 2.5 * 2 * int(before)


def test_salaries_come_at_the_turn_of_the_month(ledger: pl.DataFrame) -> None:
    days = ledger.filter(pl.col("category") == "Salary").with_columns(day=LOCAL.dt.day())["day"]
    turn = (days >= 28) | (days == 1)  # what would fall on a weekend comes on the Friday before
    assert float(turn.mean()) > 0.5  # type: ignore[arg-type]


def test_a_month_east_of_greenwich_is_whole(made: SyntheticDataGenerator, ledger: pl.DataFrame) -> None:
    """June by UTC begins at half past five of 1 June and ends at half past five of 1 July."""
    assert ledger["utc_offset_minutes"].unique().to_list() == [330]
    assert ledger["event_time"].min() >= MONTH.start  # type: ignore[operator]
    assert ledger["event_time"].max() < MONTH.end  # type: ignore[operator]
    a_day = ledger.group_by(pl.col("event_time").dt.date()).len().sort("event_time")["len"]
    assert len(a_day) == MONTH.days
    assert a_day.min() > 0.75 * a_day.mean()  # type: ignore[operator]
    small = sized(512)
    may, june = (small.generate_transactions(key) for key in ("2024-05", "2024-06"))
    assert pl.concat([may, june])["transaction_id"].is_unique().all()
    night = pl.concat([may, june]).with_columns(local=LOCAL).filter(pl.col("kind").is_in(["purchase", "transfer"]))
    hours = night.filter(pl.col("local").dt.date() == date(2024, 6, 1)).group_by(pl.col("local").dt.hour()).len()
    # The first local day comes from both months: the small hours from May, the day from June.
    assert set(range(6, 23)) <= set(hours["local"])
    assert june.select(LOCAL.min().dt.hour()).item() in (5, 6)


def test_a_refund_refers_to_a_row_that_exists(made: SyntheticDataGenerator, ledger: pl.DataFrame) -> None:
    before = made.generate_transactions("2024-05")
    known = pl.concat([before, ledger])["transaction_id"]
    back = ledger["original_transaction_id"].drop_nulls()
    assert len(back) > 100
    assert back.is_in(known.implode()).all()


def test_who_is_paid_by_netbanking_is_an_account_holder_also_where_the_number_is_mistyped(
    ledger: pl.DataFrame,
) -> None:
    sent = ledger.filter(pl.col("payee_id").is_not_null() & (pl.col("method") == "Netbanking"))
    assert len(sent) > 500
    assert not sent["recipient_entity"].str.contains("@").any()
    assert (sent["recipient_entity"].str.extract(r"(\d{10})").cast(pl.Int64) == sent["payee_id"]).all()
    meant = np.arange(2_000_000_000, 2_000_000_300)
    accounts = np.full(len(meant), True)
    for right, wrong in zip(
        person_names(INDIA, meant, by_account=accounts), person_names(INDIA, meant + 7, meant, accounts), strict=True
    ):
        assert right != wrong
        assert sum(a != b for a, b in zip(right, wrong, strict=True)) <= 3


def test_brands_sell_at_their_prices(paid: pl.DataFrame, labels: pl.DataFrame) -> None:
    odd = labels.filter(pl.col("is_fraud") | pl.col("is_high_amount_accident"))["transaction_id"]
    honest = paid.filter(~pl.col("transaction_id").is_in(odd.implode()) & (pl.col("kind") == "purchase"))
    for name, low, high in (("Cafe Coffee Day", 100, 400), ("Zomato", 150, 700), ("Uber", 80, 500), ("OYO", 900, 5000)):
        middle = honest.filter(pl.col("recipient_entity") == name)["amount"].median()
        assert low < float(middle) < high, name  # type: ignore[arg-type]
    packs = next(c.listed for c in INDIA.categories if c.category == "Recharge")
    assert {239, 299} < set(packs)
    charged = honest.filter((pl.col("category") == "Recharge") & ~pl.col("transaction_id").is_duplicated())
    assert float(charged["amount"].is_in(list(packs)).mean()) > 0.97  # type: ignore[arg-type]
    assert honest.filter(pl.col("category") == "Tea and Snacks")["amount"].min() >= 1  # type: ignore[operator]
    cheap = honest.filter((pl.col("category") == "Fashion Store") & (pl.col("amount") < 100))["amount"]
    assert float((cheap % 1 != 0).mean()) < 0.05  # type: ignore[arg-type]  # 89, never 89.90


def test_pensions_are_for_the_retired_and_software_companies_pay_programmers_if_no_small_firm_does(
    ledger: pl.DataFrame, made: SyntheticDataGenerator
) -> None:
    people = made.generate_customers(str(MONTH)).select("customer_id", "occupation")
    paid_by = ledger.filter(pl.col("category") == "Salary").join(people, on="customer_id")
    named = {b.name: b.occupations for b in INDIA.brands if b.category == "Salary"}
    small = {o.name: o.small_employers for o in INDIA.population.occupations}
    for who, company in paid_by.select("occupation", "recipient_entity").unique().iter_rows():
        of = named.get(company, ())
        assert who in of if of else small[who] > 0, (who, company)
    by_small_firms = paid_by.group_by("occupation").agg((~pl.col("recipient_entity").is_in(list(named))).mean())
    for who, share in by_small_firms.iter_rows():
        assert share == pytest.approx(small[who], abs=0.06), who
    assert (paid_by["amount"] % 1 == 0).mean() > 0.95  # type: ignore[operator]


def test_an_employer_of_nobody_is_refused() -> None:
    brand = INDIA.brands[0].model_copy(update={"occupations": ("astronaut",)})
    with pytest.raises(ValueError, match="astronaut"):
        Scenario.model_validate(INDIA.model_dump() | {"brands": (brand, *INDIA.brands[1:])})
