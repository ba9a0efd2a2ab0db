"""When people pay: hours, weekdays, paydays, the edges of a month, festivals."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from fraud_assets.scenario import Holiday
from fraud_assets.simulation.realised.figure import Figure, near
from fraud_assets.simulation.realised.view import View, as_float, collect
from fraud_assets.simulation.streams import F64

#: A festival is compared with as many days before and after it, weekday by weekday.
_BESIDE_DAYS = 21
#: Payments at a festival of some cities alone, from which on chance does not hide what was asked for.
_SEEN = 1500
#: Days after payday on which its lift is over.
_WEEK_LATER = (7, 8, 9, 10)
#: Hours by which a weekend differs from other days, and how far the ratio may be from what was asked for: what is
#: bought on the way to work moves the mornings as well.
_PARTS = {"morning (6-9 h)": (6, 9), "afternoon (14-17 h)": (14, 17), "late evening (22-24 h)": (22, 24)}
_PART_ROOM = 0.18
_WORKDAYS, _WEEKEND = (1, 2, 3, 4), (6, 7)


def rhythm(view: View) -> list[Figure]:
    """Hours, days and seasons of honest payments that people decide on."""
    rows = view.chosen
    activity = view.scenario.activity
    days = _whole(view, collect(rows.group_by("date", "weekday").len()).sort("date"))
    plain = _plain(view, days)
    found = [*_hours(view), *_hours_of_days(view), *_week(view, plain)]
    found.append(
        Figure(
            "first and last three days of the month over the middle",
            activity.month_edges - 0.06,
            activity.month_edges + 0.12,  # paydays are there as well
            _edges(plain),
        )
    )
    if (lift := _payday(view)) is not None:
        low, high = activity.payday * 0.9, activity.payday * 1.15
        found.append(Figure("payments on payday over those a week later", low, high, lift))
    return [*found, *_festivals(view, days)]


def _hours(view: View) -> list[Figure]:
    rows = view.chosen
    counts = dict(collect(rows.group_by("hour").len()).iter_rows())
    total = max(1, sum(counts.values()))
    hour = {h: counts.get(h, 0) / total for h in range(24)}
    night = dict(collect(rows.group_by("channel").agg((pl.col("hour") < 5).mean())).iter_rows())

    def share(first: int, last: int) -> float:
        return sum(hour[h] for h in range(first, last))

    if not view.has_counters:
        return [Figure("payments by night (0-5 h): nobody closes", 0.05, 0.25, share(0, 5))]
    lunch = share(12, 14) / max(1e-9, hour[11] + hour[14])
    return [
        Figure("payments between 9 and 17 h", 0.33, 0.55, share(9, 17)),
        Figure("payments at lunch (12-14 h) over the hours beside it", 1.1, 2.0, lunch),
        Figure("payments in the evening (17-20 h) over the mean hour", 1.4, 2.5, share(17, 20) / 3 * 24),
        Figure("payments at 3 h over the mean hour", None, 0.3, hour[3] * 24),
        Figure("night (0-5 h) share at a counter", 0.02, 0.04, as_float(night.get("card_present"))),
        Figure("night (0-5 h) share online", 0.06, 0.10, as_float(night.get("online"))),
    ]


def _hours_of_days(view: View) -> list[Figure]:
    """What falls in parts of the day at the weekend over what does from Monday to Thursday.

    Asked for is what the scenario makes of the hours as they are found over the whole week.
    """
    counts = collect(view.chosen.group_by("weekday", "hour").len())
    found = np.zeros((7, 24))
    found[counts["weekday"].to_numpy() - 1, counts["hour"].to_numpy()] = counts["len"].to_numpy()
    if not found.sum(axis=1).all():
        return []
    asked = np.array(view.scenario.activity.day_hours) * found.sum(axis=0)

    def ratio(table: F64, first: int, last: int) -> float:
        share = table[:, first:last].sum(axis=1) / table.sum(axis=1)
        on, off = (np.mean([share[d - 1] for d in days]) for days in (_WEEKEND, _WORKDAYS))
        return float(on / max(off, 1e-9))

    return [
        near(
            f"{part} at the weekend over Monday to Thursday",
            ratio(asked, first, last),
            ratio(found, first, last),
            relative=_PART_ROOM,
        )
        for part, (first, last) in _PARTS.items()
    ]


def _week(view: View, days: pl.DataFrame) -> list[Figure]:
    """Mean a weekday, so that a month with five Fridays does not count as busy."""
    mean = dict(days.group_by("weekday").agg(pl.col("len").mean()).iter_rows())
    asked = view.scenario.activity.weekday
    if len(mean) < 7:
        return []
    level = sum(mean.values()) / 7 / (sum(asked) / 7)
    gap = max(abs(mean[k + 1] / level - factor) for k, factor in enumerate(asked))
    ratio = (mean[5] + mean[6]) / 2 / (sum(mean[d] for d in range(1, 5)) / 4)
    wanted = (asked[4] + asked[5]) / 2 / (sum(asked[:4]) / 4)
    return [
        near("Friday and Saturday over Monday to Thursday", wanted, ratio, absolute=0.06),
        Figure("largest gap of a weekday's factor", 0, 0.08, gap),
    ]


def _whole(view: View, days: pl.DataFrame) -> pl.DataFrame:
    """The days that lie in the months by the clock of every place; of the first and last, some have only hours."""
    inside = {month.start.date() + timedelta(days=k) for month in view.months for k in range(month.days)}
    one = timedelta(days=1)
    return days.filter(pl.col("date").is_in([day for day in inside if {day - one, day + one} <= inside]))


def _plain(view: View, days: pl.DataFrame) -> pl.DataFrame:
    """The days that are no holiday, as far as a fortnight of them remains."""
    holidays = [h for h in view.scenario.holidays if h.factor != 1.0]
    if not holidays:
        return days
    rest = days.filter(~pl.any_horizontal(pl.col("date").is_between(h.first, h.last) for h in holidays))
    return rest if rest.height >= 14 else days


def _edges(days: pl.DataFrame) -> float:
    last = pl.col("date").dt.month_end().dt.day()
    day = pl.col("date").dt.day()
    edge = days.filter((day <= 3) | (day > last - 3))["len"].mean()
    middle = days.filter(day.is_between(8, 22))["len"].mean()
    return as_float(edge) / max(1.0, as_float(middle))


def _payday(view: View) -> float | None:
    """Payments on the day on which a salary arrives over those seven to ten days later, customer by customer."""
    employers = [c.category for c in view.scenario.categories if c.recipient == "employer"]
    if not employers:
        return None
    paid = view.rows.filter(pl.col("category").is_in(employers)).select("customer_id", payday="date").unique()
    after = (pl.col("date") - pl.col("payday")).dt.total_days()
    near_by = (
        view.chosen.select("customer_id", "date")
        .join(paid, on="customer_id")
        .with_columns(after=after)
        .filter(pl.col("after").is_in([0, *_WEEK_LATER]))
    )
    counts = dict(collect(near_by.group_by(pl.col("after") == 0).len()).iter_rows())
    watched, end = collect(paid)["payday"], view.months[-1].end.date()
    reach = [int((watched.dt.offset_by(f"{k}d") < end).sum()) for k in _WEEK_LATER]
    if not sum(reach) or not counts.get(False):
        return None
    return (counts.get(True, 0) / len(watched)) / (counts[False] / sum(reach))


def _festivals(view: View, days: pl.DataFrame) -> list[Figure]:
    """Each festival's payments a day over those of the days around it that are no holiday, weekday by weekday."""
    first, last = days["date"].min(), days["date"].max()
    found = []
    for h in view.scenario.holidays:
        if not (h.is_festival and isinstance(first, date) and isinstance(last, date)):
            continue
        if h.first < first + timedelta(days=7) or h.last > last or h.factor < 1.05:
            continue
        if h.cities:
            there = view.with_people(view.chosen, "home_city").filter(pl.col("home_city").is_in(h.cities))
            own = _whole(view, collect(there.group_by("date", "weekday").len()))
        else:
            own = days
        if (own.filter(pl.col("date").is_between(h.first, h.last))["len"].sum() < _SEEN) and h.cities:
            continue
        lift = _lift(view, own, h)
        if lift is not None:
            where = f" in {_and_others(h.cities)}" if h.cities else ""
            name = f"payments at {h.name} {h.first.year}{where}, over the days around"
            found.append(near(name, h.factor, lift, absolute=0.09))
    return found


def _and_others(cities: tuple[str, ...]) -> str:
    return cities[0] if len(cities) == 1 else f"{cities[0]} and {len(cities) - 1} other cities"


def _lift(view: View, days: pl.DataFrame, h: Holiday) -> float | None:
    day = pl.col("date")
    # Those that some of the festival's people keep.
    holidays = [
        o
        for o in view.scenario.holidays
        if o.factor != 1.0 and (not h.cities or not o.cities or set(h.cities) & set(o.cities))
    ]
    any_holiday = pl.any_horizontal(day.is_between(o.first, o.last) for o in holidays)
    factors = pl.Series(view.scenario.activity.weekday)
    level = days.with_columns(level=pl.col("len") / factors.gather(days["date"].dt.weekday().cast(pl.Int64) - 1))
    plain = level.filter(
        day.is_between(h.first - timedelta(days=_BESIDE_DAYS), h.last + timedelta(days=_BESIDE_DAYS))
        & ~any_holiday
        & day.dt.day().is_between(4, 27)
    )
    during = level.filter(day.is_between(h.first, h.last))["level"].mean()
    if plain.height < 7:
        return None
    return as_float(during) / max(1.0, as_float(plain["level"].mean()))
