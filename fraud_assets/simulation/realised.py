"""What the scenario asks for beside what the tables show: one line a figure.

It reads finished tables, so it measures what users get, not what the emitters meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.customers import traits, units


@dataclass(frozen=True)
class Figure:
    """A measured number; ``low <= realised <= high`` is what was asked for."""

    name: str
    low: float
    high: float
    realised: float
    unit: str = ""

    @property
    def holds(self) -> bool:
        return self.low <= self.realised <= self.high


def figures(
    scenario: Scenario,
    months: Sequence[Month],
    transactions: pl.LazyFrame,
    labels: pl.LazyFrame,
    customers: pl.LazyFrame,
) -> list[Figure]:
    """The figures of the months together.

    Parameters
    ----------
    transactions, labels
        Ledger and truth of the months; the ledger is read by streaming aggregates, the labels are held.
    customers
        The last month's customers.
    """
    truth = labels.collect()
    people = customers.collect()
    local = pl.col("event_time") + pl.duration(minutes=pl.col("utc_offset_minutes"))
    rows = transactions.with_columns(hour=local.dt.hour(), weekday=local.dt.weekday(), day=local.dt.day())
    return [
        *_volume(scenario, months, rows, people),
        *_places(scenario, rows, people),
        *_rhythm(scenario, rows),
        *_amounts(scenario, rows, truth),
        *_accidents(scenario, rows, truth),
        *_fraud(scenario, rows, truth),
    ]


def table(lines: Sequence[Figure]) -> str:
    """The figures as a Markdown table."""
    head = "| figure | asked | realised | |\n|---|---|---|---|\n"
    return head + "".join(
        f"| {f.name} | {_number(f.low)} to {_number(f.high)} {f.unit} | {_number(f.realised)} {f.unit} "
        f"| {'yes' if f.holds else '**no**'} |\n"
        for f in lines
    )


def _volume(scenario: Scenario, months: Sequence[Month], rows: pl.LazyFrame, people: pl.DataFrame) -> list[Figure]:
    days = sum(m.days for m in months)
    counts = _collect(rows.group_by("customer_id").len())["len"] / days
    activity = scenario.activity
    low, high = activity.daily_mean or (0.0, 4 * float(activity.gamma_mean or 0))
    asked = (low + high) / 2 * scenario.population.customers * days
    n = float(counts.sum() * days)
    return [
        Figure("customers", scenario.population.customers, scenario.population.customers, len(people)),
        Figure("ledger rows", 0.9 * asked, 1.1 * asked, n),
        Figure("rows a customer and day, mean", low, high, _float(counts.mean())),
        Figure(
            "customers whose daily mean lies in the range asked for",
            0.85,
            1.0,
            _float(counts.is_between(low, high).mean()),
        ),
    ]


def _places(scenario: Scenario, rows: pl.LazyFrame, people: pl.DataFrame) -> list[Figure]:
    population = pl.DataFrame(
        {"home_city": [c.city for c in scenario.cities], "n": [c.population for c in scenario.cities]}
    )
    weight = population.group_by("home_city").agg(pl.col("n").sum() / population["n"].sum())
    homes = people.group_by("home_city").len().join(weight, on="home_city")
    off = _float((homes["len"] / len(people) - homes["n"]).abs().max())
    spread = 4 * float(np.sqrt(_float(weight["n"].max()) / len(people)))
    bought = (
        rows.filter((pl.col("channel") == "card_present") & (pl.col("kind") == "purchase"))
        .join(people.lazy().select("customer_id", "home_city"), on="customer_id")
        .group_by("customer_id")
        .agg((pl.col("city") == pl.col("home_city")).mean().alias("home"))
    )
    home = _collect(bought)["home"]
    low, high = scenario.population.home_share
    return [
        Figure("largest gap between a city's share of customers and of inhabitants", 0, spread, off),
        Figure("purchases at a counter in the home city, mean of customers", low, high, _float(home.mean())),
        Figure(
            "customers with a home share in the range asked for",
            0.75,
            1.0,
            _float(home.is_between(low - 0.04, high + 0.04).mean()),
        ),
    ]


def _rhythm(scenario: Scenario, rows: pl.LazyFrame) -> list[Figure]:
    human = rows.filter(pl.col("kind").is_in(["purchase", "transfer"]))
    hours = _collect(human.group_by("hour").len()).sort("hour")
    hour = dict(zip(hours["hour"], hours["len"] / hours["len"].sum(), strict=True))
    by_channel = _collect(human.group_by("channel").agg((pl.col("hour") < 5).mean().alias("night"), pl.len()))
    night = dict(by_channel.select("channel", "night").iter_rows())
    # Mean a weekday, so that a month with five Fridays does not count as busy.
    days = _collect(human.group_by(pl.col("weekday"), pl.col("event_time").dt.date().alias("date")).len())
    weekday = dict(days.group_by("weekday").agg(pl.col("len").mean()).iter_rows())
    asked = scenario.activity.weekday
    monday_to_thursday = sum(weekday[d] for d in range(1, 5)) / 4
    friday_saturday = (weekday[5] + weekday[6]) / 2
    wanted = (asked[4] + asked[5]) / 2 / (sum(asked[:4]) / 4)
    dates = _collect(human.group_by("day", pl.col("event_time").dt.date().alias("date")).len())
    edge = _float(dates.filter((pl.col("day") <= 3) | (pl.col("day") >= 29))["len"].mean())
    middle = _float(dates.filter(pl.col("day").is_between(8, 22))["len"].mean())

    def share(first: int, last: int) -> float:
        return float(sum(hour.get(h, 0.0) for h in range(first, last)))

    return [
        Figure("payments between 9 and 17 h", 0.33, 0.55, share(9, 17)),
        Figure(
            "payments an hour at lunch (12-14 h), over the hours beside it",
            1.1,
            2.0,
            share(12, 14) / (hour[11] + hour[14]),
        ),
        Figure("payments an hour in the evening (17-20 h), over the mean hour", 1.4, 2.5, share(17, 20) / 3 * 24),
        Figure("payments at 3 h, over the mean hour", 0.0, 0.3, hour.get(3, 0.0) * 24),
        Figure("night (0-5 h) share at a counter", 0.02, 0.04, float(night.get("card_present", 0))),
        Figure("night (0-5 h) share online", 0.06, 0.12, float(night.get("online", 0))),
        Figure(
            "Friday and Saturday over Monday to Thursday",
            wanted - 0.06,
            wanted + 0.06,
            friday_saturday / monday_to_thursday,
        ),
        Figure("first and last days of the month over the middle", 1.02, 1.3, edge / middle),
    ]


def _amounts(scenario: Scenario, rows: pl.LazyFrame, truth: pl.DataFrame) -> list[Figure]:
    odd = truth.filter(pl.col("is_fraud") | pl.col("is_high_amount_accident"))["transaction_id"]
    honest = rows.filter((pl.col("direction") == "debit") & ~pl.col("transaction_id").is_in(odd.implode()))
    ceiling = pl.DataFrame(
        {"method": [m.name for m in scenario.methods], "top": [m.normal_maximum for m in scenario.methods]}
    )
    method = _collect(
        honest.join(ceiling.lazy(), on="method")
        .group_by("method")
        .agg(
            pl.len(),
            (pl.col("amount") > pl.col("top")).sum().alias("over"),
            pl.col("category").n_unique(),
            pl.col("amount").max(),
        )
    )
    all_amounts = _collect(
        honest.select(pl.col("amount").mean().alias("mean"), pl.col("amount").median().alias("median"))
    )
    users = _collect(
        rows.filter(pl.col("payee_id").is_not_null()).select(
            pl.col("recipient_entity").str.contains(r"^user_\d{9,11}$").mean()
        )
    )
    share = scenario.activity.big_ticket_share
    return [
        Figure("mean ticket of a debit", 38, 56, float(all_amounts["mean"][0])),
        Figure("median ticket of a debit", 19, 31, float(all_amounts["median"][0])),
        Figure("payment methods in use", len(scenario.methods), len(scenario.methods), len(method)),
        Figure("kinds of entity in the method with fewest", 4, 99, _float(method["category"].min())),
        Figure(
            "honest debits above their method's normal maximum",
            0.3 * share,
            3 * share,
            _float(method["over"].sum()) / _float(method["len"].sum()),
        ),
        Figure("persons written as user_ and digits", 1, 1, float(users.item())),
    ]


def _accidents(scenario: Scenario, rows: pl.LazyFrame, truth: pl.DataFrame) -> list[Figure]:
    settings = scenario.accidents
    base = _collect(rows.filter(pl.col("kind").is_in(["purchase", "transfer"])).group_by("customer_id").len())
    n = float(base["len"].sum())

    def beta(pair: tuple[float, float]) -> float:
        return pair[0] / (pair[0] + pair[1])

    burst = truth.filter("is_accident_burst")
    high = truth.filter("is_high_amount_accident")
    typed = truth.filter("is_mistyped_entity_accident")
    ceiling = pl.DataFrame(
        {"method": [m.name for m in scenario.methods], "top": [m.normal_maximum for m in scenario.methods]}
    )
    factor = _collect(
        rows.filter(pl.col("transaction_id").is_in(high["transaction_id"].implode()))
        .join(ceiling.lazy(), on="method")
        .select((pl.col("amount") / pl.col("top")).alias("factor"))
    )["factor"]
    people = traits(scenario, tuple(units(scenario)))
    own = pl.DataFrame({"customer_id": people.customer_id, "p": people.p_burst})
    seen = base.join(burst.group_by("customer_id").len().rename({"len": "burst"}), on="customer_id", how="left").join(
        own, on="customer_id"
    )
    rate = seen.select(pl.corr("p", pl.col("burst").fill_null(0) / pl.col("len"))).item()
    lengths = typed.select(pl.col("original_recipient_entity").str.len_chars()).to_series()
    low, top = settings.high_amount_factor
    return [
        Figure(
            "burst rows a payment (1-3 extra rows each)",
            1.5 * beta(settings.burst),
            2.5 * beta(settings.burst),
            len(burst) / n,
        ),
        Figure(
            "high amounts a payment", 0.7 * beta(settings.high_amount), 1.3 * beta(settings.high_amount), len(high) / n
        ),
        Figure(
            f"high amounts at {low:g}-{top:g} times the normal maximum",
            0.99 * (1 - settings.decimal_slip),
            1.0,
            _float(factor.is_between(low * 0.999, top * 1.001).mean()),
        ),
        Figure("high amounts below the normal maximum", 0, 0, float((factor < 1).sum())),
        Figure(
            "mistyped recipients with the intended one kept", len(typed), max(1, len(typed)), float((lengths > 5).sum())
        ),
        Figure("mistyped recipients", 1, n, len(typed)),
        Figure("correlation of a customer's own burst probability with its bursts", 0.3, 1.0, float(rate or 0)),
    ]


def _fraud(scenario: Scenario, rows: pl.LazyFrame, truth: pl.DataFrame) -> list[Figure]:
    n = _collect(rows.select(pl.len())).item()
    rate = float(truth["is_fraud"].sum()) / n
    swing = scenario.fraud.monthly_variation
    return [
        Figure("fraud rows a ledger row", scenario.fraud.rate * (1 - swing), scenario.fraud.rate * (1 + swing), rate),
        Figure(
            "fraud types with rows",
            len(scenario.fraud.types),
            len(scenario.fraud.types),
            truth["fraud_type"].drop_nulls().n_unique(),
        ),
    ]


def _collect(frame: pl.LazyFrame) -> pl.DataFrame:
    return frame.collect(engine="streaming")


def _float(figure: object) -> float:
    """A figure of polars as a float; 0 where there is none."""
    return float(figure) if isinstance(figure, int | float) else 0.0


def _number(x: float) -> str:
    if float(x).is_integer() and abs(x) >= 1:
        return f"{x:,.0f}"
    return f"{x:,.0f}" if abs(x) >= 1000 else f"{x:.4g}"
