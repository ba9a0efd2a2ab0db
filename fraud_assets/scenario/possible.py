"""Whether what a scenario says of hours, measures and contracts leaves its people anything to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fraud_assets.scenario.sections import Category

if TYPE_CHECKING:
    from fraud_assets.scenario import Scenario

#: Who is paid for something that is bought when somebody feels like it.
_BOUGHT = ("merchant", "cash", "payout")


def check_possible(scenario: Scenario) -> None:
    """Raise a ValueError, one sentence, where people would be left without an hour, a purchase or a contract."""
    for c in scenario.categories:
        if wrong := _wrong_in(c, scenario):
            raise ValueError(f"category {c.category}: {wrong}")
    for occupation in scenario.population.occupations:
        weights = scenario.hours[occupation.hours]
        if 0 in weights:
            raise ValueError(
                f"occupation {occupation.name}: hours {occupation.hours!r} have no weight at {weights.index(0)} h;"
                " only counters close, people need some weight in every hour"
            )
    _check_ages(scenario)
    _check_tariffs(scenario)
    for method in scenario.methods:
        _check_choice(method.name, [c for c in scenario.categories if c.method == method.name], scenario)
    _check_homes(scenario)
    _check_families(scenario)
    bills = sum(c.contracts for c in scenario.categories if c.recipient == "biller")
    if bills and scenario.activity.bills[0] > bills:
        raise ValueError(
            f"activity.bills {list(scenario.activity.bills)}: nobody can have so many bills a month with the {bills}"
            " contracts of categories.csv"
        )


def _wrong_in(c: Category, scenario: Scenario) -> str | None:
    """What a category says that it cannot mean."""
    jobs = {o.name for o in scenario.population.occupations}
    not_for = f"not for recipient {c.recipient!r}"
    if unknown := set(c.by_occupation) - jobs:
        return f"by_occupation: {sorted(unknown)} are none of {sorted(jobs)}"
    if c.by_occupation and c.recipient not in (*_BOUGHT, "person", "own", "biller"):
        return f"by_occupation is for what people pay, {not_for}"
    if c.by_age and c.recipient not in (*_BOUGHT, "person", "own"):
        return f"by_age is for purchases, {not_for}"
    if c.recipient not in _BOUGHT and (c.a_day or c.a_month):
        return f"a_day and a_month are for purchases, {not_for}"
    if c.recipient != "biller" and c.contracts > 1:
        return f"contracts are for bills, {not_for}"
    if "fares" not in c.tags:
        return None
    if c.recipient != "merchant":
        return f"tag fares is for merchants with a list of prices, {not_for}"
    brands = [b.prices for b in scenario.brands if b.category == c.category]
    if any(prices.listed for prices in [*brands, *(prices for _, prices in c.kinds)]):
        return None
    return (
        "tag fares needs a list of prices, such as bus line (1.75;2;2.5), for a sub-category, or in brands.csv for a"
        " brand; there is none"
    )


def _check_ages(scenario: Scenario) -> None:
    """Whoever belongs to a segment has one of its occupations, whatever the age."""
    for segment in scenario.population.segments:
        there = [o for o in scenario.population.occupations if segment.occupations.get(o.name)]
        for age in range(segment.age[0], segment.age[1] + 1):
            if not any(o.has(age) for o in there):
                raise ValueError(
                    f"segment {segment.name}: nobody of {age} years may have any of its occupations"
                    f" ({', '.join(o.name for o in there)}); widen the age of one of them or narrow the segment's"
                )


def _check_homes(scenario: Scenario) -> None:
    """What is said of halls of residence and of houses with rules is said of something that is there."""
    people = scenario.population
    jobs = {o.name for o in people.occupations}
    if unknown := set(people.hall_occupations) - jobs:
        raise ValueError(f"population.hall_occupations: {sorted(unknown)} are none of {sorted(jobs)}")
    rents = [c for c in scenario.categories if "rent" in c.tags]
    houses = {kind for c in rents for kind, _ in c.kinds}
    houses |= {b.name for b in scenario.brands if b.category in {c.category for c in rents}}
    if unknown := set(people.rents.lodgers) - houses:
        raise ValueError(
            f"population.rents.lodgers: {sorted(unknown)} are none of the businesses and sub-categories to which rents"
            f" are paid: {sorted(houses)}"
        )
    if not people.rents.lodgers or not people.hall_share:
        return
    youngest = min(s.age[0] for s in people.segments)
    for gender, share in people.genders.items():
        rules = [rule for rule in people.rents.lodgers.values() if rule.gender in (None, gender)]
        if share and youngest > max((rule.oldest for rule in rules), default=-1):
            raise ValueError(
                f"population.rents.lodgers: no house takes anybody of gender {gender} who is {youngest}, the youngest"
                " age of the segments, but halls of residence (hall_share) do; let one of the houses take them"
            )


def _check_families(scenario: Scenario) -> None:
    if any(c.recipient == "person" for c in scenario.categories):
        return
    for occupation in scenario.population.occupations:
        if occupation.paid_by == "family":
            raise ValueError(
                f"occupation {occupation.name}: paid_by is 'family', but there is no category in which persons are sent"
                " money; write 'employer' or 'nobody'"
            )


def _check_tariffs(scenario: Scenario) -> None:
    billed = {c.category for c in scenario.categories if c.recipient == "biller"}
    places = {c.city for c in scenario.cities}
    most = {m.name: m.hard_maximum for m in scenario.methods}
    bound = {c.category: most.get(c.method) for c in scenario.categories}
    units = {c.category: max(c.units, default=1) for c in scenario.categories}
    seen = set()
    for t in scenario.tariffs:
        row = f"tariffs.csv: {t.category} in {t.city} from {t.first} on"
        if t.category not in billed:
            raise ValueError(f"tariffs.csv: category {t.category!r} is no bill; these are: {sorted(billed)}")
        if t.city not in places:
            raise ValueError(f"tariffs.csv: city {t.city!r} is not in cities.csv")
        if (t.category, t.city, t.first) in seen:
            raise ValueError(f"{row} has two prices; leave one of the rows out")
        seen.add((t.category, t.city, t.first))
        at_most = bound[t.category]
        if at_most is not None and t.price * units[t.category] > at_most:
            raise ValueError(
                f"{row}: {units[t.category]} at a price of {t.price:g} come to more than the hard_maximum {at_most:g}"
                " of the method by which they are paid"
            )
    for c in scenario.categories:
        if c.units and not any(t.category == c.category for t in scenario.tariffs):
            raise ValueError(
                f"category {c.category}: units are of what tariffs.csv has a price for, which has none;"
                " give it a row for one of the cities, or leave units empty"
            )


def _check_choice(method: str, categories: Sequence[Category], scenario: Scenario) -> None:
    bought = [c for c in categories if c.recipient in _BOUGHT and c.weight > 0]
    if not bought or any(_is_always(c, scenario) for c in bought):
        return
    raise ValueError(
        f"method {method}: every category has a_day, a_month or hours in which its counters are closed;"
        " one must be possible at any time, for what the others are not"
    )


def _is_always(c: Category, scenario: Scenario) -> bool:
    closes = c.instrument in ("terminal", "scan") and 0 in scenario.hours[c.hours]
    return not (c.a_day or c.a_month or closes)
