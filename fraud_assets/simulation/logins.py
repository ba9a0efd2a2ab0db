"""Logins: the honest sessions of a month, with their typos, forgotten passwords and changes of credentials.

What lives here: honest logins only; those of campaigns are in ``fraud/``. A session is one attempt to get in: failed
tries first, perhaps a password reset, then usually a success, and now and then a change of credentials or of the phone
number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from fraud_assets import codes, tables
from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation import calendar, clocks
from fraud_assets.simulation.devices import PHONE, device, lenders, owns, replaced
from fraud_assets.simulation.guests import GUEST_LOGINS, lines, visits
from fraud_assets.simulation.intents import NONE, Bank
from fraud_assets.simulation.network import (
    HOME,
    MOBILE,
    PUBLIC,
    VPN,
    address_number,
    format_addresses,
    geolocate,
    is_hidden,
)
from fraud_assets.simulation.population import savviness_shares
from fraud_assets.simulation.streams import F64, I64, UNIT, Bools, generator, hashed_uniforms, ids
from fraud_assets.simulation.traits import Traits, joined_us, traits
from fraud_assets.simulation.travel import trips

LOGIN, PASSWORD_RESET, CREDENTIAL_CHANGE, PHONE_CHANGE = range(4)
_BY_SAVVINESS = np.array([0.45, 0.95, 1.30])  # [P] logins relative to one another
_RATE_SHAPE = 2.0  # [P] Gamma spread of the number of logins between customers
_SLOT_SHARES = np.cumsum([0.68, 0.24, 0.08])  # [P] phone, laptop, tablet, of what there is
_MOBILE, _PUBLIC = 0.95, 0.05  # [P] the first relative to payments
_NEW_PHONE_FAILS, _GUEST_FAILS = 3.0, 2.0  # [P] failures relative to those on a known device
_FAILS_AGAIN, _MOST_FAILS = 0.32, 5  # [P]
_GIVES_UP, _RESETS = 0.10, 0.12  # [P] after a failed attempt
_RESET_FROM = 3  # failures after which the password is reset
_CREDENTIAL_CHANGES, _PHONE_CHANGES = 0.10, 0.015  # [P] of customers a month; a takeover is rare among them
_NEW_PHONE_NUMBER = 0.15  # [P] new phones with a new number


@dataclass(frozen=True)
class _Sessions:
    """A session a row: who, when, with what, and what happens in it."""

    number: I64
    who: I64
    start_us: I64
    device_id: I64
    slot: I64
    is_guest: Bools  # on a one-off device
    fails: I64
    reset: I64  # 0 or 1, as those below
    success: I64
    credential: I64
    phone: I64

    def counts(self) -> I64:
        return self.fails + self.reset + self.success + self.credential + self.phone


def logins(scenario: Scenario, month: Month, units: Sequence[int]) -> pl.DataFrame:
    """The honest logins of the units' customers.

    Returns
    -------
    A frame of :class:`fraud_assets.tables.Logins`, all in the (UTC) month, in no order that matters.
    """
    t = traits(scenario, units)
    sessions = _sessions(scenario, t, month, units)
    count = sessions.counts()
    first = np.cumsum(count) - count
    session = np.repeat(np.arange(len(count)), count)
    step = np.arange(len(session)) - first[session]
    event = _events(sessions, session, step)
    end = clocks.microseconds(month.end)
    event_us = np.minimum(sessions.start_us[session] + _elapsed(scenario, sessions, session, step, first), end - 1)

    who = sessions.who
    number, located = _network(scenario, t, month, units, sessions)
    latitude, longitude = geolocate(scenario, number, located)
    cities = pl.Series([c.city for c in scenario.cities])
    frame = pl.DataFrame(
        {
            "login_id": ids(scenario.seed, "login", sessions.number[session], step),
            "customer_id": t.customer_id[who[session]],
            "event_time": pl.Series(event_us).cast(pl.Datetime("us", "UTC")),
            "utc_offset_minutes": clocks.offset_at(scenario, t.city[who[session]], event_us),
            "event": pl.Series(codes.LOGIN_EVENTS, dtype=pl.Enum(codes.LOGIN_EVENTS))[event],
            "is_success": step >= sessions.fails[session],
            "device_id": sessions.device_id[session],
            "ip_address": format_addresses(number)[session],
            "city": cities[located[session]],
            "latitude": latitude[session],
            "longitude": longitude[session],
        }
    )
    return tables.conform(frame, tables.Logins)


def _sessions(scenario: Scenario, t: Traits, month: Month, units: Sequence[int]) -> _Sessions:
    """All sessions: ordinary ones, the first one with each new phone, and those on one-off devices."""
    seed = scenario.seed
    who, nth = _ordinary(scenario, t, month, units)
    ordinary = ids(seed, "session", t.index[who], month.index, nth)
    day_u, hour_u = (hashed_uniforms(seed, f"logins.{column}", ordinary) for column in ("day", "hour"))
    start_us = calendar.instants(scenario, month, t.city[who], t.hours[who], day_u, hour_u)
    member_since = joined_us(scenario, t.city, t.registered_day)
    known = start_us >= member_since[who]
    ordinary, who, start_us = ordinary[known], who[known], start_us[known]
    lender = lenders(scenario, t, who, hashed_uniforms(seed, "logins.lender", ordinary))
    slot = _slots(scenario, t, lender, hashed_uniforms(seed, "logins.slot", ordinary))

    new_who, new_us = replaced(scenario, month, units)
    joined = new_us >= member_since[new_who]
    new_who, new_us = new_who[joined], new_us[joined]
    visit = visits(scenario, month, units).logged_in(scenario, t)
    visit_us = visit.login_us(scenario, t, clocks.microseconds(month.end))
    number = np.concatenate([ordinary, ids(seed, "session.phone", t.index[new_who], new_us), visit.number(scenario, t)])
    kinds = np.repeat(np.arange(3), [len(ordinary), len(new_who), len(visit.who)])  # ordinary, new phone, guest
    new_phone = np.full(len(new_who), PHONE)
    fails, reset, success = _outcomes(scenario, number, kinds)
    changes = _CREDENTIAL_CHANGES / (scenario.devices.daily_logins * month.days)
    numbers = np.array([_PHONE_CHANGES / (scenario.devices.daily_logins * month.days), _NEW_PHONE_NUMBER, 0.0])
    return _Sessions(
        number=number,
        who=np.concatenate([who, new_who, visit.who]),
        start_us=np.concatenate([start_us, new_us, visit_us]),
        device_id=np.concatenate(
            [
                device(scenario, t, lender, slot, start_us),
                device(scenario, t, new_who, new_phone, new_us),
                visit.device_id,
            ]
        ),
        slot=np.concatenate([slot, new_phone, visit.kind]),
        is_guest=kinds == 2,
        fails=fails,
        reset=reset,
        success=success,
        credential=success * (hashed_uniforms(seed, "logins.credential", number) < changes),
        phone=success * (hashed_uniforms(seed, "logins.phone", number) < numbers[kinds]),
    )


def _ordinary(scenario: Scenario, t: Traits, month: Month, units: Sequence[int]) -> tuple[I64, I64]:
    """Customer and ordinal of each ordinary session: Poisson with a customer's own Gamma rate."""
    factor = _BY_SAVVINESS / (savviness_shares(scenario) @ _BY_SAVVINESS)
    mean = (1 - GUEST_LOGINS) * scenario.devices.daily_logins * month.days * factor[t.savviness]
    parts = []
    for unit in units:
        mine = mean[t.unit == unit]
        own = generator(scenario.seed, "logins.rate", 0, int(unit)).standard_gamma(_RATE_SHAPE, UNIT)[: len(mine)]
        parts.append(generator(scenario.seed, "logins.count", month.index, int(unit)).poisson(mine * own / _RATE_SHAPE))
    counts = np.concatenate(parts)
    who = np.repeat(np.arange(len(counts)), counts)
    return who, np.arange(len(who)) - np.repeat(np.cumsum(counts) - counts, counts)


def _slots(scenario: Scenario, t: Traits, who: I64, u: F64) -> I64:
    """Phone, laptop or tablet; the phone (or what there is) for those without the one drawn."""
    owned = owns(scenario, t)[who]
    drawn = np.searchsorted(_SLOT_SHARES[:-1], u, side="right")
    return np.where(owned[np.arange(len(who)), drawn], drawn, owned.argmax(axis=1))


def _outcomes(scenario: Scenario, number: I64, kinds: I64) -> tuple[I64, I64, I64]:
    """Failed attempts, whether the password is reset, whether it ends in a success."""
    seed = scenario.seed
    p = np.minimum(scenario.devices.login_failure * np.array([1.0, _NEW_PHONE_FAILS, _GUEST_FAILS])[kinds], 0.9)
    again = np.log1p(-hashed_uniforms(seed, "logins.again", number)) / np.log(_FAILS_AGAIN)
    fails = (hashed_uniforms(seed, "logins.fails", number) < p) * np.minimum(1 + np.floor(again), _MOST_FAILS)
    u = hashed_uniforms(seed, "logins.then", number)
    reset = (fails >= _RESET_FROM) | ((fails > 0) & (u > 1 - _RESETS))
    success = (fails == 0) | reset | (u >= _GIVES_UP)
    return fails.astype(np.int64), reset.astype(np.int64), success.astype(np.int64)


def _events(sessions: _Sessions, session: I64, step: I64) -> I64:
    """What each step of each session is: failures, reset, success, change of credentials, change of number."""
    resets = sessions.fails[session]
    succeeds = resets + sessions.reset[session]
    changes = succeeds + sessions.success[session]
    phones = changes + sessions.credential[session]
    return np.select(
        [(step >= resets) & (step < succeeds), (step >= changes) & (step < phones), step >= phones],
        [PASSWORD_RESET, CREDENTIAL_CHANGE, PHONE_CHANGE],
        LOGIN,
    )


def _elapsed(scenario: Scenario, sessions: _Sessions, session: I64, step: I64, first: I64) -> I64:
    """Microseconds from a session's beginning to each step: seconds between tries, minutes for a reset or a change."""
    slow = (step == sessions.fails[session]) & (sessions.reset[session] == 1)
    slow |= step >= (sessions.fails + sessions.reset + sessions.success)[session]
    u = hashed_uniforms(scenario.seed, "logins.gap", sessions.number[session], step)
    seconds = np.where(slow, 30 + 170 * u, 4 + 36 * u**2)
    gap = np.where(step > 0, np.floor(seconds * 1000).astype(np.int64) * 1000, 0)
    passed = np.cumsum(gap)
    elapsed: I64 = passed - passed[first][session]
    return elapsed


def _network(scenario: Scenario, t: Traits, month: Month, units: Sequence[int], sessions: _Sessions) -> tuple[I64, I64]:
    """Address and located city of each session: at home, on the move, away or behind a VPN."""
    seed, who = scenario.seed, sessions.who
    local_us = sessions.start_us + clocks.offset_at(scenario, t.city[who], sessions.start_us) * clocks.MINUTE_US
    day = local_us // clocks.DAY_US
    trip = trips(Bank(scenario, tuple(int(u) for u in units)), [month])
    away = trip.city_on(who, day)
    u = hashed_uniforms(seed, "logins.network", sessions.number)
    mobile = (sessions.slot == PHONE) & (u < _MOBILE * scenario.devices.mobile_share)
    net = np.where(mobile, MOBILE, np.where(u > 1 - _PUBLIC, PUBLIC, HOME))
    net = np.where((away != NONE) & (net == HOME), PUBLIC, net)
    hidden = is_hidden(scenario, t, who, hashed_uniforms(seed, "logins.vpn", sessions.number))
    net = np.where(hidden, VPN, net)
    guests = np.flatnonzero(sessions.is_guest)
    net[guests] = lines(scenario, sessions.device_id[guests])
    return address_number(scenario, t, who, net, np.where(away != NONE, away, t.city[who]), day, sessions.device_id)
