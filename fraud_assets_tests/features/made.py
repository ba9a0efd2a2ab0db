"""Random tables that conform to the lake's: ties, gaps, window edges, refunds, declines, late postings, nulls."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.codes import CARD_TYPES, CHANNELS, DECLINE_REASONS, ENTRY_MODES, LOGIN_EVENTS, STATUSES
from fraud_assets.months import Month
from fraud_assets.tables import (
    Customers,
    Devices,
    IncidentReports,
    Logins,
    Merchants,
    Transactions,
    conform,
    polars_schema,
)

#: A month with the shortest three months before it (89 days).
MAY = Month(2025, 5)
#: Lengths of windows in minutes: events exactly that far apart stand on a window's edge.
EDGES = np.array([1, 5, 60, 360, 1440, 7 * 1440, 30 * 1440, 77 * 1440, 84 * 1440])
PLACES = [
    ("Springfield", "IL", "US", 39.8, -89.6),
    ("Springfield", "MA", "US", 42.1, -72.6),
    ("Chicago", "IL", "US", 41.9, -87.6),
    ("Seattle", "WA", "US", 47.6, -122.3),
    ("Toronto", "ON", "CA", 43.7, -79.4),
]
CATEGORIES = ["Grocery", "Coffee", "Electronics", "Person-to-Person", "Rent"]
#: As a user's file may have them: not all are addresses of the fourth version.
IPS = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "203.0.113.77", "2001:db8::1"]
#: Names of payees; some are one slip apart.
PAYEES = {
    9001: "user_1234567890",
    9002: "user_1234567809",
    9003: "user_1234567891",
    9004: "user_5550001111",
    9005: "Mum",
}
#: Devices of several customers, beside everybody's own.
COMMON_DEVICES = [7001, 7002, 7003]
AMOUNTS = [1.0, 4.5, 9.99, 100.0, 300.0, 450.0, 499.99, 500.0, 950.0]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def random_times(rng: np.random.Generator, rows: int, start: datetime, end: datetime) -> npt.NDArray[np.int64]:
    """Minutes since 1970: a few busy days and long gaps; some rows tie, some stand exactly a window apart."""
    first, last = ((at - _EPOCH) // timedelta(minutes=1) for at in (start, end))
    busy = rng.integers(first, last, max(rows // 12, 1))
    times = busy[rng.integers(0, len(busy), rows)] + rng.integers(0, rng.choice([4, 600, 2 * 1440], rows))
    times = np.where(rng.random(rows) < 0.3, rng.integers(first, last, rows), times)
    edge = rng.random(rows) < 0.3
    other = times[rng.integers(0, rows, rows)]
    times = np.where(edge, other + EDGES[rng.integers(0, len(EDGES), rows)] * rng.integers(0, 2, rows), times)
    return first + (times - first) % (last - first)


def random_ledger(rng: np.random.Generator, customers: int, rows: int, start: datetime, end: datetime) -> pl.DataFrame:
    """``rows`` rows of ``customers`` customers, conforming to ``tables.Transactions`` in types and order."""

    def chosen(values: list[str], weights: list[float] | None = None) -> pl.Series:
        return pl.Series(values, dtype=pl.String).gather(rng.choice(len(values), rows, p=weights))

    time = random_times(rng, rows, start, end) * 60_000_000
    is_credit = rng.random(rows) < 0.2
    credit = chosen(["income", "refund", "reversal"])
    debit = chosen(["purchase", "bill", "transfer", "withdrawal"], [0.6, 0.1, 0.25, 0.05])
    customer = rng.integers(0, customers, rows)
    channel = chosen(CHANNELS)
    place = rng.choice(len(PLACES), rows, p=[0.4, 0.1, 0.3, 0.1, 0.1])
    status = chosen(STATUSES, [0.75, 0.2, 0.05])
    late = np.where(rng.random(rows) < 0.3, rng.choice([60, 1440, 3 * 1440, 29 * 1440, 30 * 1440, 40 * 1440], rows), 0)
    late -= np.where(rng.random(rows) < 0.05, 30, 0)  # a user's file may date a posting before its payment
    merchant = pl.Series(5_000 + rng.choice(6, rows, p=[0.7, 0.1, 0.05, 0.05, 0.05, 0.05]))
    amount = np.where(
        rng.random(rows) < 0.6, rng.choice(AMOUNTS, rows), np.round(rng.lognormal(3, 1.5, rows), 2) + 0.01
    )
    amount = np.where(rng.random(rows) < 0.03, amount * 400, amount)
    noise = rng.normal(0, 0.02, (2, rows)).round(4)
    frame = pl.DataFrame(
        dict.fromkeys(polars_schema(Transactions))
        | {
            "transaction_id": rng.permutation(rows * 3)[:rows],
            "customer_id": 1_000 + 7 * customer,
            "event_time": time,
            "utc_offset_minutes": rng.choice([-300, -360, 330], rows, p=[0.6, 0.3, 0.1]),
            "posted_at": time + late * 60_000_000,
            "method": chosen(["Credit Card", "Bank Transfer"]),
            "channel": channel,
            "kind": pl.select(pl.when(pl.lit(is_credit)).then(credit).otherwise(debit)).to_series(),
            "direction": pl.Series(["debit", "credit"]).gather(is_credit.astype(np.int64)),
            "category": chosen(CATEGORIES, [0.4, 0.25, 0.15, 0.15, 0.05]),
            "amount": np.round(amount, 2),
            "currency": "USD",
            "recipient_entity": "somebody",
            "payee_id": pl.Series(list(PAYEES)).gather(rng.integers(0, len(PAYEES), rows)),
            "merchant_id": merchant.set(pl.Series(rng.random(rows) < 0.2), None),
            "entry_mode": chosen(ENTRY_MODES),
            "card_type": chosen(CARD_TYPES).set(pl.Series(rng.random(rows) < 0.4), None),
            "device_id": random_device_ids(rng, customer).set(pl.Series(rng.random(rows) < 0.1), None),
            "ip_address": chosen(IPS),
            "city": pl.Series([p[0] for p in PLACES]).gather(place),
            "state": pl.Series([p[1] for p in PLACES]).gather(place),
            "country": pl.Series([p[2] for p in PLACES]).gather(place),
            "latitude": np.array([p[3] for p in PLACES])[place] + noise[0],
            "longitude": np.array([p[4] for p in PLACES])[place] + noise[1],
            "status": status,
            "decline_reason": pl.select(pl.when(status == "declined").then(pl.lit(DECLINE_REASONS[0]))).to_series(),
            "original_transaction_id": None,
        }
    )
    nowhere = pl.Series(rng.random(rows) < 0.05)  # a user's file may not know where
    goes_out = (pl.col("channel") == "online") & (pl.col("kind") == "purchase")
    frame = frame.with_columns(
        delivery_address_id=pl.when(goes_out).then(pl.Series(rng.integers(0, 8, rows))),
        is_express_delivery=pl.when(goes_out).then(pl.Series(rng.random(rows) < 0.3)),
    )
    frame = frame.with_columns(
        pl.when(nowhere).then(None).otherwise(pl.col(name)).alias(name) for name in ("latitude", "longitude", "city")
    )
    to_payee = (pl.col("kind") == "transfer") | ((pl.col("kind") == "income") & (pl.col("amount") != 100))
    frame = frame.with_columns(
        pl.when(pl.col("channel") != "card_present").then(pl.col("device_id", "ip_address")),
        pl.when(~to_payee).then("merchant_id"),
        pl.when(to_payee).then("payee_id"),
        recipient_entity=pl.when(to_payee)
        .then(pl.col("payee_id").replace_strict(PAYEES, return_dtype=pl.String))
        .otherwise("recipient_entity"),
    )
    return conform(_in_utc(frame, "event_time", "posted_at"), Transactions).sort(
        "customer_id", "event_time", "transaction_id"
    )


def random_customers(rng: np.random.Generator, customers: int) -> pl.DataFrame:
    """Customers on file; now and then one of them is not."""
    on_file = np.flatnonzero(rng.random(customers) < 0.9)
    n = len(on_file)
    place = rng.integers(0, len(PLACES), n)
    others = {
        name: pl.repeat(pl.Series([1 if dtype.is_numeric() else "x"]).cast(dtype)[0], n, dtype=dtype, eager=True)
        for name, dtype in polars_schema(Customers).items()
        if dtype.is_numeric() or dtype == pl.String
    }
    frame = pl.DataFrame(others).with_columns(
        customer_id=1_000 + 7 * pl.Series(on_file),
        registered_at=pl.Series([date(2020, 2, 29), date(2025, 3, 1), date(2025, 5, 2)]).gather(rng.integers(0, 3, n)),
        address_id=pl.Series(rng.integers(0, 6, n)),
        kyc_level=pl.Series(["none", "basic", "full", "unheard of"], dtype=pl.String).gather(rng.integers(0, 4, n)),
        kyc_status=pl.Series(["verified", "pending"], dtype=pl.String).gather(rng.choice(2, n, p=[0.7, 0.3])),
        home_city=pl.Series([p[0] for p in PLACES], dtype=pl.String).gather(place),
        home_state=pl.Series([p[1] for p in PLACES], dtype=pl.String).gather(place),
        home_country=pl.Series([p[2] for p in PLACES], dtype=pl.String).gather(place),
        home_latitude=np.array([p[3] for p in PLACES])[place],
        home_longitude=np.array([p[4] for p in PLACES])[place],
        payday=pl.Series(rng.choice([1, 15, 30, 31], n), dtype=pl.Int8).set(pl.Series(rng.random(n) < 0.1), None),
    )
    return conform(frame, Customers)


def random_device_ids(rng: np.random.Generator, customer: npt.NDArray[np.int64]) -> pl.Series:
    """A device for each: mostly one of two of the customer's own."""
    n = len(customer)
    own = 5_000 + 10 * customer + rng.integers(0, 2, n)
    return pl.Series(np.where(rng.random(n) < 0.7, own, rng.choice(COMMON_DEVICES, n)))


def random_logins(rng: np.random.Generator, customers: int, rows: int, start: datetime, end: datetime) -> pl.DataFrame:
    """Logins and changes of credentials, successful or not, in no order."""
    n = max(rows, 1)
    customer = rng.integers(0, customers, n)
    frame = pl.DataFrame(
        dict.fromkeys(polars_schema(Logins))
        | {
            "login_id": rng.permutation(n),
            "customer_id": 1_000 + 7 * customer,
            "event_time": random_times(rng, n, start, end) * 60_000_000,
            "event": pl.Series(LOGIN_EVENTS).gather(rng.choice(4, n, p=[0.7, 0.1, 0.1, 0.1])),
            "is_success": rng.random(n) < 0.6,
            "device_id": random_device_ids(rng, customer),
            "ip_address": pl.Series(IPS).gather(rng.integers(0, len(IPS), n)),
        }
    )
    return conform(_in_utc(frame, "event_time"), Logins)


def random_devices(rng: np.random.Generator, customers: int) -> pl.DataFrame:
    """Devices as of the end of April: own ones, common ones with the first customer for owner, and a terminal."""
    own = np.array([5_000 + 10 * k + j for k in range(customers) for j in range(2)])
    ids = np.concatenate([own, COMMON_DEVICES, [8_000]])
    owner = np.concatenate([1_000 + 7 * ((own - 5_000) // 10), [1_000] * (len(COMMON_DEVICES) + 1)])
    is_terminal = pl.Series(ids == 8_000)
    n = len(ids)
    age = rng.choice([1, 30, 700], n) * 1440 + rng.integers(0, 1000, n)
    frame = pl.DataFrame(
        dict.fromkeys(polars_schema(Devices))
        | {
            "device_id": ids,
            "customer_id": pl.Series(owner).set(is_terminal, None),
            "kind": pl.Series(["phone"] * (n - 1) + ["terminal"]),
            "app_version": pl.Series(rng.choice(["4.1", "4.2", "5.0"], n)).set(is_terminal, None),
            "first_used_at": ((MAY.start - _EPOCH) // timedelta(minutes=1) - age) * 60_000_000,
        }
    ).with_columns(pl.when(pl.Series(rng.random(n) < 0.8)).then("app_version"))
    frame = frame.filter(pl.Series(rng.random(n) < 0.8) | is_terminal)  # some come into use in May
    return conform(_in_utc(frame, "first_used_at"), Devices)


def random_merchants(rng: np.random.Generator) -> pl.DataFrame:
    """The merchants of the ledger but one."""
    frame = pl.DataFrame(
        dict.fromkeys(polars_schema(Merchants))
        | {
            "merchant_id": np.arange(5_000, 5_005),
            "reputation": rng.random(5).round(3),
            "opened_on": pl.Series([date(2019, 1, 1), date(2025, 5, 10), date(2025, 5, 1)]).gather(
                rng.integers(0, 3, 5)
            ),
        }
    )
    return conform(frame, Merchants)


def random_reports(rng: np.random.Generator, ledger: pl.DataFrame, share: float = 0.15) -> pl.DataFrame:
    """Reports on some rows, minutes to months later, some of them not about fraud."""
    frame = ledger.filter(pl.Series(rng.random(ledger.height) < share))
    n = frame.height
    delay = rng.choice([0, 60, 1440, 7 * 1440, 30 * 1440], n) + rng.integers(0, 3, n)
    frame = frame.with_columns(
        reported_at=pl.col("event_time") + pl.Series(delay * 60_000_000).cast(pl.Duration("us")),
        kind=pl.Series(["fraud", "duplicate"], dtype=pl.String).gather(rng.choice(2, n, p=[0.8, 0.2])),
        reported_type=pl.lit("stolen_card"),
        source=pl.lit("customer"),
    )
    return conform(frame, IncidentReports)


def _in_utc(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    return frame.with_columns(pl.col(name).cast(pl.Datetime("us", "UTC")) for name in names)
