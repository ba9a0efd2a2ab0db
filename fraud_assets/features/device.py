"""Family device: the device and the network address a payment comes from, and the logins before it.

Rows at a terminal have neither, and are null here. Of devices, versions and first use are as the table of the month
before has them; who else was on a device or address is known up to the end of the day before.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl

from fraud_assets.features.arrays import F64, I64, Bool, either, larger, micros, missing_where, nothing, smaller
from fraud_assets.features.block import Block
from fraud_assets.features.events import Events
from fraud_assets.features.feature import MONTH_BEFORE, Columns, Family, Feature, Inputs
from fraud_assets.features.history import PAST

_float = partial(Feature, family="device", window=PAST, dtype=pl.Float32)
_int = partial(Feature, family="device", window=PAST, dtype=pl.Int32)
_flag = partial(Feature, family="device", window=PAST, dtype=pl.Int8)

# fmt: off
FEATURES = (
    _float("device_age_days_c", "days", "Days since the customer was first seen with this device: the earliest of what "
           "was on file of its owner's devices when the month began, and the customer's attempts and logins; 0 if "
           "never; null without a device, and for a bank with no devices on file by then", cost="keyed"),
    _flag("is_new_device_c", "0 or 1", "The customer has not paid with this device; null without one", cost="keyed"),
    _int("d_distinct_customers_30d", "customers", "Customers on this device in the 30 days before the day (UTC), at "
         "least 1; null without a device", key="device", window="30d", delay="1d", cost="keyed"),
    _int("c_distinct_devices_30d", "devices", "Different devices of the customer's attempts; null without one",
         window="30d", cost="keyed"),
    _flag("ip_is_new_c", "0 or 1", "The customer has not paid from this network address; null without one",
          cost="keyed"),
    _int("ip_distinct_customers_24h", "customers", "Customers at this network address on the day before (UTC), at "
         "least 1; null without an address", key="ip", window="24h", delay="1d", cost="keyed"),
    _flag("ip_city_mismatch", "0 or 1", "The city of the network address is neither the customer's home nor where the "
          "customer last paid in person; null without an address, or with neither city known"),
    _float("seconds_since_login", "seconds", "Time since the customer last logged in; null without a login"),
    _int("failed_logins_24h", "logins", "Failed attempts to log in as the customer; null for a bank without logins",
         window="24h"),
    _float("credential_change_age_hours", "hours", "Time since the customer's password, telephone number or other "
           "credentials were last changed; null if they were not"),
    _float("app_version_rarity", "-ln(share)", "Rarity of the device's version of the app among the devices of the "
           "month before; null without one there", key="device", window="", table_age=MONTH_BEFORE, cost="row"),
)
# fmt: on


def compute(inputs: Inputs) -> Columns:
    """The family's columns for the targets of a block."""
    block, at = inputs.block, inputs.block.at
    no_device, no_ip = at.device < 0, at.ip < 0
    devices = block.attempts.where("has_device").distinct("device", "30d")
    customers = larger(block.looked_up("device_customers_30d", unlisted=1), 1)
    neighbours = larger(block.looked_up("ip_customers_24h", unlisted=1), 1)
    return {
        "device_age_days_c": missing_where(no_device, _device_age(block)),
        "is_new_device_c": missing_where(no_device, _is_new(block, "device")),
        "d_distinct_customers_30d": missing_where(no_device, customers),
        "c_distinct_devices_30d": missing_where(devices == 0, devices),
        "ip_is_new_c": missing_where(no_ip, _is_new(block, "ip")),
        "ip_distinct_customers_24h": missing_where(no_ip, neighbours),
        "ip_city_mismatch": _is_elsewhere(block),
        **_logins(block),
        "app_version_rarity": block.looked_up("app_version_rarity"),
    }


def _is_new(block: Block, column: str) -> Bool:
    return block.spending.where(f"has_{column}").alike(column).is_none(PAST)


def _device_age(block: Block) -> F64:
    """Days since the first time; NaN without devices on file, from which alone old ones are known."""
    time = block.at.time
    first = smaller(time, _first(block.attempts.where("has_device"), time))
    if block.sessions is not None:
        first = smaller(first, _first(block.sessions, time))
    if "device_first_used" not in block.known:
        return nothing(time)
    return (time - np.fmin(first, block.known["device_first_used"])) / micros("1d")


def _first(events: Events, otherwise: I64) -> I64:
    """When the query's device first occurs in its window."""
    found = events.alike("device").first(PAST)
    return either(found >= 0, events.track.column("time")[found], otherwise) if events.size else otherwise


def _is_elsewhere(block: Block) -> F64:
    at = block.at
    home = block.people.home_city[at.group]
    last = block.spending.where("in_person").where("has_city").latest("city", PAST)
    unknown = (at.ip < 0) | (at.city < 0) | ((home < 0) & (last < 0))
    return missing_where(unknown, (at.city != home) & (at.city != last))


def _logins(block: Block) -> Columns:
    time = block.at.time
    logins = block.sessions
    if logins is None:
        names = ("seconds_since_login", "failed_logins_24h", "credential_change_age_hours")
        return {name: nothing(time) for name in names}
    entered, changed = (logins.where(name).latest("time", PAST) for name in ("entered", "changed"))
    return {
        "seconds_since_login": missing_where(entered < 0, (time - entered) / 1_000_000),
        "failed_logins_24h": logins.where("failed").count("24h"),
        "credential_change_age_hours": missing_where(changed < 0, (time - changed) / micros("1h")),
    }


FAMILY = Family("device", FEATURES, compute)
