"""One-off devices: a friend's phone, a computer at work, in a library or a hotel, a browser without its cookies.

What lives here: who turns to such a device and when, in closed form. A device is listed under the name of the customer
who uses it first; some are used again, by that customer, by somebody else of the town, or by a crowd. So a device that
the bank has known for some days, and under another name, says little by itself. What does not live here: what people
own (``devices.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation import calendar, clocks
from fraud_assets.simulation.groups import EVERYDAY, Grouped, by_group
from fraud_assets.simulation.intents import Bank
from fraud_assets.simulation.network import HOME, MOBILE, OF_DEVICE, PUBLIC, VPN
from fraud_assets.simulation.streams import I64, UNIT, Bools, generator, hashed_uniforms, ids
from fraud_assets.simulation.traits import Traits, joined_us

#: One-off devices that a customer turns to, relative to logins [P]. Some people leave no cookies at all, others never
#: change: their rates differ by a Gamma factor of this shape [P].
_GUESTS, _GUESTS_SHAPE = 0.0165, 0.7
#: Devices to which the same customer comes back once, and that somebody else uses after them, so many times [P].
_BACK, _PASSED_ON, _TIMES = 0.35, 0.18, 6
#: Devices that are, or seem to be, many people's: the computers of a hall of residence or a call shop, and above all
#: phones of one make, which a shop's script cannot tell apart [P: of two million fingerprints at a large site a third
#: were unique, of phones' a fifth (Gomez-Boix, Laperdrix & Baudry, Hiding in the Crowd, WWW 2018)]. How many of the
#: next customers may come to be seen with one (log-uniform), and each with what probability.
_COMMON, _PEOPLE, _COMES = 0.016, (12, 150), 0.8
#: Days within which either happens [P], more of it soon (the exponent of a draw) and a third in a later month, when the
#: device is on file as a stranger's; and the months before one's own in which a device that is used again may have been
#: used first.
_WITHIN_DAYS, _SOON, GUEST_MONTHS = 80, 1.5, 3
#: Months of groups of which visits are kept, below 100 KB each: the table of devices looks back on six months,
#: logins and payments on three.
_KEPT = 40
#: Customers living in the same town, as the bank has numbered them, among whom to find whoever goes after one to a
#: computer: at another address.
_NEXT = 4
#: Share of the visits on which the customer logs in at the bank, rather than only pays in a shop [P]: with new phones
#: they make 2-3 % of honest logins come from a device the bank has not seen.
_LOGINS = 0.95
#: Logins on one-off devices, of all logins; of the followers and of the crowd (55 on average) a tenth are not there.
GUEST_LOGINS = _GUESTS * (1 + _BACK + 0.9 * _PASSED_ON * _TIMES + _COMMON * 0.9 * 55 * _COMES) * _LOGINS
#: How long a visit lasts [P]. So many of those on which something is paid go on, some until the next day, so many hours
#: in all (log-uniform) [P]: in a hotel, with a relative's tablet over a weekend, in a browser that lost its cookies.
VISIT_SECONDS = 4 * 3600
_STAYS, _STAY_HOURS = 0.4, (4.0, 40.0)
_KINDS = np.cumsum([0.5, 0.4, 0.1])  # [P] phone, laptop, tablet
#: Lines of such a device, none of them the customer's own: of a home, a carrier, an employer whose network leaves
#: elsewhere, a library or a hotel [P].
_LINES = np.cumsum([0.35, 0.20, 0.25, 0.20])
_LINE_KINDS = OF_DEVICE + np.array([HOME, MOBILE, VPN, PUBLIC])


@dataclass(frozen=True)
class Guests:
    """Visits to one-off devices, with their beginning."""

    who: I64  # position in Traits
    device_id: I64
    start_us: I64
    kind: I64  # 0 phone, 1 laptop, 2 tablet
    is_later: Bools  # the bank has seen the device before

    def take(self, rows: Bools | I64 | slice) -> Guests:
        """The chosen visits."""
        return Guests(*(getattr(self, f.name)[rows] for f in fields(self)))

    def number(self, scenario: Scenario, t: Traits) -> I64:
        """A number a visit."""
        return ids(scenario.seed, "guest.visit", self.device_id, t.index[self.who], self.start_us)

    def login_us(self, scenario: Scenario, t: Traits, end_us: int) -> I64:
        """When the customer logs in on each visit, if they do; all before ``end_us``, as the visits begin.

        What brings people to somebody's computer is something to pay; they look at their account some time later in the
        visit. A device that the bank has never seen is on file since its first login.
        """
        wait = hashed_uniforms(scenario.seed, "guest.looks", self.number(scenario, t)) * VISIT_SECONDS * self.is_later
        found = self.start_us + np.rint(wait * 1000).astype(np.int64) * 1000
        return np.where(found < end_us, found, self.start_us)

    def lasting_seconds(self, scenario: Scenario, t: Traits) -> I64:
        """How long each visit lasts if something is paid on it."""
        u = hashed_uniforms(scenario.seed, "guest.stays", self.number(scenario, t)) / _STAYS
        low, high = _STAY_HOURS
        stays = np.rint(low * (high / low) ** np.minimum(u, 1) * 3600).astype(np.int64)
        return np.where(u < 1, stays, VISIT_SECONDS)

    def logged_in(self, scenario: Scenario, t: Traits) -> Guests:
        """Those on which the customer also logs in at the bank."""
        return self._share(scenario, t, "guest.logins", _LOGINS)

    def paid_on(self, scenario: Scenario, t: Traits) -> Guests:
        """Those on which the customer also pays there, should something fall due, rather than by their own phone."""
        return self._share(scenario, t, "guest.pays", scenario.devices.borrowed_pays)

    def _share(self, scenario: Scenario, t: Traits, salt: str, share: float) -> Guests:
        return self.take(hashed_uniforms(scenario.seed, salt, self.number(scenario, t)) < share)


def lines(scenario: Scenario, device_id: I64) -> I64:
    """The kind of network of one-off devices, as :func:`fraud_assets.simulation.network.address_number` knows it."""
    u = hashed_uniforms(scenario.seed, "guest.line", device_id)
    return _LINE_KINDS[np.searchsorted(_LINES[:-1], u, side="right")]


def first_visits(scenario: Scenario, month: Month, units: Sequence[int]) -> Guests:
    """The one-off devices that the units' customers use for the first time in the month; sorted by customer."""
    return _of_units(_first_visits, scenario, month, units)


@by_group(EVERYDAY, kept=_KEPT)
def _first_visits(group: Bank, month: Month) -> Guests:
    """The first visits of a group, sorted by customer."""
    scenario, units, t = group.scenario, group.units, group.traits
    mean = _GUESTS * scenario.devices.daily_logins * month.days
    who, ordinal, draws = [], [], []
    start = 0
    for unit in units:
        own = generator(scenario.seed, "devices.guest_rates", 0, int(unit)).standard_gamma(_GUESTS_SHAPE, UNIT)
        counts = generator(scenario.seed, "devices.guests", month.index, int(unit)).poisson(mean * own / _GUESTS_SHAPE)
        counts = counts[: int((t.unit == unit).sum())]
        n = int(counts.sum())
        who.append(start + np.repeat(np.arange(len(counts)), counts))
        ordinal.append(np.arange(n) - np.repeat(np.cumsum(counts) - counts, counts))
        draws.append(generator(scenario.seed, "devices.guest_times", month.index, int(unit)).random((n, 3)))
        start += len(counts)
    person, nth, u = np.concatenate(who), np.concatenate(ordinal), np.concatenate(draws)
    start_us = calendar.instants(scenario, month, t.city[person], t.hours[person], u[:, 0], u[:, 1])
    found = Guests(
        who=person,
        device_id=ids(scenario.seed, "guest", t.index[person], month.index, nth),
        start_us=start_us,
        kind=np.searchsorted(_KINDS, u[:, 2], side="right"),
        is_later=np.zeros(len(person), dtype=bool),
    )
    return found.take(_is_customer(scenario, t, found))


def visits(scenario: Scenario, month: Month, units: Sequence[int]) -> Guests:
    """All visits of the units' customers to one-off devices in the month, the first ones and the later ones.

    Sorted by customer and time.
    """
    return _of_units(_visits, scenario, month, units)


@by_group(EVERYDAY, kept=_KEPT)
def _visits(group: Bank, month: Month) -> Guests:
    """The visits of a group, sorted by customer and time."""
    scenario, t = group.scenario, group.traits
    new = _first_visits(group, month)
    parts = [new]
    start, end = clocks.microseconds(month.start), clocks.microseconds(month.end)
    follower = _followers(t)
    for first in (*(_first_visits(group, month - back) for back in range(GUEST_MONTHS, 0, -1)), new):
        back, passed = (
            first.take(hashed_uniforms(scenario.seed, f"guest.{name}", first.device_id) < share)
            for name, share in (("back", _BACK), ("passed_on", _PASSED_ON))
        )
        passed = passed.take(np.repeat(np.arange(len(passed.who)), _TIMES))
        passed = replace(passed, who=follower[passed.who])
        times = 1 + np.arange(len(passed.who)) % _TIMES
        for later, nth in ((back, np.zeros_like(back.who)), (passed, times), _of_many(scenario, first, t)):
            is_later = np.ones(len(later.who), dtype=bool)
            moved = replace(later, start_us=_later(scenario, later, nth), is_later=is_later)
            there = (moved.who >= 0) & (moved.start_us >= start) & (moved.start_us < end)
            moved = moved.take(there)
            parts.append(moved.take(_is_customer(scenario, t, moved)))
    found = _joined(parts)
    return found.take(np.lexsort((found.start_us, found.who)))


def _of_units(every: Grouped[Guests], scenario: Scenario, month: Month, units: Sequence[int]) -> Guests:
    """The units' share of their groups' visits."""
    parts = []
    for share, found in every.of(Bank(scenario, tuple(int(unit) for unit in units)), month):
        low, high = np.searchsorted(found.who, [share.first, share.end])
        mine = found.take(slice(low, high))
        parts.append(replace(mine, who=mine.who + share.shift))
    return _joined(parts)


def _joined(parts: Sequence[Guests]) -> Guests:
    return Guests(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Guests)))


def _of_many(scenario: Scenario, first: Guests, t: Traits) -> tuple[Guests, I64]:
    """Later visits to the devices that many use, and a number of each among those of its device.

    They are the next customers of the unit, so that whoever is yet to join the bank changes nobody's devices.
    """
    common = first.take(hashed_uniforms(scenario.seed, "guest.common", first.device_id) < _COMMON)
    low, high = _PEOPLE
    people = low * (high / low) ** hashed_uniforms(scenario.seed, "guest.people", common.device_id)
    place, nth = (axis.ravel() for axis in np.indices((len(common.who), high)))
    who = common.who[place] + 1 + nth
    came = hashed_uniforms(scenario.seed, "guest.comes", common.device_id[place], nth) < _COMES
    came &= (nth < people[place]) & (who < len(t.unit))
    came[came] = t.unit[who[came]] == t.unit[common.who[place[came]]]
    return replace(common.take(place[came]), who=who[came]), 1 + _TIMES + nth[came]


def _later(scenario: Scenario, first: Guests, nth: I64) -> I64:
    """When devices are used again: some days after, about the same hour, or later on the same day."""
    days_u, hours_u = (hashed_uniforms(scenario.seed, f"guest.{part}", first.device_id, nth) for part in ("d", "h"))
    days = np.floor(_WITHIN_DAYS * days_u**_SOON)
    hours = np.where(days == 0, 1 + 3 * hours_u, 4 * hours_u - 2)
    later: I64 = first.start_us + days.astype(np.int64) * clocks.DAY_US
    return later + np.rint(hours * 3_600_000).astype(np.int64) * 1000


def _followers(t: Traits) -> I64:
    """Who goes after each customer to a computer: position in ``t``, -1 for nobody.

    The next customer of the same unit and town who lives at another address, so that whoever is yet to join the bank
    changes nobody's devices.
    """
    order = np.lexsort((t.index, t.city, t.unit))
    town = t.unit[order] * (int(t.city.max(initial=0)) + 1) + t.city[order]
    follower = np.full(len(order), -1)
    for k in range(_NEXT, 0, -1):  # the nearest has the last word
        here = np.flatnonzero(town[k:] == town[:-k])
        mine, theirs = order[here], order[here + k]
        apart = t.address_id[mine] != t.address_id[theirs]
        follower[mine[apart]] = theirs[apart]
    return follower


def _is_customer(scenario: Scenario, t: Traits, visit: Guests) -> Bools:
    joined: Bools = visit.start_us >= joined_us(scenario, t.city, t.registered_day)[visit.who]
    return joined
