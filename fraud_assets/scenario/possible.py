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
    for occupation in scenario.population.occupations:
        weights = scenario.hours[occupation.hours]
        if 0 in weights:
            raise ValueError(
                f"occupation {occupation.name}: hours {occupation.hours!r} have no weight at {weights.index(0)} h;"
                " only counters close, people need some weight in every hour"
            )
    for c in scenario.categories:
        if c.recipient not in _BOUGHT and (c.a_day or c.a_month):
            raise ValueError(f"category {c.category}: a_day and a_month are for purchases, not for a {c.recipient}")
        if c.recipient != "biller" and c.contracts > 1:
            raise ValueError(f"category {c.category}: contracts are for bills, not for a {c.recipient}")
    _check_tariffs(scenario)
    for method in scenario.methods:
        _check_choice(method.name, [c for c in scenario.categories if c.method == method.name], scenario)
    _check_homes(scenario)
    bills = sum(c.contracts for c in scenario.categories if c.recipient == "biller")
    if bills and scenario.activity.bills[0] > bills:
        raise ValueError(
            f"activity.bills {list(scenario.activity.bills)}: nobody can have so many bills a month with the {bills}"
            " contracts of categories.csv"
        )


def _check_homes(scenario: Scenario) -> None:
    """What is said of halls of residence and of houses with rules is said of something that is there."""
    people = scenario.population
    if unknown := set(people.hall_occupations) - (jobs := {o.name for o in people.occupations}):
        raise ValueError(f"population.hall_occupations: {sorted(unknown)} are none of {sorted(jobs)}")
    rents = [c for c in scenario.categories if "rent" in c.tags]
    houses = {kind for c in rents for kind, _ in c.kinds}
    houses |= {b.name for b in scenario.brands if b.category in {c.category for c in rents}}
    if unknown := set(people.rents.lodgers) - houses:
        raise ValueError(
            f"population.rents.lodgers: {sorted(unknown)} are none of the businesses and sub-categories to which rents"
            f" are paid: {sorted(houses)}"
        )


def _check_tariffs(scenario: Scenario) -> None:
    billed = {c.category for c in scenario.categories if c.recipient == "biller"}
    places = {c.city for c in scenario.cities}
    for t in scenario.tariffs:
        if t.category not in billed:
            raise ValueError(f"tariffs.csv: category {t.category!r} is no bill; these are: {sorted(billed)}")
        if t.city not in places:
            raise ValueError(f"tariffs.csv: city {t.city!r} is not in cities.csv")
    for c in scenario.categories:
        if c.units and not any(t.category == c.category for t in scenario.tariffs):
            raise ValueError(f"category {c.category}: units are of what tariffs.csv has a price for, which has none")


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
