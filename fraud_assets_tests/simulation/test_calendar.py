"""Local time and rhythm: offsets as the clocks have them, factors on the days that they are meant for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_assets.months import Month
from fraud_assets.scenario import Activity, Scenario, ScenarioError
from fraud_assets.simulation import clocks
from fraud_assets.simulation.calendar import (
    day_factors,
    day_number,
    hour_quantiles,
    instants,
    mean_factor,
    payday_factors,
)
from fraud_assets.simulation.clocks import DAY_US, microseconds, offset_at, utc_offset_minutes

US = Scenario.load("us_bank")
NEW_YORK = next(k for k, c in enumerate(US.cities) if c.city == "New York")
PHOENIX = next(k for k, c in enumerate(US.cities) if c.city == "Phoenix")


def local(year: int, month: int, day: int, hour: int, minute: int = 0) -> int:
    """Wall time in microseconds."""
    return microseconds(datetime(year, month, day, hour, minute, tzinfo=UTC))


@pytest.mark.parametrize(
    ("city", "wall", "offset"),
    [
        (NEW_YORK, local(2024, 3, 10, 1, 59), -300),
        (NEW_YORK, local(2024, 3, 10, 2, 30), -300),  # skipped: as it was before
        (NEW_YORK, local(2024, 3, 10, 3, 0), -240),
        (NEW_YORK, local(2024, 11, 3, 0, 59), -240),
        (NEW_YORK, local(2024, 11, 3, 1, 30), -240),  # twice: the first
        (NEW_YORK, local(2024, 11, 3, 2, 0), -300),
        (PHOENIX, local(2024, 3, 10, 3, 0), -420),
        (PHOENIX, local(2024, 7, 10, 3, 0), -420),
    ],
)
def test_clocks_change_when_they_do(city: int, wall: int, offset: int) -> None:
    assert utc_offset_minutes(US, np.array([city]), np.array([wall])).tolist() == [offset]
    # The same in a month's or some years' worth of other rows: the answer does not depend on the company.
    for days in (30, 1500):
        many = np.linspace(wall - days * DAY_US, wall + days * DAY_US, 101).astype(np.int64)
        many[50] = wall
        assert utc_offset_minutes(US, np.full(101, city), many)[50] == offset


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(US.cities) - 1),
            st.integers(1_609_459_200, 1_893_456_000).map(lambda second: datetime.fromtimestamp(second, UTC)),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_offsets_are_those_of_the_time_zone_database(rows: list[tuple[int, datetime]]) -> None:
    city = np.array([c for c, _ in rows])
    utc = np.array([microseconds(t) for _, t in rows])
    zones = [ZoneInfo(US.cities[c].time_zone) for c in city]
    expected = [t.astimezone(z).utcoffset() for (_, t), z in zip(rows, zones, strict=True)]
    assert offset_at(US, city, utc).tolist() == [d // timedelta(minutes=1) for d in expected if d is not None]
    wall = [t.replace(tzinfo=z).utcoffset() for (_, t), z in zip(rows, zones, strict=True)]
    assert utc_offset_minutes(US, city, utc).tolist() == [d // timedelta(minutes=1) for d in wall if d is not None]


def test_a_time_zone_that_does_not_exist_is_named() -> None:
    nowhere = US.cities[0].model_copy(update={"time_zone": "America/Gotham"})
    bank = US.model_copy(update={"name": "gotham_bank", "cities": (nowhere,)})
    with pytest.raises(ScenarioError, match=r"gotham_bank.*time_zone is 'America/Gotham'"):
        offset_at(bank, np.array([0]), np.array([0]))


def test_weekends_month_edges_and_holidays_are_busier_or_quieter() -> None:
    january = day_number(date(2024, 1, 1))
    factors = day_factors(US, january, 366)
    assert factors[day_number(date(2024, 6, 14)) - january] > factors[day_number(date(2024, 6, 12)) - january]  # Friday
    edge, middle = date(2024, 4, 30), date(2024, 4, 16)  # both Tuesdays
    ratio = factors[day_number(edge) - january] / factors[day_number(middle) - january]
    assert ratio == pytest.approx(US.activity.month_edges)
    christmas, later = date(2024, 12, 25), date(2024, 11, 13)  # both Wednesdays
    holiday = next(h for h in US.holidays if h.first == christmas)
    assert factors[day_number(christmas) - january] / factors[day_number(later) - january] == pytest.approx(
        holiday.factor
    )


def test_spending_rises_on_payday_and_is_over_after_some_days() -> None:
    first = day_number(date(2024, 2, 1))
    after = US.activity.payday_days
    fifteenth, last = payday_factors(US, np.array([15, 31]), first, 35)
    assert fifteenth[14] == US.activity.payday
    assert (np.diff(fifteenth[14 : 14 + after]) < 0).all()
    assert (fifteenth[14 + after : 29] == 1).all()
    assert last[28] == US.activity.payday  # 29 February
    assert last[27] == 1
    assert last[29] == pytest.approx(1 + (US.activity.payday - 1) * (1 - 1 / after))  # 1 March remembers it
    assert last[2] > 1  # as 3 February remembers 31 January


def test_rates_keep_their_meaning_whatever_the_calendar_does() -> None:
    bank = US.model_copy(update={"name": "plain_bank", "holidays": ()})
    first = day_number(date(2025, 1, 1))
    people = payday_factors(bank, np.arange(1, 32), first, 1461)
    assert (day_factors(bank, first, 1461) * people).mean() == pytest.approx(mean_factor(bank), rel=0.005)


def test_hours_are_drawn_as_the_profile_says() -> None:
    names, table = hour_quantiles(US)
    assert names == sorted(US.hours)
    assert (np.diff(table, axis=1) >= 0).all()
    grid = np.linspace(0, 1, table.shape[1])
    for name, row in zip(names, table, strict=True):
        weights = np.array(US.hours[name]) / sum(US.hours[name])
        busy = np.flatnonzero(weights)
        assert (row[0], row[-1]) == pytest.approx((busy[0] * 3600, busy[-1] * 3600 + 3600))
        share = np.diff(np.interp(np.arange(25) * 3600.0, row, grid))
        assert np.abs(share - weights).max() < 0.002, name


def test_night_is_quiet_at_counters_and_livelier_online() -> None:
    def night(category_channel: str) -> float:
        mine = [c for c in US.categories if c.channel == category_channel and c.recipient == "merchant"]
        weights = np.array([c.weight for c in mine])
        shares = np.array([sum(US.hours[c.hours][:5]) / sum(US.hours[c.hours]) for c in mine])
        return float((weights * shares).sum() / weights.sum())

    assert 0.02 <= night("card_present") <= 0.04
    assert 0.06 <= night("online") <= 0.10


@pytest.mark.parametrize("key", ["2024-01", "2024-03", "2024-11"])
def test_a_utc_month_is_complete_on_its_own_and_keeps_local_hours(key: str) -> None:
    month = Month.parse(key)
    rng = np.random.default_rng(1)
    n = 60_000
    city = np.full(n, NEW_YORK)
    profile = np.full(n, sorted(US.hours).index("office"))
    made = instants(US, month, city, profile, rng.random(n), rng.random(n))
    assert made.min() >= microseconds(month.start)
    assert made.max() < microseconds(month.end)
    hour = (made + offset_at(US, city, made) * 60_000_000) // 3_600_000_000 % 24
    expected = np.array(US.hours["office"]) / sum(US.hours["office"])
    assert np.abs(np.bincount(hour, minlength=24) / n - expected).max() < 0.006
    days = np.bincount((made - microseconds(month.start)) // DAY_US, minlength=month.days)
    assert days.min() > 0.85 * n / month.days  # neither end is thin


def test_nothing_asked_is_nothing_answered() -> None:
    assert len(clocks.offset_at(US, np.array([], dtype=np.int64), np.array([], dtype=np.int64))) == 0


def test_days_with_hours_of_their_own_leave_the_week_as_it_is() -> None:
    factors, share = np.array(US.activity.day_hours), np.array(US.activity.weekday) / 7
    assert share @ factors == pytest.approx(np.ones(24), abs=0.01)
    assert (factors[:4] == factors[0]).all()
    assert factors[5, 7] < 0.5 * factors[0, 7]  # Saturday begins late
    assert factors[4, 23] > 1.4 * factors[0, 23]  # Friday ends late


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (dict.fromkeys(("friday", "saturday", "sunday"), (3.0,) * 24), "leaves -0.6"),
        (
            dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), (1.0,) * 24),
            "names all seven",
        ),
        ({"sunday": (1.0,) * 23}, "at least 24"),
        ({"someday": (1.0,) * 24}, "someday"),
    ],
)
def test_hours_that_leave_the_other_days_nothing_are_refused(days: dict[str, tuple[float, ...]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Activity.model_validate(US.activity.model_dump() | {"hours_of_days": days})
