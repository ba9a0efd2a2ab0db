"""Networks: the address from which somebody acts, and where geolocation puts it.

What lives here: closed forms for home lines, mobile carriers, VPN exits and public hotspots. All addresses are from
240.0.0.0/4, which is reserved and belongs to nobody; each provider of each city has a block of its own there, spread so
that the first octet does not tell the kind of network.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import polars as pl

from fraud_assets.scenario import Scenario
from fraud_assets.simulation.streams import F64, I64, Bools, hashed_uniforms, keyed
from fraud_assets.simulation.traits import Traits

HOME, MOBILE, VPN, PUBLIC = range(4)
#: Added to a kind: the line is not the customer's own but that of whoever holds the device.
OF_DEVICE = 4
_LINES, _CARRIERS = 4, 3  # [P] internet providers and mobile carriers of a city
_BLOCKS = _LINES + _CARRIERS + 2  # one each for VPN exits and hotspots
_FIRST_BLOCK, _ALL_BLOCKS = 240 * 256, 15 * 256  # 240.0/16 .. 254.255/16
_STRIDE = 2339  # a prime: spreads consecutive blocks over the range
_HOME_DAYS = 120  # [P] a home line keeps its address about four months
_EXITS = 48  # [P] VPN exits that the customers' services use
_SEATS = 40  # [P] addresses of an exit: few customers go out by the same one
_EXIT_DAYS = 7  # [P] an app stays with its exit about a week
_REACH = 2.0  # [P] km by which geolocation strays from the centre of a city of 100,000; grows with its radius
_VPN_USE = 0.60  # [P] of what a habitual user does
_SPOT_DAYS = 3  # [P] days for which somebody who is out keeps to one hotspot


def format_addresses(number: I64) -> pl.Series:
    """IPv4 numbers as dotted strings."""
    high, low = _octets()
    return high[number >> 16] + low[number & 0xFFFF]


def address_number(
    scenario: Scenario, traits: Traits, who: I64, kind: I64, city: I64, day: I64, device: I64 | None = None
) -> tuple[I64, I64]:
    """Addresses of the rows, as :func:`format_addresses` writes them.

    Parameters
    ----------
    who
        Positions in ``traits``, shape (n,).
    kind
        0 home (stable per postal address for about 120 days), 1 mobile (a pool that the city's customers of a carrier
        share, another address every day; in some banks that of a large city near by), 2 VPN (one of a few exits), 3
        public (a hotspot of the city). From ``OF_DEVICE`` on the same four, on lines that belong to the holder of the
        ``device``: a stranger has a home, a carrier and habits as anybody has, and brings them to every account.
    city
        Where the customer is: index into ``scenario.cities``. A home line is at home whatever it says.
    day
        Local day.

    Returns
    -------
    IPv4 addresses as 32-bit numbers, and the city in which geolocation puts them (a VPN's exit, a carrier's gateway);
    each of shape (n,).
    """
    located = np.asarray(city, dtype=np.int64).copy()
    number = np.zeros(len(who), dtype=np.int64)
    if not len(who):
        return number, located
    rows = np.flatnonzero(kind == HOME)
    number[rows] = _home(scenario, traits, who[rows], day[rows])
    located[rows] = traits.city[who[rows]]
    rows = np.flatnonzero(kind == MOBILE)
    number[rows], located[rows] = _mobile(scenario, traits.index[who[rows]], located[rows], day[rows])
    rows = np.flatnonzero(kind == VPN)
    number[rows], located[rows] = _vpn(scenario, traits.index[who[rows]], day[rows])
    rows = np.flatnonzero(kind == PUBLIC)
    number[rows] = _public(scenario, traits.index[who[rows]], located[rows], day[rows])
    if device is not None:
        rows = np.flatnonzero(kind >= OF_DEVICE)
        number[rows], located[rows] = _of_device(
            scenario, device[rows], kind[rows] - OF_DEVICE, located[rows], day[rows]
        )
    return number, located


def is_hidden(scenario: Scenario, traits: Traits, who: I64, u: F64) -> Bools:
    """What goes out by a VPN: most of what habitual users do, and now and then something of anybody's."""
    hidden: Bools = u < np.where(traits.vpn[who], _VPN_USE, scenario.devices.vpn_now_and_then)
    return hidden


def _of_device(scenario: Scenario, holder: I64, kind: I64, city: I64, day: I64) -> tuple[I64, I64]:
    """Addresses on the lines of people who are none of the customers; few rows, so each kind is found for all."""
    seed = scenario.seed
    phase = (keyed(seed, "network.phase", holder) % np.uint64(_HOME_DAYS)).astype(np.int64)
    line = (keyed(seed, "network.line", holder) % np.uint64(_LINES)).astype(np.int64)
    home = _address(scenario, city, line, _host(seed, "network.home", holder, (day + phase) // _HOME_DAYS))
    exits, exit_city = _vpn(scenario, holder, day)
    mobile, gateway = _mobile(scenario, holder, city, day)
    number = np.choose(kind, [home, mobile, exits, _public(scenario, holder, city, day)])
    return number, np.choose(kind, [city, gateway, exit_city, city])


def geolocate(scenario: Scenario, number: I64, located: I64) -> tuple[F64, F64]:
    """Latitude and longitude at which a geolocation service puts addresses: the same for the 256 addresses of a block.

    Parameters
    ----------
    number, located
        32-bit numbers and cities as :func:`address_number` gives them, shape (n,).
    """
    latitude = np.array([c.latitude for c in scenario.cities])[located]
    longitude = np.array([c.longitude for c in scenario.cities])[located]
    reach = _REACH / 111.0 * np.sqrt(np.array([c.population for c in scenario.cities]) / 1e5)[located]
    north, east = (hashed_uniforms(scenario.seed, f"network.{axis}", number >> 8) - 0.5 for axis in ("north", "east"))
    longitude = longitude + 2 * reach * east / np.cos(np.radians(latitude))
    return np.round(latitude + 2 * reach * north, 4), np.round(longitude, 4)


def _home(scenario: Scenario, traits: Traits, who: I64, day: I64) -> I64:
    if not len(who):
        return np.empty(0, dtype=np.int64)
    seed, address = scenario.seed, traits.address_id
    phase = (keyed(seed, "network.phase", address) % np.uint64(_HOME_DAYS)).astype(np.int64)
    first = (day.min() + phase) // _HOME_DAYS
    more = int(((day.max() + phase) // _HOME_DAYS - first).max()) + 1
    line = (keyed(seed, "network.line", address) % np.uint64(_LINES)).astype(np.int64)
    # A table over customers and their leases in the time span, which is short against the rows.
    host = _host(seed, "network.home", address[:, None], first[:, None] + np.arange(more))
    table = _address(scenario, traits.city[:, None], line[:, None], host)
    addresses: I64 = table[who, (day + phase[who]) // _HOME_DAYS - first[who]]
    return addresses


def _mobile(scenario: Scenario, holder: I64, city: I64, day: I64) -> tuple[I64, I64]:
    seed = scenario.seed
    carrier = (keyed(seed, "network.carrier", holder) % np.uint64(_CARRIERS)).astype(np.int64)
    city = _gateways(scenario)[city, carrier]
    pool = _sizes(scenario, 20_000, 16, 1024)[city]
    place = hashed_uniforms(seed, "network.mobile", holder, (day << np.int64(16)) | city)
    host = _host(seed, "network.pool", (place * pool).astype(np.int64))
    return _address(scenario, city, _LINES + carrier, host), city


@lru_cache(maxsize=8)
def _gateways(scenario: Scenario) -> I64:
    """City in which each city's carriers reach the net: its own, or the nearest large one; shape (cities, carriers)."""
    cities, carriers = np.arange(len(scenario.cities)), np.arange(_CARRIERS)
    own: I64 = np.repeat(cities[:, None], _CARRIERS, axis=1)
    large = np.flatnonzero([c.tier == 1 for c in scenario.cities])
    if not len(large):
        return own
    north, east = (np.radians([getattr(c, name) for c in scenario.cities]) for name in ("latitude", "longitude"))
    # Near enough on the scale of a country.
    east = (east[:, None] - east[large]) * np.cos((north[:, None] + north[large]) / 2)
    nearest = large[np.argmin((north[:, None] - north[large]) ** 2 + east**2, axis=1)]
    far = hashed_uniforms(scenario.seed, "network.gateway", cities[:, None], carriers) < scenario.devices.gateway_share
    return np.where(far, nearest[:, None], own)


def _vpn(scenario: Scenario, holder: I64, day: I64) -> tuple[I64, I64]:
    seed = scenario.seed
    exits = np.arange(_EXITS)
    cities = (keyed(seed, "network.exit", exits) % np.uint64(len(scenario.cities))).astype(np.int64)
    seats = _host(seed, "network.vpn", exits[:, None], np.arange(_SEATS))
    table = _address(scenario, cities[:, None], np.full((_EXITS, 1), _LINES + _CARRIERS), seats).ravel()
    week = (day + holder % _EXIT_DAYS) // _EXIT_DAYS
    chosen = (keyed(seed, "network.service", holder, week) % np.uint64(len(table))).astype(np.int64)
    return table[chosen], cities[chosen // _SEATS]


def _public(scenario: Scenario, holder: I64, city: I64, day: I64) -> I64:
    seed = scenario.seed
    spots = _sizes(scenario, 4_000, 96, 2_048)[city]
    visit = ((day // _SPOT_DAYS) << np.int64(16)) | city
    spot = (hashed_uniforms(seed, "network.visit", holder, visit) * spots).astype(np.int64)
    return _address(
        scenario, city, np.full(len(holder), _LINES + _CARRIERS + 1), _host(seed, "network.spot", city, spot)
    )


def _sizes(scenario: Scenario, inhabitants: int, fewest: int, most: int) -> I64:
    """Addresses in use in each city: one for so many inhabitants."""
    population = np.array([c.population for c in scenario.cities])
    sizes: I64 = np.clip(population // inhabitants, fewest, most)
    return sizes


def _host(seed: int, salt: str, *parts: I64) -> I64:
    """The low half of an address."""
    return (keyed(seed, salt, *parts) & np.uint64(0xFFFF)).astype(np.int64)


def _address(scenario: Scenario, city: I64, provider: I64, host: I64) -> I64:
    """A host in the block of the city's provider."""
    block = ((city * _BLOCKS + provider) * _STRIDE + scenario.seed) % _ALL_BLOCKS
    return ((_FIRST_BLOCK + block) << np.int64(16)) | host


@lru_cache(maxsize=1)
def _octets() -> tuple[pl.Series, pl.Series]:
    """The two halves of an address as text; putting two halves together is twice as fast as four octets."""
    half, octet = np.arange(65_536), pl.Series([str(k) for k in range(256)])
    two = octet[half >> 8] + "." + octet[half & 255]
    return two + ".", two
