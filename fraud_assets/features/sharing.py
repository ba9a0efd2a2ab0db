"""Shared entities: which devices, network addresses, payees and addresses of delivery several customers had to do with,
day by day, and the rings that customers form by sharing.

A day's rows say what was known when the day (UTC) began: they are made of ledger rows and logins before it, so a
payment of the day may look them up. Entities of a single customer are not listed; they are most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from fraud_assets.features.arrays import F64, I64, Bool, micros
from fraud_assets.features.context import instant
from fraud_assets.features.lookup import ip_numbers
from fraud_assets.months import Month
from fraud_assets.tables import SharedEntities, conform

#: How far back sharing counts, in days.
SHARED_DAYS = 30
#: A payee connects its senders only if nobody paid it in so many days before those: a landlord or a friend of many has
#: been paid for long, an account that was opened to receive money has not.
KNOWN_DAYS = 30
#: What more customers than this have in common connects nobody: a campus, a tablet in a shop [P].
HUB = 50
#: From what age on reports count, and up to which.
REPORT_DAYS = (7, 83)


def shared_entities(
    month: Month,
    transactions: pl.LazyFrame,
    reports: pl.LazyFrame,
    customers: pl.LazyFrame,
    logins: pl.LazyFrame | None = None,
) -> pl.DataFrame:
    """The shared entities of each day of a month.

    Parameters
    ----------
    transactions
        ``transactions`` of the month and of the three before.
    reports
        ``incident_reports`` of the same months.
    customers
        ``customers`` of the month: who lives at which address, and since when they are customers.
    logins
        ``logins`` of the same months as the transactions; None where the bank has no such table.

    Returns
    -------
    :class:`fraud_assets.tables.SharedEntities`, sorted by (day, kind, entity_id). Memory grows with the entities,
    and with the days of those that customers share, of one kind at a time.
    """
    span = pl.col("event_time").is_between(
        month.start - timedelta(days=SHARED_DAYS + KNOWN_DAYS), month.end, closed="left"
    )
    ledger = transactions.filter(span)
    first = ledger.select(pl.col("event_time").dt.date().min()).collect(engine="streaming").item()
    # Before two months have been seen, everybody's payees look new.
    short = month.days if first is None else (first - month.start.date()).days + SHARED_DAYS + KNOWN_DAYS
    listed, ties = [], []
    # Kind by kind: most of what is found connects nobody, and is forgotten.
    for kind, touches in sorted(_touches(ledger, None if logins is None else logins.filter(span)).items()):
        rows, tied = _of_kind(month, kind, touches, np.arange(month.days) >= short)
        listed.append(rows)
        ties.append(tied)
    homes = customers.select("customer_id", "registered_at", "address_id").collect()
    frauds = reports.filter(pl.col("kind").cast(pl.String) == "fraud").select("customer_id", "reported_at").collect()
    rings = _rings(month, ties, homes, frauds)
    return conform(pl.concat([*listed, rings], how="diagonal"), SharedEntities).sort("day", "kind", "entity_id")


def _of_kind(month: Month, kind: str, touches: pl.LazyFrame, is_long: Bool) -> tuple[pl.DataFrame, _Ties]:
    """The entities of a kind on the days on which they have several customers, and whom they connect."""
    customer, entity_id = pl.col("customer_id"), pl.col("entity_id")
    # First which are shared at all: to know the days of all the others takes several times the memory.
    several = touches.group_by(entity_id).agg(first=customer.min(), last=customer.max())
    several = several.filter(pl.col("first") < pl.col("last")).select(entity_id).collect(engine="streaming").lazy()
    found = touches.join(several, on="entity_id", how="semi").unique().collect(engine="streaming")
    found = found.sort("entity_id", "customer_id", "day")
    shared = _Shared.of(found, month.start.date(), month.days)
    days, entity = np.nonzero(shared.customers_30d.T >= 2)
    rows = pl.DataFrame(
        {
            "kind": pl.repeat(kind, len(days), eager=True),
            "entity_id": found["entity_id"].unique(maintain_order=True).gather(entity),
            "day": _dates(month, days),
            "customers_24h": shared.customers_24h[entity, days],
            "customers_30d": shared.customers_30d[entity, days],
        }
    )
    connects = (shared.customers_30d >= 2) & (shared.customers_30d <= HUB)
    # Networks, and offices and lockers that goods are sent to, connect people who know nothing of one another.
    connects &= kind in ("device", "payee")
    if kind == "payee":
        connects &= ~shared.is_known & is_long
    return rows, shared.tied(connects)


def _dates(month: Month, days: I64) -> pl.Series:
    return pl.Series("day", (month.start.date() - date(1970, 1, 1)).days + days, dtype=pl.Int32).cast(pl.Date)


def _touches(ledger: pl.LazyFrame, logins: pl.LazyFrame | None) -> dict[str, pl.LazyFrame]:
    """Which customer had to do with which entity on which day, by kind of entity; as often as it was."""
    payments = ledger.filter(pl.col("direction").cast(pl.String) == "debit")
    columns = {
        "device": pl.col("device_id"),
        "ip": ip_numbers("ip_address"),
        "payee": pl.col("payee_id"),
        "address": pl.col("delivery_address_id"),
    }
    used = {"device": (payments, logins), "ip": (payments, logins), "payee": (payments,), "address": (payments,)}
    return {
        kind: pl.concat(
            frame.select("customer_id", entity_id=column, day=pl.col("event_time").dt.date())
            for frame in used[kind]
            if frame is not None
        ).drop_nulls("entity_id")
        for kind, column in columns.items()
    }


@dataclass(frozen=True)
class _Shared:
    """How many customers each entity has as of each day of the month, and when each of them counts.

    A customer who had to do with an entity on a day counts from the next day on, for 30 days or until the customer has
    to do with it again: stretches that do not overlap, so that adding them up counts everybody once.
    """

    customers_24h: npt.NDArray[np.int32]  # shape (entities, days)
    customers_30d: npt.NDArray[np.int32]
    is_known: Bool  # somebody had to do with it in the 30 days before those 30
    entity: I64  # of each stretch, shape (stretches,), as the following
    customer_id: I64
    begin: I64  # first day of the month on which it counts
    end: I64  # one past the last

    @classmethod
    def of(cls, touches: pl.DataFrame, start: date, days: int) -> _Shared:
        """From the different touches of a kind, sorted by entity, customer and day."""
        entity = touches["entity_id"].rle_id().cast(pl.Int64).to_numpy()
        customer = touches["customer_id"].to_numpy()
        day = touches["day"].to_physical().to_numpy().astype(np.int64) - (start - date(1970, 1, 1)).days
        is_again = (entity[1:] == entity[:-1]) & (customer[1:] == customer[:-1])
        again = np.append(np.where(is_again, day[1:], days), days)[: len(day)]
        end = np.minimum(day + SHARED_DAYS, again) + 1

        def added(begin: I64, end: I64) -> npt.NDArray[np.int32]:
            """Stretches that hold each day, for each entity."""
            width = days + 1
            at = [entity * width + np.clip(edge, 0, days) for edge in (begin, end)]
            size = (int(entity[-1]) + 1 if len(entity) else 0) * width
            steps = np.bincount(at[0], minlength=size)
            steps -= np.bincount(at[1], minlength=size)
            return steps.reshape(-1, width).cumsum(axis=1, dtype=np.int32)[:, :days]

        old = day + SHARED_DAYS
        return cls(
            customers_24h=added(day + 1, day + 2),
            customers_30d=added(day + 1, end),
            is_known=added(old + 1, old + KNOWN_DAYS + 1) > 0,
            entity=entity,
            customer_id=customer,
            begin=day + 1,
            end=end,
        )

    def tied(self, connects: Bool) -> _Ties:
        """What is needed of the entities that connect their customers on some day, shape (entities, days)."""
        rows = np.flatnonzero(np.logical_or.reduce(connects, axis=1)[self.entity])
        return _Ties(connects, self.entity[rows], self.customer_id[rows], self.begin[rows], self.end[rows])


@dataclass(frozen=True)
class _Ties:
    """Entities that connect customers: on which days, and the stretches of those that do on any."""

    connects: Bool  # shape (entities, days)
    entity: I64
    customer_id: I64
    begin: I64
    end: I64

    def of_day(self, day: int) -> tuple[I64, I64]:
        """Who is tied to what, as customers and entities."""
        counts = (self.begin <= day) & (day < self.end) & self.connects[self.entity, day]
        return self.customer_id[counts], self.entity[counts]


def _rings(month: Month, ties: Sequence[_Ties], homes: pl.DataFrame, frauds: pl.DataFrame) -> pl.DataFrame:
    """The customers of rings of two or more as of each of the month's days, with size and share of reported ones."""
    first = (month.start.date() - date(1970, 1, 1)).days
    joined = homes["registered_at"].to_physical().to_numpy().astype(np.int64) - first
    resident = homes["customer_id"].to_numpy()
    _, home = np.unique(homes["address_id"].to_numpy(), return_inverse=True)
    reported_at = (frauds["reported_at"].to_physical().to_numpy() - instant(month.start)) / micros("1d")
    reported = frauds["customer_id"].to_numpy()
    found = []
    for day in range(month.days):
        lives = joined < day
        together = np.bincount(home[lives], minlength=len(home))[home]
        lives &= (together >= 2) & (together <= HUB)
        tied = [*(part.of_day(day) for part in ties), (resident[lives], home[lives])]
        people, ring = _components(tied)
        is_known = (reported_at >= day - REPORT_DAYS[1]) & (reported_at < day - REPORT_DAYS[0])
        is_reported = np.isin(people, reported[is_known])
        members: I64 = np.bincount(ring)[ring]
        share: F64 = np.bincount(ring, is_reported)[ring] / members
        found.append((np.full(len(people), day), people, members, share))
    days, customers, sizes, shares = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return pl.DataFrame(
        {
            "kind": pl.repeat("customer", len(customers), eager=True),
            "entity_id": customers,
            "ring_size": sizes,
            "ring_known_fraud_share": shares,
            "day": _dates(month, days),
        }
    )


def _components(tied: Sequence[tuple[I64, I64]]) -> tuple[I64, I64]:
    """The different customers in order, and the component of each where customers of one thing of a kind are connected.

    The kinds come one after the other, each as customers and their things.
    """
    people, person = np.unique(np.concatenate([customers for customers, _ in tied]), return_inverse=True)
    nodes, size = [], len(people)
    for _, things in tied:
        different, node = np.unique(things, return_inverse=True)
        nodes.append(size + node)
        size += len(different)
    node = np.concatenate(nodes)
    links = coo_array((np.ones(len(node), dtype=np.int8), (person, node)), shape=(size, size))
    return people, connected_components(links, directed=False)[1][: len(people)]
