"""A small bank drawn column by column, of which everything that a portrait should find is known.

Sixty customers in two cities, seven hours behind UTC, pay ten times a day in February and March: at counters by day,
and with an app, partly in tokens. One type of fraud runs in March, with one campaign that began in February.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import date

import numpy as np
import polars as pl

from fraud_assets.evaluation.portrait import Sitter, Tables
from fraud_assets.months import Month
from fraud_assets.tables import TABLES, conform, polars_schema

FEBRUARY, MARCH = Month(2024, 2), Month(2024, 3)
SITTER = Sitter(
    bank="A bank",
    month=MARCH,
    holidays=(("Equinox", date(2024, 3, 20), date(2024, 3, 20)),),
    earlier=(FEBRUARY,),
    known_until=MARCH.end,
)
CUSTOMERS, A_DAY, OFFSET = 60, 10, -420
CITIES = {"Phoenix": ("AZ", 33.4, -112.1), "Tucson": ("AZ", 32.2, -110.9)}
#: Everybody is paid on one of these days and pays twice as often on it.
PAYDAYS = (10, 20)
FRAUD_ROWS, FRAUD_VICTIMS = 40, 4
#: Half of the frauds are reported so many days later, the others never.
DELAY_DAYS = 5


def tables(month: Month = MARCH, earlier: tuple[Month, ...] = (FEBRUARY,)) -> Tables:
    """The lake's tables of the month and of the earlier ones."""
    months = {one: _month(one) for one in (*earlier, month)}
    ledger, labels = months[month]
    before = [months[one] for one in earlier] or [(ledger.head(0), labels.head(0))]
    everything = pl.concat([label for _, label in (*before, months[month])])
    return Tables(
        transactions=ledger.lazy(),
        labeled_anomalies=labels.lazy(),
        fraud_campaigns=_campaigns().lazy(),
        customers=_customers().lazy(),
        devices=_devices().lazy(),
        incident_reports=_reports(everything, month).lazy(),
        earlier_transactions=pl.concat([one for one, _ in before]).lazy(),
        earlier_anomalies=pl.concat([one for _, one in before]).lazy(),
    )


def emptied(found: Tables, *names: str) -> Tables:
    """The tables, some of them (all, if none is named) without rows."""
    fields = names or [field.name for field in dataclasses.fields(found)]
    return dataclasses.replace(found, **{name: getattr(found, name).clear() for name in fields})


def _filled(table: str, columns: Mapping[str, object]) -> pl.DataFrame:
    """The table's columns; those that are not given are null."""
    schema = TABLES[table]
    absent = {name: pl.lit(None, dtype=dtype) for name, dtype in polars_schema(schema).items() if name not in columns}
    return conform(pl.DataFrame(columns).with_columns(**absent), schema)


def _instants(month: Month, local_day: np.ndarray, local_second: np.ndarray) -> pl.Series:
    """UTC instants of local days (0 = the first) and seconds."""
    start = int(month.start.timestamp()) * 1_000_000
    local = start + (local_day.astype(np.int64) * 86_400 + local_second) * 1_000_000
    return pl.Series("event_time", local - OFFSET * 60_000_000).cast(pl.Datetime("us", "UTC"))


def _month(month: Month) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Ledger and truth of a month. The month is cut in UTC as in the lake: its last local day ends at 17 o'clock."""
    rng = np.random.default_rng(month.index)
    customer, day = (grid.ravel() for grid in np.meshgrid(np.arange(CUSTOMERS), np.arange(month.days), indexing="ij"))
    often = np.where(day + 1 == np.array(PAYDAYS)[customer % 2], 2 * A_DAY, A_DAY)
    customer, day = np.repeat(customer, often), np.repeat(day, often)
    rows = len(customer)
    app = rng.random(rows) < 0.3
    # Counters are open from 8 to 18, the app is used at any hour.
    second = np.where(app, rng.integers(0, 86_400, rows), rng.integers(8 * 3600, 18 * 3600, rows))
    merchant = np.where(rng.random(rows) < 0.8, customer * 10 + rng.integers(0, 3, rows), rng.integers(600, 900, rows))
    amount = np.exp(rng.normal(3, 0.8, rows)).round(2)
    amount[rng.random(rows) < 0.2] = 20.0
    where = np.array(list(CITIES))[np.where(rng.random(rows) < 0.9, customer % 2, 1 - customer % 2)]
    ledger = {
        "transaction_id": np.arange(rows) + month.index * 1_000_000,
        "customer_id": customer,
        "event_time": _instants(month, day, second),
        "amount": np.maximum(amount, 0.01),
        "status": np.where(rng.random(rows) < 0.04, "declined", "approved"),
        "merchant_id": merchant,
        "app": app,
        "city": where,
    }
    frame = pl.DataFrame(ledger)
    fraud = _fraud(month)
    both = pl.concat(
        [frame.with_columns(is_fraud=False), fraud.select(*frame.columns, is_fraud=True)], how="vertical_relaxed"
    )
    both = both.filter((pl.col("event_time") >= month.start) & (pl.col("event_time") < month.end))
    app_used = both["app"].to_numpy()
    places = [CITIES[city] for city in both["city"]]
    complete = _filled(
        "transactions",
        {
            **{name: both[name] for name in frame.columns if name != "app"},
            "utc_offset_minutes": np.full(both.height, OFFSET),
            "posted_at": both["event_time"],
            "method": np.where(app_used, "Wallet", "Card"),
            "channel": np.where(app_used, "app", "card_present"),
            "kind": np.full(both.height, "purchase"),
            "direction": np.full(both.height, "debit"),
            "category": np.where(app_used, "Gaming", "Grocery"),
            "currency": np.where(app_used & (both["customer_id"].to_numpy() % 3 == 0), "ETH", "USD"),
            "recipient_entity": [f"Shop <{merchant % 40}>" for merchant in both["merchant_id"]],
            "entry_mode": np.where(app_used, "wallet", "chip"),
            "device_id": pl.Series(
                [c if a else None for c, a in zip(both["customer_id"], app_used, strict=True)], dtype=pl.Int64
            ),
            "terminal_id": pl.Series([None if a else 1 for a in app_used], dtype=pl.Int64),
            "state": [state for state, _, _ in places],
            "country": np.full(both.height, "US"),
            "latitude": [north for _, north, _ in places],
            "longitude": [east for _, _, east in places],
            "decline_reason": pl.Series(
                ["technical" if s == "declined" else None for s in both["status"]], dtype=pl.String
            ),
        },
    )
    return complete.sort("customer_id", "event_time", "transaction_id"), _labels(complete, fraud)


def _fraud(month: Month) -> pl.DataFrame:
    """Ten rows each of four victims from noon of a day on; the campaign of March has begun on the last of February."""
    number = np.arange(FRAUD_ROWS)
    day = np.full(FRAUD_ROWS, 14) if month == MARCH else np.full(FRAUD_ROWS, month.days - 2)
    return pl.DataFrame(
        {
            "transaction_id": number + month.index * 1_000_000 + 900_000,
            "customer_id": number % FRAUD_VICTIMS,
            "event_time": _instants(month, day, 12 * 3600 + number * 60),
            "amount": 300.0 + number,
            "status": ["declined" if k % 10 == 0 else "approved" for k in number],
            "merchant_id": 700 + number % 2,
            "app": [True] * FRAUD_ROWS,
            "city": ["Phoenix"] * FRAUD_ROWS,
            "campaign_id": np.full(FRAUD_ROWS, 77),
        }
    )


def _labels(ledger: pl.DataFrame, fraud: pl.DataFrame) -> pl.DataFrame:
    """The frauds, and every hundredth honest row as their look-alike and an anomaly."""
    stolen = ledger.join(fraud.select("transaction_id", "campaign_id"), on="transaction_id", how="inner")
    alike = ledger.join(fraud, on="transaction_id", how="anti").gather_every(100)
    shared = ("transaction_id", "customer_id", "event_time", "amount", "status", "merchant_id", "payee_id", "device_id")
    flags = dict.fromkeys(
        ("is_accident_burst", "is_high_amount_accident", "is_mistyped_entity_accident", "is_false_report"), False
    )
    parts = [
        stolen.select(
            *shared,
            campaign_id="campaign_id",
            is_fraud=True,
            fraud_type=pl.lit("stolen_card"),
            fraud_severity=pl.lit("high"),
            fraud_evidence=pl.lit(json.dumps({"gap_minutes": 1})),
            anomaly_type=pl.lit("amount"),
            lookalike_of=pl.lit(None, pl.String),
        ),
        alike.select(
            *shared,
            campaign_id=pl.lit(None, pl.Int64),
            is_fraud=False,
            fraud_type=pl.lit(None, pl.String),
            fraud_severity=pl.lit(None, pl.String),
            fraud_evidence=pl.lit(None, pl.String),
            anomaly_type=pl.lit("geographic"),
            lookalike_of=pl.lit("stolen_card"),
        ),
    ]
    columns = pl.concat(parts).with_columns(**{name: pl.lit(value) for name, value in flags.items()})
    return _filled("labeled_anomalies", columns.to_dict())


def _reports(labels: pl.DataFrame, month: Month) -> pl.DataFrame:
    """Every second fraud is reported ``DELAY_DAYS`` later, as far as that is before the month's end."""
    told = labels.filter("is_fraud", pl.col("transaction_id") % 2 == 0).with_columns(
        reported_at=pl.col("event_time") + pl.duration(days=DELAY_DAYS)
    )
    told = told.filter(pl.col("reported_at") < month.end)
    shared = ("transaction_id", "event_time", "customer_id", "merchant_id", "payee_id", "device_id", "reported_at")
    filed = told.select(*shared, kind=pl.lit("fraud"), reported_type=pl.lit("other"), source=pl.lit("customer"))
    return _filled("incident_reports", filed.to_dict())


def _campaigns() -> pl.DataFrame:
    return _filled(
        "fraud_campaigns",
        {
            "campaign_id": [77],
            "fraud_type": ["stolen_card"],
            "actor_id": [1],
            "starts_at": [FEBRUARY.start],
            "ends_at": [MARCH.end],
            "skill": ["mid"],
            "victims": [FRAUD_VICTIMS],
            "planned_rows": [2 * FRAUD_ROWS],
            "parameters": [json.dumps({"gap_minutes": [1, 2], "<b>": True})],
        },
    )


def _customers() -> pl.DataFrame:
    number = np.arange(CUSTOMERS)
    homes = [list(CITIES)[k % 2] for k in number]
    return _filled(
        "customers",
        {
            "customer_id": number,
            "age_group": np.where(number < 30, "18-24", "65-74"),
            "income_bracket": np.where(number % 3 == 0, "low", "high"),
            "annual_income": np.where(number % 3 == 0, 20_000.0, 90_000.0),
            "home_city": homes,
            "home_state": ["AZ"] * CUSTOMERS,
            "home_country": ["US"] * CUSTOMERS,
            "home_latitude": [CITIES[home][1] for home in homes],
            "home_longitude": [CITIES[home][2] for home in homes],
            "digital_savviness": np.where(number % 2 == 0, "low", "high"),
            "preferred_categories": ["Grocery;Fuel"] * CUSTOMERS,
            "preferred_methods": ["Wallet"] * CUSTOMERS,
            "payday": np.array(PAYDAYS)[number % 2],
        },
    )


def _devices() -> pl.DataFrame:
    return _filled("devices", {"device_id": np.arange(CUSTOMERS), "kind": ["phone"] * CUSTOMERS})
