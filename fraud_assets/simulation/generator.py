"""The simulation's doors: a month of a table as pure chunk functions, and a class for people without an orchestrator.

A chunk is as many consecutive units of 256 customers as give about 200,000 ledger rows; it is the unit of memory and
of parallel work. Chunk functions share nothing: they may run in any order, on any thread, alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import polars as pl

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation import customers, devices, merchants
from fraud_assets.simulation.fraud.equipment import actor_devices, actor_logins
from fraud_assets.simulation.fraud.families import check as check_fraud_types
from fraud_assets.simulation.fraud.plan import campaigns_frame
from fraud_assets.simulation.fraud.rows import campaign_rows
from fraud_assets.simulation.fraud.truth import labeled
from fraud_assets.simulation.honest import honest
from fraud_assets.simulation.intents import Bank, Intents, concat
from fraud_assets.simulation.ledger import in_order, ledger
from fraud_assets.simulation.logins import logins
from fraud_assets.simulation.streams import UNIT

Chunk = Callable[[], pl.DataFrame]

#: Ledger rows in a chunk, about: with two threads, three chunks are alive at a time. Part of the bytes of every table.
CHUNK_ROWS = 200_000


#: Chunks of the ledger whose customers make one chunk of the tables with few rows a customer.
_WIDER = 4


def chunks(scenario: Scenario, wider: int = 1) -> list[tuple[int, ...]]:
    """The units of each chunk; ``wider`` times as many as a chunk of the ledger has."""
    activity = scenario.activity
    daily = sum(activity.daily_mean) / 2 if activity.daily_mean else float(activity.gamma_mean or 0)
    width = wider * max(1, round(CHUNK_ROWS / (UNIT * daily * 30.4)))
    every = list(customers.units(scenario))
    return [tuple(every[i : i + width]) for i in range(0, len(every), width)]


def customer_chunks(scenario: Scenario, month: Month) -> list[Chunk]:
    """``customers``: those who have joined by the end of the month."""
    return [partial(customers.customers_frame, scenario, month, units) for units in chunks(scenario, _WIDER)]


def device_chunks(scenario: Scenario, month: Month) -> list[Chunk]:
    """``devices``: customers' devices, whoever uses them, then the terminals."""
    owned = [partial(_devices, scenario, month, units) for units in chunks(scenario, _WIDER)]
    return [*owned, partial(devices.terminals_frame, scenario, month)]


def merchant_chunks(scenario: Scenario, month: Month) -> list[Chunk]:
    """``merchants``: all of them in one chunk; their number does not grow with the customers."""
    return [partial(merchants.merchants_frame, scenario, month)]


def login_chunks(scenario: Scenario, month: Month) -> list[Chunk]:
    """``logins``: the customers' own and those of whoever took over their accounts."""
    return [partial(_logins, scenario, month, units) for units in chunks(scenario, _WIDER)]


def transaction_chunks(scenario: Scenario, month: Month) -> list[Chunk]:
    """``transactions``: the ledger, sorted by (customer_id, event_time, transaction_id)."""
    return [partial(_transactions, scenario, month, units) for units in chunks(scenario)]


def label_chunks(scenario: Scenario, month: Month) -> list[Chunk]:
    """``labeled_anomalies``: the truth about every ledger row that is not ordinary, sorted as the ledger is."""
    return [partial(_labels, scenario, month, units) for units in chunks(scenario)]


def campaign_chunks(scenario: Scenario, month: Month) -> list[Chunk]:
    """``fraud_campaigns``: the plans alive in the month."""
    return [partial(campaigns_frame, scenario, month)]


class SyntheticDataGenerator:
    """A bank's tables as frames, without an orchestrator and without files.

    Parameters
    ----------
    config
        The scenario: ``Scenario.load("us_bank")``, or one changed by ``model_copy(update=...)``.

    Raises
    ------
    ScenarioError
        If a fraud type of the scenario does not fit its family.
    """

    def __init__(self, config: Scenario) -> None:
        check_fraud_types(config)
        self.config = config

    def generate_customers(self, month: str) -> pl.DataFrame:
        """Customers of a month such as ``2024-01``; columns of :class:`fraud_assets.tables.Customers`."""
        return _all(customer_chunks(self.config, self.config.month(month)))

    def generate_device_data(self, month: str) -> pl.DataFrame:
        """Devices and terminals; columns of :class:`fraud_assets.tables.Devices`."""
        return _all(device_chunks(self.config, self.config.month(month)))

    def generate_transactions(self, month: str) -> pl.DataFrame:
        """The whole ledger of a month in memory; columns of :class:`fraud_assets.tables.Transactions`."""
        return _all(transaction_chunks(self.config, self.config.month(month)))

    def iterate_transactions(self, month: str) -> Iterator[pl.DataFrame]:
        """The ledger chunk by chunk, about 200,000 rows each, in order."""
        for chunk in transaction_chunks(self.config, self.config.month(month)):
            yield chunk()

    def generate_labels(self, month: str) -> pl.DataFrame:
        """The truth; columns of :class:`fraud_assets.tables.LabeledAnomalies`."""
        return _all(label_chunks(self.config, self.config.month(month)))


def _transactions(scenario: Scenario, month: Month, units: tuple[int, ...]) -> pl.DataFrame:
    bank = Bank(scenario, units)
    return ledger(bank, _rows(bank, month))


def _rows(bank: Bank, month: Month) -> Intents:
    """All rows of the month in order; a function of its own, so that its parts are gone when the ledger is written."""
    rows = [honest(bank, month), *(emission.rows for _, emission, _ in campaign_rows(bank, month))]
    return in_order(concat(rows), month)


def _labels(scenario: Scenario, month: Month, units: tuple[int, ...]) -> pl.DataFrame:
    return labeled(Bank(scenario, units), month)


def _devices(scenario: Scenario, month: Month, units: tuple[int, ...]) -> pl.DataFrame:
    own = devices.devices_frame(scenario, month, units)
    foreign = actor_devices(Bank(scenario, units), month)
    return pl.concat([own, foreign]).sort("customer_id", "device_id")


def _logins(scenario: Scenario, month: Month, units: tuple[int, ...]) -> pl.DataFrame:
    own = logins(scenario, month, units)
    foreign = actor_logins(Bank(scenario, units), month)
    return pl.concat([own, foreign]).sort("customer_id", "event_time", "login_id")


def _all(parts: list[Chunk]) -> pl.DataFrame:
    return pl.concat([chunk() for chunk in parts])
