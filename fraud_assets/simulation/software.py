"""Software of devices: operating systems, versions that age, the bank's app, browsers.

What lives here: release calendars [S: vendors' release notes] and what follows from them; the shares of the systems are
the scenario's. A version is a function of device and month, so it moves on from month to month with the delay of its
owner.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.population import drawn
from fraud_assets.simulation.streams import F64, I64, hashed_uniforms

#: Releases of each system, oldest first: (first month, version).
_RELEASES = {
    "iOS": "2021-09 15 2022-09 16 2023-03 16.4 2023-09 17 2024-03 17.4 2024-09 18 2025-03 18.4 2025-09 26",
    "iPadOS": "2021-09 15 2022-10 16 2023-03 16.4 2023-09 17 2024-03 17.4 2024-09 18 2025-03 18.4 2025-09 26",
    "Android": "2020-09 11 2021-10 12 2022-08 13 2023-10 14 2024-10 15 2025-06 16",
    "Windows": "2019-05 10 2021-10 11 2022-09 11.22H2 2023-10 11.23H2 2024-10 11.24H2 2025-10 11.25H2",
    "macOS": "2020-11 11 2021-10 12 2022-10 13 2023-09 14 2024-09 15 2025-09 26",
    "ChromeOS": "2022-01 97 2022-07 103 2023-01 109 2023-07 114 2024-01 120 2024-07 126 2025-01 131 2025-07 138",
    "Linux": "2020-04 20.04 2022-04 22.04 2024-04 24.04 2026-04 26.04",
}
_NAMES = list(_RELEASES)
#: Months by which owners are behind the newest version, on average [P]; some never update.
_DELAY = {"iOS": 4, "iPadOS": 5, "Android": 14, "Windows": 10, "macOS": 8, "ChromeOS": 3, "Linux": 10}
_APP_DELAY = 1.3  # [P] months, for the bank's app, which comes out monthly
_OLDEST_APP = 24
#: Browsers by system with cumulative shares.
_BROWSERS = {
    "iOS": (["Safari", "Chrome", "Firefox"], [0.85, 0.97, 1.0]),
    "iPadOS": (["Safari", "Chrome", "Firefox"], [0.88, 0.98, 1.0]),
    "Android": (["Chrome", "Samsung Internet", "Firefox"], [0.82, 0.96, 1.0]),
    "Windows": (["Chrome", "Edge", "Firefox"], [0.66, 0.90, 1.0]),
    "macOS": (["Safari", "Chrome", "Firefox"], [0.55, 0.93, 1.0]),
    "ChromeOS": (["Chrome"], [1.0]),
    "Linux": (["Firefox", "Chrome"], [0.55, 1.0]),
}
_TERMINAL_DELAY = 9.0  # [P] months


def systems(
    scenario: Scenario, month: Month, device_id: I64, kind: I64, first_us: I64
) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Operating system, its version in the month, and the version of the bank's app (null for laptops).

    Parameters
    ----------
    device_id, kind, first_us
        Number, kind (0 phone, 1 laptop, 2 tablet) and first use (UTC microseconds) of each device; shape (n,).
    """
    seed, life = scenario.seed, scenario.devices
    u = hashed_uniforms(seed, "software.system", device_id)
    system = np.empty(len(device_id), dtype=np.int64)
    of_kind: list[dict[str, float]] = [dict(kind.items()) for kind in (life.phones, life.laptops, life.tablets)]
    for k, shares in enumerate(of_kind):
        mine = kind == k
        system[mine] = np.array([_NAMES.index(name) for name in shares])[drawn(list(shares.values()), u[mine])]
    delay = np.array([_DELAY[name] for name in _NAMES])[system]
    lag = -delay * np.log1p(-hashed_uniforms(seed, "software.delay", device_id))
    # No device is older inside than it was when it was new.
    born = first_us.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64) + 1970 * 12
    asof = np.maximum(month.index - lag, np.minimum(born, month.index) - 3.0)
    labels: list[str] = []
    position = np.zeros(len(device_id), dtype=np.int64)
    for k, name in enumerate(_NAMES):
        words = _RELEASES[name].split()
        released = [Month.parse(key).index for key in words[::2]]
        mine = system == k
        newest = np.searchsorted(released, asof[mine], side="right") - 1
        position[mine] = len(labels) + np.clip(newest, 0, None)
        labels += words[1::2]
    apps = [f"{(month - back).year % 100}.{(month - back).number}" for back in range(_OLDEST_APP + 1)]
    back = np.floor(-_APP_DELAY * np.log1p(-_moving(seed, "software.app", device_id, month)))
    app = np.minimum(back, np.minimum(_OLDEST_APP, month.index - np.minimum(born, month.index) + 1)).astype(np.int64)
    app_version = pl.Series([*apps, None])[np.where(kind == 1, len(apps), app)]
    return pl.Series(_NAMES)[system], pl.Series(labels)[position], app_version


def _moving(seed: int, salt: str, device_id: I64, month: Month) -> F64:
    """A uniform number of the device that stays for three months: some update at once, others every few months."""
    period = (month.index + (device_id % 3)) // 3
    return hashed_uniforms(seed, salt, device_id, period)


def browsers(seed: int, device_id: I64, system: pl.Series) -> pl.Series:
    """Browser family of each device."""
    u = hashed_uniforms(seed, "software.browser", device_id)
    number = system.cast(pl.Enum(_NAMES)).to_physical().to_numpy()
    labels: list[str] = []
    position = np.zeros(len(u), dtype=np.int64)
    for k, name in enumerate(_NAMES):
        names, shares = _BROWSERS[name]
        mine = number == k
        position[mine] = len(labels) + np.minimum(np.searchsorted(shares, u[mine], side="right"), len(names) - 1)
        labels += names
    return pl.Series(labels)[position]


def terminal_systems(scenario: Scenario, month: Month, terminal: I64) -> tuple[pl.Series, pl.Series]:
    """System and version of each terminal; they are updated twice a year, with delay."""
    seed, shares = scenario.seed, scenario.devices.terminals or {"none": 1.0}  # where there are no terminals either
    kind = drawn(list(shares.values()), hashed_uniforms(seed, "software.terminal", terminal))
    lag = -_TERMINAL_DELAY * np.log1p(-hashed_uniforms(seed, "software.delay", terminal))
    release = np.floor((month.index - np.minimum(lag, 47)) / 6).astype(np.int64)
    newest = month.index // 6
    labels = [f"{half // 2 % 100}.{half % 2 * 6 + 1}" for half in range(newest - 8, newest + 1)]
    return pl.Series(list(shares))[kind], pl.Series(labels)[release - newest + 8]
