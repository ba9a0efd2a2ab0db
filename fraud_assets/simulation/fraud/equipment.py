"""Fraud's own devices and logins, in the form of anyone's, so that no key of the ledger is missing from its table."""

from __future__ import annotations

import numpy as np
import polars as pl

from fraud_assets import tables
from fraud_assets.months import Month
from fraud_assets.simulation.calendar import offset_at
from fraud_assets.simulation.devices import describe
from fraud_assets.simulation.fraud import actors
from fraud_assets.simulation.fraud.campaigns import Plan
from fraud_assets.simulation.fraud.families.base import Sessions
from fraud_assets.simulation.fraud.plan import campaigns_from, victims
from fraud_assets.simulation.fraud.rows import campaign_sessions
from fraud_assets.simulation.intents import DAY, HOUR, PUBLIC_NET, SECOND, Bank
from fraud_assets.simulation.network import ip_address
from fraud_assets.simulation.streams import hashed_uniforms, ids

#: Months before this one whose campaigns' devices are still listed.
_KEPT_MONTHS = 6
#: Share of honest devices that are first seen at a full second, as those that come with a new customer are.
_FULL_SECOND = 0.38


def actor_devices(bank: Bank, month: Month) -> pl.DataFrame:
    """Devices with which campaigns have come to the accounts of the units, the first account's under its name.

    Columns of :class:`fraud_assets.tables.Devices`.
    """
    scenario = bank.scenario
    index = bank.traits.index
    owners, numbers, kinds, begun = [], [], [], []
    # A device's first campaign may lie as many months before the oldest that is listed as a device is used.
    for back in range(_KEPT_MONTHS + actors.DEVICE_MONTHS):
        for name in sorted(scenario.fraud.types):
            plan = campaigns_from(scenario, name, month - back)
            found = victims(scenario, plan, 0, scenario.population.customers)
            _, first = np.unique(found.campaign, return_index=True)  # a campaign's first account
            campaign = np.repeat(found.campaign[first], actors.DEVICES)
            owners.append(np.repeat(found.index[first], actors.DEVICES))
            nth = np.tile(np.arange(actors.DEVICES), len(first))
            kinds.append(actors.kind(nth))
            numbers.append(actors.device(scenario, plan.actor[campaign], nth, plan.month.index))
            # The bank sees a device shortly before the campaign's first row: somebody looked around.
            ahead = 2 * HOUR + 3 * DAY * hashed_uniforms(scenario.seed, "actor.ahead", numbers[-1])
            full = hashed_uniforms(scenario.seed, "actor.second", numbers[-1]) < _FULL_SECOND
            step = np.where(full, SECOND, SECOND // 1000)
            begun.append((plan.starts_us[campaign] - ahead.astype(np.int64)) // step * step)
    owner, number, first_us = np.concatenate(owners), np.concatenate(numbers), np.concatenate(begun)
    kind = np.concatenate(kinds)
    earliest = np.lexsort((first_us, number))
    _, unique = np.unique(number[earliest], return_index=True)
    chosen = earliest[unique]
    owner, number, first_us, kind = owner[chosen], number[chosen], first_us[chosen], kind[chosen]
    end = int(month.end.timestamp()) * 1_000_000
    here = np.isin(owner, index) & (first_us < end)
    owner, number, first_us, kind = owner[here], number[here], first_us[here], kind[here]
    if not len(owner):
        return pl.DataFrame(schema=tables.polars_schema(tables.Devices))
    return describe(
        scenario,
        month,
        owner=bank.traits.customer_id[owner - index[0]],
        device_id=number,
        kind=kind,
        first_us=first_us,
        shared=np.zeros(len(owner), dtype=bool),
    )


def actor_logins(bank: Bank, month: Month) -> pl.DataFrame:
    """The logins of campaigns on the units' accounts in the month; columns of :class:`fraud_assets.tables.Logins`."""
    parts = [pl.DataFrame(schema=tables.polars_schema(tables.Logins))]
    parts += [_logins(bank, month, plan, sessions) for plan, sessions in campaign_sessions(bank, month)]
    return pl.concat(parts)


def _logins(bank: Bank, month: Month, plan: Plan, sessions: Sessions) -> pl.DataFrame:
    scenario = bank.scenario
    start, end = int(month.start.timestamp()) * 1_000_000, int(month.end.timestamp()) * 1_000_000
    inside = (sessions.event_us >= start) & (sessions.event_us < end)
    s = Sessions(**{name: values[inside] for name, values in vars(sessions).items()})
    address, place = ip_address(scenario, bank.traits, s.who, np.full(len(s), PUBLIC_NET), s.place, s.event_us // DAY)
    campaign = plan.campaign_id[s.campaign]
    home = bank.traits.city[s.who]
    frame = pl.DataFrame(
        {
            "login_id": ids(scenario.seed, "login.fraud", campaign, s.event_us, bank.traits.index[s.who]),
            "customer_id": bank.traits.customer_id[s.who],
            "event_time": pl.Series(s.event_us, dtype=pl.Int64).cast(pl.Datetime("us", "UTC")),
            "utc_offset_minutes": offset_at(scenario, home, s.event_us),
            "event": pl.Series(tables.LOGIN_EVENTS, dtype=pl.Enum(tables.LOGIN_EVENTS)).gather(s.event),
            "is_success": s.is_success,
            "device_id": s.device,
            "ip_address": address,
            "city": pl.Series([c.city for c in scenario.cities]).gather(place),
            "latitude": np.array([c.latitude for c in scenario.cities])[place],
            "longitude": np.array([c.longitude for c in scenario.cities])[place],
        }
    )
    return tables.conform(frame, tables.Logins)
