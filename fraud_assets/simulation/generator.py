"""The simulation's doors: a month of a table as pure chunk functions, and a class for people without an orchestrator.

A chunk is as many consecutive units of 256 customers as give about 100,000 ledger rows, or 200,000 in months of one to
three million; it is the unit of memory and of parallel work. Chunk functions are pure: they may run in any order, on
any thread, alone. What several of them need they find in caches (``groups.py``, ``told.py``), which make them faster
and change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

import numpy as np
import polars as pl
from pydantic import ValidationError

from fraud_assets.months import REPORT_LOOKBACK, Month
from fraud_assets.scenario import Scenario, ScenarioError
from fraud_assets.simulation import customers, devices, merchants, traits
from fraud_assets.simulation.fraud.equipment import actor_devices, actor_logins
from fraud_assets.simulation.fraud.families import check as check_fraud_types
from fraud_assets.simulation.fraud.plan import campaigns_frame
from fraud_assets.simulation.fraud.reaction import blocked, with_new_cards
from fraud_assets.simulation.fraud.reports import incident_reports
from fraud_assets.simulation.fraud.rows import campaign_rows, carried_out, group_rows
from fraud_assets.simulation.fraud.truth import labeled
from fraud_assets.simulation.groups import begin
from fraud_assets.simulation.honest import beside, honest
from fraud_assets.simulation.intents import Bank, Intents, concat
from fraud_assets.simulation.ledger import in_order, ledger, order, words
from fraud_assets.simulation.logins import logins
from fraud_assets.simulation.streams import UNIT
from fraud_assets.simulation.told import leave

Chunk = Callable[[], pl.DataFrame]

#: Ledger rows in a chunk, about: with two threads, two are being made and two more wait to be written. Part of the
#: bytes of every table.
CHUNK_ROWS = 100_000
#: A ledger of so many chunks is made in half as many of twice the rows. That takes 90 MB more, and a tenth to a fifth
#: less time, since threads hand over to one another half as often. In smaller months each thread would have a chunk or
#: two, and in larger ones the memory is needed for what groups keep.
_DOUBLED = range(8, 33)
_LOGINS_BY = ("customer_id", "event_time", "login_id")
#: How much wider chunks of the tables with few rows a customer are, and those of the labels.
_WIDER, _LABELS_WIDER = 8, 2


def chunks(scenario: Scenario, wider: int = 1) -> list[tuple[int, ...]]:
    """The units of each chunk; ``wider`` times as many as give about :data:`CHUNK_ROWS` rows of the ledger."""
    activity = scenario.activity
    daily = sum(activity.daily_mean) / 2 if activity.daily_mean else float(activity.gamma_mean or 0)
    width = wider * max(1, round(CHUNK_ROWS / (UNIT * daily * 30.4)))
    every = traits.units(scenario)
    count = -(-len(every) // width)
    # Of even size, so that threads that begin together end together; the last one is among the smaller ones, since
    # nothing is made any more while it is written.
    ends = [-(-len(every) * k // count) for k in range(count + 1)]
    return [tuple(every[low:high]) for low, high in pairwise(ends)]


def _ledger_chunks(scenario: Scenario) -> list[tuple[int, ...]]:
    """The units of each chunk of the ledger."""
    every = chunks(scenario)
    return chunks(scenario, 2) if len(every) in _DOUBLED else every


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
    return [partial(_as_text, scenario, make) for make in coded_transaction_chunks(scenario, month)]


def coded_transaction_chunks(scenario: Scenario, month: Month) -> list[Chunk]:
    """``transactions``, with the columns of :func:`transaction_words` as enumerations, which are faster to write."""
    return [partial(_transactions, scenario, month, units) for units in _ledger_chunks(scenario)]


def transaction_words(scenario: Scenario) -> dict[str, pl.Enum]:
    """Columns of ``transactions`` with a word of the scenario a row, and the words there are."""
    return dict(words(scenario))


def label_chunks(scenario: Scenario, month: Month) -> list[Chunk]:
    """``labeled_anomalies``: the truth about every ledger row that is not ordinary, sorted as the ledger is."""
    return [partial(_labels, scenario, month, units) for units in chunks(scenario, _LABELS_WIDER)]


def campaign_chunks(scenario: Scenario, month: Month) -> list[Chunk]:
    """``fraud_campaigns``: the plans alive in the month."""
    return [partial(campaigns_frame, scenario, month)]


_CHUNKS: dict[str, Callable[[Scenario, Month], list[Chunk]]] = {
    "customers": customer_chunks,
    "devices": device_chunks,
    "merchants": merchant_chunks,
    "logins": login_chunks,
    "transactions": transaction_chunks,
    "fraud_campaigns": campaign_chunks,
    "labeled_anomalies": label_chunks,
}


class SyntheticDataGenerator:
    """A bank's tables as frames, without an orchestrator and without files.

    The same scenario gives the same rows, wherever and in whatever order they are made.

    Parameters
    ----------
    config
        The scenario: ``Scenario.load("us_bank")``, or one changed by ``model_copy(update=...)``.

    Raises
    ------
    ScenarioError
        If a value of a changed scenario makes no sense, or a fraud type does not fit its family.
    """

    #: The tables there are.
    tables = (*_CHUNKS, "incident_reports")

    def __init__(self, config: Scenario) -> None:
        _check_values(config)  # model_copy itself checks nothing
        check_fraud_types(config)
        self.config = config

    def generate_customers(self, month: str | None = None) -> pl.DataFrame:
        """Customers of a month; columns of :class:`fraud_assets.tables.Customers`.

        Parameters
        ----------
        month
            Such as ``2024-01``; by default the scenario's first.
        """
        return self.generate("customers", month)

    def generate_device_data(self, month: str | None = None) -> pl.DataFrame:
        """Devices of customers, and terminals, in use by the end of a month, by default the first.

        ``customer_id`` is the first owner's. Columns of :class:`fraud_assets.tables.Devices`.
        """
        return self.generate("devices", month)

    def generate_transactions(self, *months: str) -> pl.DataFrame:
        """The whole ledger of some months in memory, by default of the first.

        Columns of :class:`fraud_assets.tables.Transactions`, rows of a month sorted by (customer_id, event_time,
        transaction_id).
        """
        return self.generate("transactions", *months)

    def generate_labels(self, *months: str) -> pl.DataFrame:
        """The truth about every ledger row that is not ordinary, of some months, by default of the first.

        Columns of :class:`fraud_assets.tables.LabeledAnomalies`.
        """
        return self.generate("labeled_anomalies", *months)

    def generate(self, table: str, *months: str | None) -> pl.DataFrame:
        """Any of :attr:`tables` over some months, by default the first, in memory."""
        return pl.concat(list(self.iterate(table, *months)))

    def iterate(self, table: str, *months: str | None) -> Iterator[pl.DataFrame]:
        """The same piece by piece, in order; of ``transactions`` 100,000 to 200,000 rows each.

        Raises
        ------
        ValueError
            If there is no such table, or a month is not one of the scenario's.
        """
        if table not in self.tables:
            raise ValueError(f"table {table!r} does not exist; there are {', '.join(self.tables)}")
        wanted = [self.config.month(month or self.config.first_month) for month in months or (None,)]
        return (frame for month in wanted for frame in self._pieces(table, month))

    def _pieces(self, table: str, month: Month) -> Iterator[pl.DataFrame]:
        if table == "incident_reports":
            known = [past.key for past in (*month.back(REPORT_LOOKBACK), month) if past >= self.config.first]
            yield incident_reports(self.config, month, self.generate_labels(*known).lazy()).collect()
            return
        for chunk in _CHUNKS[table](self.config, month):
            yield chunk()


def _check_values(config: Scenario) -> None:
    try:
        Scenario.model_validate(config.model_dump())
    except ValidationError as error:
        first = error.errors()[0]
        place, needed = ".".join(map(str, first["loc"])), first["msg"].removeprefix("Value error, ")
        value = f" is {first['input']!r}" if isinstance(first["input"], str | int | float) else ""
        raise ScenarioError(f"scenario {config.name}: {place or 'the whole'}{value}; {needed}") from None


def _transactions(scenario: Scenario, month: Month, units: tuple[int, ...]) -> pl.DataFrame:
    bank = Bank(scenario, units)
    return ledger(bank, _rows(bank, month))


def _as_text(scenario: Scenario, make: Chunk) -> pl.DataFrame:
    return make().with_columns(pl.col(list(words(scenario))).cast(pl.String))


def _rows(bank: Bank, month: Month) -> Intents:
    """All rows of the month in order; a function of its own, so that its parts are gone when the ledger is written."""
    begin(bank, month, group_rows, blocked, beside)
    parts = honest(bank, month)
    leave(bank, month, parts)
    parts.append(with_new_cards(bank, month, campaign_rows(bank, month)))
    return concat(parts, order(parts, month))


def _labels(scenario: Scenario, month: Month, units: tuple[int, ...]) -> pl.DataFrame:
    return labeled(Bank(scenario, units), month)


def _devices(scenario: Scenario, month: Month, units: tuple[int, ...]) -> pl.DataFrame:
    own = devices.devices_frame(scenario, month, units)
    foreign = actor_devices(Bank(scenario, units), month)
    return pl.concat([own, foreign]).sort("customer_id", "device_id")


def _logins(scenario: Scenario, month: Month, units: tuple[int, ...]) -> pl.DataFrame:
    bank = Bank(scenario, units)
    begin(bank, month, carried_out)
    both = pl.concat([logins(scenario, month, units), actor_logins(bank, month)])
    customer, instant, number = (both[column].to_physical().to_numpy() for column in _LOGINS_BY)
    who = np.searchsorted(bank.traits.customer_id, customer)
    return both[in_order(month, who, instant, lambda: number)]
