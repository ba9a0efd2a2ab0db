"""The month as the gates see it: all frauds and a bounded sample of honest rows, with whatever can be joined to them.

What lives here: the truth in small and the joins. What is looked for in them: patterns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from fraud_assets.evaluation.statistics import local_time

#: Honest rows beyond so many are sampled: memory is bounded whatever the month.
MOST_HONEST_ROWS = 400_000
#: Texts of the ledger that have as many values as there are rows or customers; the others are kept as categories.
_NAMES = ("recipient_entity", "ip_address")
Tables = Mapping[str, pl.LazyFrame]


@dataclass(frozen=True)
class Truth:
    """The frauds of a month.

    Attributes
    ----------
    fraud
        transaction_id, fraud_type, campaign_id, actor, half; sorted by type, campaign and id. ``actor`` is who runs the
        campaign, or the campaign where that is not known; ``half`` deals the campaigns of a type in turn.
    rows
        Ledger rows of the month, honest and not.
    """

    fraud: pl.DataFrame
    rows: int

    @property
    def frauds(self) -> int:
        return self.fraud.height

    @classmethod
    def of(cls, tables: Tables) -> Truth:
        """Collect the frauds, which are few."""
        fraud = tables["labeled_anomalies"].filter("is_fraud")
        if "fraud_campaigns" in tables:
            actors = tables["fraud_campaigns"].select("campaign_id", "actor_id").unique("campaign_id")
            fraud = fraud.join(actors, on="campaign_id", how="left")
        else:
            fraud = fraud.with_columns(actor_id=pl.lit(None, pl.Int64))
        found = (
            fraud.select(
                "transaction_id",
                pl.col("fraud_type").cast(pl.String),
                "campaign_id",
                actor=pl.coalesce("actor_id", "campaign_id"),
            )
            .sort("fraud_type", "campaign_id", "transaction_id")
            .with_columns(half=pl.struct("fraud_type", "campaign_id").rle_id() % 2 == 1)
            .collect()
        )
        rows = int(tables["transactions"].select(pl.len()).collect().item())
        return cls(found, rows)


@dataclass(frozen=True)
class Sample:
    """All frauds of a month and some honest rows.

    Attributes
    ----------
    fraud, honest
        The ledger's columns, ``local`` (its time on the clock of the place), those of the truth (null on honest rows,
        but for ``half``) and those joined: ``device.*``, ``owner.*`` (of the device), ``account.*``, ``merchant.*`` and
        ``login.*``.
    ledger
        Names of the ledger's own columns.
    weight
        Ledger rows that each honest row of the sample stands for.
    """

    fraud: pl.DataFrame
    honest: pl.DataFrame
    ledger: tuple[str, ...]
    weight: float

    @property
    def schema(self) -> pl.Schema:
        return self.honest.schema

    @classmethod
    def of(cls, tables: Tables, truth: Truth, most: int | None = None) -> Sample:
        """Draw the sample; an honest row is taken, and dealt into a half, by a hash of its id: always the same rows."""
        share = min(1.0, (most or MOST_HONEST_ROWS) / max(1, truth.rows))
        ledger = tables["transactions"]
        schema = ledger.collect_schema()
        names = tuple(schema.names())
        texts = [name for name, dtype in schema.items() if dtype == pl.String and name not in _NAMES]
        ledger = ledger.with_columns(pl.col(texts).cast(pl.Categorical))
        lot = (pl.col("transaction_id") % 2_147_483_647 * 2_654_435_761) % 2**32
        is_fraud = pl.col("half").is_not_null()
        rows = ledger.join(truth.fraud.lazy(), on="transaction_id", how="left").with_columns(is_fraud=is_fraud)
        if share < 1:
            rows = rows.filter(is_fraud | (lot < int(share * 2**32)))
        rows = rows.with_columns(
            half=pl.col("half").fill_null((lot // 65_536) % 2 == 1), local=local_time().dt.cast_time_unit("us")
        )
        for join in (_with_accounts, _with_devices, _with_merchants):
            rows = join(rows, tables)
        frame = rows.collect(engine="streaming").sort("transaction_id")  # a join may hand over rows in any order
        if "logins" in tables:
            frame = _with_logins(frame, tables["logins"].collect())
        fraud, honest = (frame.filter(chosen).drop("is_fraud") for chosen in ("is_fraud", ~pl.col("is_fraud")))
        return cls(fraud, honest, names, 1 / share)


def _renamed(table: pl.LazyFrame, prefix: str, key: str, drop: tuple[str, ...] = ()) -> pl.LazyFrame:
    schema = {name: dtype for name, dtype in table.collect_schema().items() if name != key and name not in drop}
    return table.select(
        key,
        *(
            (pl.col(n).cast(pl.Categorical) if dtype == pl.String else pl.col(n)).alias(f"{prefix}.{n}")
            for n, dtype in schema.items()
        ),
    )


def _with_accounts(rows: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    if "customers" not in tables:
        return rows
    floats = tuple(name for name, dtype in tables["customers"].collect_schema().items() if dtype.is_float())
    return rows.join(_renamed(tables["customers"], "account", "customer_id", floats), on="customer_id", how="left")


def _with_devices(rows: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """The device's description, and the address of its first owner."""
    if "devices" not in tables or "device_id" not in rows.collect_schema():
        return rows
    rows = rows.join(_renamed(tables["devices"], "device", "device_id", ("merchant_id",)), on="device_id", how="left")
    if "customers" in tables and "address_id" in tables["customers"].collect_schema():
        homes = tables["customers"].select(
            pl.col("customer_id").alias("device.customer_id"), pl.col("address_id").alias("owner.address_id")
        )
        rows = rows.join(homes, on="device.customer_id", how="left")
    return rows


def _with_merchants(rows: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    if "merchants" not in tables or "merchant_id" not in rows.collect_schema():
        return rows
    drop = ("name", "city", "state", "latitude", "longitude")
    return rows.join(_renamed(tables["merchants"], "merchant", "merchant_id", drop), on="merchant_id", how="left")


def _with_logins(frame: pl.DataFrame, logins: pl.DataFrame) -> pl.DataFrame:
    """The account's last login attempt of the month before each row, and failures and changes in the day before it."""
    event = pl.col("event").cast(pl.String)
    log = logins.sort("customer_id", "event_time", "login_id").select(
        "customer_id",
        pl.col("event_time").alias("at"),
        pl.col("event_time").alias("login.event_time"),
        pl.col("login_id").alias("login.login_id"),
        event.alias("login.event"),
        pl.col("is_success").alias("login.is_success"),
        pl.col("device_id").alias("login.device_id"),
        pl.col("ip_address").alias("login.ip_address"),
        (~pl.col("is_success")).cum_sum().over("customer_id").alias("login.failures"),
        (event != "login").cum_sum().over("customer_id").alias("login.changes"),
    )
    rows = frame.select("customer_id", at="event_time").with_row_index("place").sort("customer_id", "at")
    found = rows.join_asof(log, on="at", by="customer_id", check_sortedness=False)
    counts = ("login.failures", "login.changes")
    a_day_before = rows.with_columns(at=pl.col("at") - pl.duration(days=1)).join_asof(
        log.select("customer_id", "at", *counts), on="at", by="customer_id", check_sortedness=False
    )
    found = found.with_columns(pl.col(name) - a_day_before[name].fill_null(0) for name in counts)
    return frame.hstack(found.sort("place").drop("place", "customer_id", "at"))
