"""Fraud's own devices and logins, in the form of anyone's, so that no key of the ledger is missing from its table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from fraud_assets import codes, tables
from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.clocks import microseconds, offset_at
from fraud_assets.simulation.devices import describe
from fraud_assets.simulation.fraud import actors
from fraud_assets.simulation.fraud.families import FAMILIES
from fraud_assets.simulation.fraud.plan import campaigns_from, victims
from fraud_assets.simulation.fraud.rows import campaign_logins
from fraud_assets.simulation.intents import DAY, HOUR, SECOND, Bank
from fraud_assets.simulation.network import address_number, format_addresses, geolocate
from fraud_assets.simulation.once import once
from fraud_assets.simulation.streams import I64, hashed_uniforms, ids

#: Months before this one whose campaigns' devices are still listed.
_KEPT_MONTHS = 6
#: Share of honest devices that are first seen at a full second, as those that come with a new customer are.
_FULL_SECOND = 0.38


@dataclass(frozen=True)
class _Brought:
    """Devices that campaigns have brought, sorted by the number of the customer under whose name each is listed."""

    owner: I64
    device_id: I64
    first_us: I64
    kind: I64


def actor_devices(bank: Bank, month: Month) -> pl.DataFrame:
    """Devices with which campaigns have come to the accounts of the units, the first account's under its name.

    Columns of :class:`fraud_assets.tables.Devices`.
    """
    index = bank.traits.index
    brought = _brought(bank.scenario, month)
    low, high = np.searchsorted(brought.owner, [index[0], index[-1] + 1]) if len(index) else (0, 0)
    here = slice(int(low), int(high))
    if low == high:
        return pl.DataFrame(schema=tables.polars_schema(tables.Devices))
    return describe(
        bank.scenario,
        month,
        owner=bank.traits.customer_id[brought.owner[here] - index[0]],
        device_id=brought.device_id[here],
        kind=brought.kind[here],
        first_us=brought.first_us[here],
        shared=np.zeros(high - low, dtype=bool),
    )


@once(kept=1)
def _brought(scenario: Scenario, month: Month) -> _Brought:
    """All devices of all campaigns of the last months; memory grows with the campaigns."""
    owners, actor, started, starts = [], [], [], []
    # A device's first campaign may lie as many months before the oldest that is listed as a device is used.
    for back in range(_KEPT_MONTHS + actors.DEVICE_MONTHS):
        for name, how in sorted(scenario.fraud.types.items()):
            if not FAMILIES[how.family].brings_devices:
                continue
            plan = campaigns_from(scenario, name, month - back)
            found = victims(scenario, plan, 0, scenario.population.customers)
            campaign, first = np.unique(found.campaign, return_index=True)  # a campaign's first account
            owners.append(found.index[first])
            actor.append(plan.actor[campaign])
            started.append(np.full(len(first), plan.month.index))
            starts.append(plan.starts_us[campaign])
    nothing = np.empty(0, dtype=np.int64)
    owner, who, since, starts_us = (
        np.repeat(np.concatenate([nothing, *parts]), actors.DEVICES) for parts in (owners, actor, started, starts)
    )
    nth = np.arange(len(owner)) % actors.DEVICES
    kind, number = actors.kind(nth), actors.device(scenario, who, nth, since)
    # The bank sees a device shortly before the campaign's first row: somebody looked around.
    ahead = 2 * HOUR + 3 * DAY * hashed_uniforms(scenario.seed, "actor.ahead", number)
    full = hashed_uniforms(scenario.seed, "actor.second", number) < _FULL_SECOND
    step = np.where(full, SECOND, SECOND // 1000)
    first_us = (starts_us - ahead.astype(np.int64)) // step * step
    earliest = np.lexsort((first_us, number))
    _, unique = np.unique(number[earliest], return_index=True)
    chosen = earliest[unique]
    # Of a device whose last campaign is older, the first may have been left out, and another account stand for it.
    last = np.maximum.reduceat(since[earliest], unique) if len(unique) else unique
    chosen = chosen[(last >= month.index - _KEPT_MONTHS) & (first_us[chosen] < microseconds(month.end))]
    chosen = chosen[np.argsort(owner[chosen], kind="stable")]
    return _Brought(owner[chosen], number[chosen], first_us[chosen], kind[chosen])


def actor_logins(bank: Bank, month: Month) -> pl.DataFrame:
    """The logins of campaigns on the units' accounts in the month; columns of :class:`fraud_assets.tables.Logins`."""
    scenario = bank.scenario
    s = campaign_logins(bank, month)
    number, place = address_number(scenario, bank.traits, s.who, s.net, s.place, s.event_us // DAY, s.device)
    latitude, longitude = geolocate(scenario, number, place)
    frame = pl.DataFrame(
        {
            "login_id": ids(scenario.seed, "login.fraud", s.campaign, s.event_us, bank.traits.index[s.who]),
            "customer_id": bank.traits.customer_id[s.who],
            "event_time": pl.Series(s.event_us, dtype=pl.Int64).cast(pl.Datetime("us", "UTC")),
            "utc_offset_minutes": offset_at(scenario, bank.traits.city[s.who], s.event_us),
            "event": pl.Series(codes.LOGIN_EVENTS, dtype=pl.Enum(codes.LOGIN_EVENTS))[s.event],
            "is_success": s.is_success,
            "device_id": s.device,
            "ip_address": format_addresses(number),
            "city": pl.Series([c.city for c in scenario.cities])[place],
            "latitude": latitude,
            "longitude": longitude,
        }
    )
    return tables.conform(frame, tables.Logins)
