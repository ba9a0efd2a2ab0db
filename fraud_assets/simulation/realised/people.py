"""How many, who they are, how much they do, and whether what they do follows who they are."""

from __future__ import annotations

import numpy as np
import polars as pl

from fraud_assets.simulation.realised.figure import Figure, all_of, near
from fraud_assets.simulation.realised.view import View, as_float, collect, shares, value, widest

#: Standard errors of a share that chance may add.
_CHANCE = 4.0
#: A customer's purchase is judged as a repetition or not once there are so many before it.
_EXPERIENCE = 40
#: And who gets something often gets it so many times at least.
_OFTEN = 8
_PROFILE_FIELDS = 23


def people(view: View) -> list[Figure]:
    """Customers, their profiles and their homes."""
    scenario, table = view.scenario, view.people
    asked = scenario.population
    n = len(table)
    first = asked.joined_before_start * asked.customers
    segments = {segment.name: segment.share for segment in asked.segments}
    cities: dict[str, float] = {}
    for city in scenario.cities:
        cities[city.city] = cities.get(city.city, 0.0) + city.population
    total = sum(cities.values())
    cities = {name: share / total for name, share in cities.items()}
    homes = n / (1 + asked.household_share)  # those of a household live in one city
    return [
        Figure("customers", round(0.98 * first), asked.customers, n),
        Figure("fields of a customer's profile", _PROFILE_FIELDS, None, len(table.columns)),
        all_of("customer segments", len(segments), table["segment"].n_unique()),
        Figure("largest gap of a segment's share", 0, _room(segments, n), _gap(table, "segment", segments)),
        all_of("occupations", len(asked.occupations), table["occupation"].n_unique()),
        all_of("income brackets", len(asked.income_brackets), table["income_bracket"].n_unique()),
        Figure("cities", _settled(cities, homes), len(cities), table["home_city"].n_unique()),
        all_of("tiers of cities", len({c.tier for c in scenario.cities}), table["city_tier"].n_unique()),
        Figure(
            "largest gap between a city's share of customers and of inhabitants",
            0,
            _room(cities, homes),
            _gap(table, "home_city", cities),
        ),
        *_levels(view),
    ]


def activity(view: View) -> list[Figure]:
    """Payments a customer and day."""
    asked = view.scenario.activity
    every = collect(view.rows.group_by("customer_id").len())["len"] / view.days
    if asked.daily_mean is not None:
        low, high = asked.daily_mean
        middle = (low + high) / 2
        return [
            near("ledger rows a customer and day", middle, as_float(every.mean()), relative=0.1),
            Figure(
                "customers whose own mean lies in the range asked for",
                0.85,
                None,
                as_float(every.is_between(low, high).mean()),
            ),
        ]
    # Of those who were there from the first day; who has paid nothing counts as well.
    there = view.people.filter(pl.col("registered_at") < view.months[0].start.date()).select("customer_id")
    counts = collect(view.chosen.group_by("customer_id").len())
    rates = there.join(counts, on="customer_id", how="left")["len"].fill_null(0).to_numpy() / view.days
    mean = float(rates.mean())
    noise = 1.6 * mean / view.days  # outings of one or two payments each
    spread = float(np.sqrt(max(0.0, rates.var() - noise)) / mean)
    return [
        near("payments a customer and day", float(asked.gamma_mean or 0), mean, relative=0.15),
        near("variation of it between customers", float(asked.gamma_cv or 0), spread, absolute=0.15),
    ]


def profiles(view: View) -> list[Figure]:
    """Behaviour against the profile."""
    scenario = view.scenario
    rows = view.with_people(
        view.chosen, "age", "income_bracket", "digital_savviness", "occupation", "preferred_categories"
    )
    favourite = pl.col("preferred_categories").str.split(";").list.contains(pl.col("category"))
    unsavvy = rows.filter(pl.col("digital_savviness") == "low")
    found = [
        near(
            "payments in one of the customer's favourite categories",
            scenario.activity.preferred_share,
            value(rows, favourite.mean()),
            absolute=0.04,
        ),
        Figure(
            "payments by app of customers with low savviness", 0, 0, value(unsavvy, (pl.col("channel") == "app").mean())
        )
        if any(s.savviness[0] > 0 for s in scenario.population.segments)
        else None,
        _premium(view, rows),
        _cost_of_living(view),
        *_leanings(view, rows),
        Figure("hours of the day by occupation, widest difference", 0.08, 0.6, _widest_hours(rows))
        if len({o.hours for o in scenario.population.occupations}) > 1
        else None,
        *_places(view),
        _repeats(view),
        _usual_sums(view),
    ]
    return [figure for figure in found if figure is not None]


def _room(asked: dict[str, float], n: float) -> float:
    largest = max(asked.values())
    return _CHANCE * float(np.sqrt(largest * (1 - largest) / max(1, n)))


def _settled(asked: dict[str, float], n: float) -> int:
    """How many of the places some of ``n`` are in, whatever chance does: the smallest may be nobody's."""
    empty = sum(float(np.exp(-share * n)) for share in asked.values())
    return int(np.floor(len(asked) - empty - _CHANCE * np.sqrt(empty)))


def _gap(table: pl.DataFrame, column: str, asked: dict[str, float]) -> float:
    return widest(asked, shares(table.lazy(), column))


def _levels(view: View) -> list[Figure]:
    levels = {level.name: level.share for level in view.scenario.population.kyc_levels}
    if len(levels) < 2:
        return []
    gap = _gap(view.people, "kyc_level", levels)
    return [Figure("largest gap of the share of a level of identification", 0, _room(levels, len(view.people)), gap)]


def _premium(view: View, rows: pl.LazyFrame) -> Figure | None:
    """Amounts of the highest income bracket over those of the lowest, for the same things."""
    brackets = view.scenario.population.income_brackets
    if len(brackets) < 2 or brackets[-1].amount_factor < 2 * brackets[0].amount_factor:
        return None
    ends = [brackets[0].name, brackets[-1].name]
    means = collect(
        rows.filter(pl.col("income_bracket").is_in(ends) & (pl.col("kind") == "purchase"))
        .group_by("category", "income_bracket")
        .agg(pl.col("amount").median(), pl.len())
    )
    both = means.filter(pl.col("income_bracket") == ends[1]).join(
        means.filter(pl.col("income_bracket") == ends[0]), on="category"
    )
    both = both.with_columns(n=pl.min_horizontal("len", "len_right")).filter(pl.col("n") >= 20)
    ratio = both.select(((pl.col("amount") / pl.col("amount_right")).log() * pl.col("n")).sum() / pl.col("n").sum())
    asked = brackets[-1].amount_factor / brackets[0].amount_factor
    return Figure(
        "amounts of the highest income over the lowest, for the same things",
        max(2.0, 0.8 * asked),
        1.3 * asked,
        float(np.exp(as_float(ratio.item()))),
    )


def _cost_of_living(view: View) -> Figure | None:
    """Amounts where life is dear over those where it is cheap, for the same things."""
    cost = {c.city: c.cost_of_living for c in view.scenario.cities}
    low, high = min(cost.values()), max(cost.values())
    if high < 1.5 * low or len({(c.tier, c.cost_of_living) for c in view.scenario.cities}) > 3:
        return None  # where each city has its own, the ends are two cities with few customers
    where = pl.DataFrame({"home_city": list(cost), "cost": list(cost.values())}).lazy()
    rows = view.with_people(view.chosen.filter(pl.col("kind") == "purchase"), "home_city").join(where, on="home_city")
    ends = collect(
        rows.filter(pl.col("cost").is_in([low, high]))
        .group_by("category", "cost")
        .agg(pl.col("amount").median(), pl.len())
    )
    both = ends.filter(pl.col("cost") == high).join(ends.filter(pl.col("cost") == low), on="category")
    both = both.with_columns(n=pl.min_horizontal("len", "len_right")).filter(pl.col("n") >= 50)
    ratio = both.select(((pl.col("amount") / pl.col("amount_right")).log() * pl.col("n")).sum() / pl.col("n").sum())
    found = float(np.exp(as_float(ratio.item())))
    return near(
        "amounts in the dearest cities over the cheapest, for the same things", high / low, found, relative=0.15
    )


def _leanings(view: View, rows: pl.LazyFrame) -> list[Figure]:
    """Methods that the old and the savvy use more, or less, as asked for."""
    methods = view.scenario.methods
    found = []
    groups = {
        "age": (pl.col("age") >= 55, pl.col("age") < 30, {m.name: m.by_age for m in methods if abs(m.by_age) >= 0.1}),
        "savviness": (
            pl.col("digital_savviness") == "high",
            pl.col("digital_savviness") != "high",
            {m.name: m.savviness[2] - m.savviness[1] for m in methods if abs(m.savviness[2] - m.savviness[1]) >= 0.1},
        ),
    }
    for name, (more, less, wanted) in groups.items():
        if len(methods) < 2 or not wanted:
            continue
        ours, theirs = (shares(rows.filter(who), "method") for who in (more, less))
        if not ours or not theirs:
            continue
        right = sum((ours.get(m, 0.0) > theirs.get(m, 0.0)) == (lean > 0) for m, lean in wanted.items())
        found.append(all_of(f"methods whose use leans with {name} as asked", len(wanted), right))
    return found


def _widest_hours(rows: pl.LazyFrame) -> float:
    """Total variation between the hours of the two occupations that differ most."""
    counts = collect(rows.group_by("occupation", "hour").len()).pivot("hour", index="occupation", values="len")
    hours = counts.drop("occupation").fill_null(0).to_numpy().astype(np.float64)
    hours = hours[hours.sum(axis=1) >= 1000]
    hours = hours / hours.sum(axis=1, keepdims=True)
    return float(max((np.abs(a - b).sum() / 2 for a in hours for b in hours), default=0.0))


def _places(view: View) -> list[Figure]:
    """Purchases at home, and what happens away."""
    if not view.has_counters:
        return []
    rows = view.with_people(view.chosen.filter(pl.col("channel") == "card_present"), "home_city")
    at_home = pl.col("city") == pl.col("home_city")
    own = collect(rows.group_by("customer_id").agg(at_home.mean().alias("home"), pl.len()).filter(pl.col("len") >= 5))
    low, high = view.scenario.population.home_share
    declined = pl.col("status") == "declined"
    away, near_by = (value(rows.filter(where), declined.mean()) for where in (~at_home, at_home))
    return [
        Figure("purchases at a counter in the home city, mean of customers", low, high, as_float(own["home"].mean())),
        Figure(
            "customers with a home share in the range asked for",
            0.75,
            None,
            as_float(own.filter(pl.col("len") >= 40)["home"].is_between(low - 0.04, high + 0.04).mean()),
        )
        if int((own["len"] >= 40).sum()) >= 100
        else Figure("purchases at a counter in the home city, all", low, high, value(rows, at_home.mean())),
        Figure("declines away over declines at home", 1.1, 3.5, away / max(near_by, 1e-9)),
    ]


def _repeats(view: View) -> Figure | None:
    """Purchases where one has bought before, of customers with some experience; by the mean of customers."""
    who = pl.coalesce("merchant_id", "payee_id")
    rows = collect(
        view.chosen.filter(pl.col("kind") == "purchase").select("customer_id", "event_time", recipient=who)
    ).sort("customer_id", "event_time")
    rows = rows.with_columns(
        nth=pl.int_range(pl.len()).over("customer_id"),
        known=pl.int_range(pl.len()).over("customer_id", "recipient") > 0,
    )
    judged = rows.filter(pl.col("nth") >= _EXPERIENCE)
    own = judged.group_by("customer_id").agg(pl.col("known").mean(), pl.len()).filter(pl.col("len") >= 10)
    if len(own) < 100:
        return None
    low, high = view.scenario.activity.repertoire_share
    return Figure(
        "purchases where one has bought before, mean of customers",
        low - 0.08,
        high + 0.08,
        as_float(own["known"].mean()),
    )


def _usual_sums(view: View) -> Figure | None:
    """Payments to one person for one thing: how many are of the sum that is the commonest between the two."""
    if not (share := view.scenario.activity.usual_payment_share):
        return None
    between = ["customer_id", "payee_id", "category"]
    rows = view.honest.filter(pl.col("payee_id").is_not_null(), pl.col("direction") == "debit")
    sums = rows.group_by(*between, "amount").agg(pl.len()).group_by(between).agg(pl.sum("len"), top=pl.max("len"))
    often = collect(sums.filter(pl.col("len") >= _OFTEN))
    if len(often) < 100:
        return None
    shares = often.select(pl.col("top") / pl.col("len")).to_series()
    # Round sums come together by chance, too.
    return Figure("payments to a known person of the usual sum", share - 0.05, share + 0.3, as_float(shares.mean()))
