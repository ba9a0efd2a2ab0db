"""A small bank's month from the simulation, and ways to spoil it by hand."""

from __future__ import annotations

from functools import cache

import polars as pl

from fraud_assets.evaluation.gates import Result, judge
from fraud_assets.months import Month
from fraud_assets.proving import tables_of
from fraud_assets.scenario import Scenario

Frames = dict[str, pl.DataFrame]
MONTH = Month(2024, 2)
#: Of a fraud type in the small bank: its share of the frauds.
SHARES = {"account_takeover": 0.35, "card_testing": 0.25, "stolen_card": 0.25, "friendly_fraud": 0.15}


def small_bank(seed: int = 5) -> Scenario:
    """A third of us_bank, paying half as often, with four of its fraud types, and enough of each to be judged."""
    bank = Scenario.load("us_bank")
    types = {name: bank.fraud.types[name].model_copy(update={"share": share}) for name, share in SHARES.items()}
    return bank.model_copy(
        update={
            "name": "small_bank",
            "seed": seed,
            "population": bank.population.model_copy(update={"customers": 300}),
            "activity": bank.activity.model_copy(update={"daily_mean": (4.0, 8.0)}),
            "fraud": bank.fraud.model_copy(update={"types": types, "rate": 0.012}),
        }
    )


@cache
def month_of(seed: int = 5) -> Frames:
    """The tables of a month of the small bank, in which fraud uses what anybody uses."""
    return _equipped_like_anybody({name: t.collect() for name, t in tables_of(small_bank(seed), MONTH).items()})


def _equipped_like_anybody(frames: Frames) -> Frames:
    """Each fraud's address is one that some honest customer has, and its device has been in use for a year."""
    ledger, devices = frames["transactions"], frames["devices"]
    is_fraud = pl.col("transaction_id").is_in(of_type(frames).implode())
    honest, theirs = ledger.filter(~is_fraud), ledger.filter(is_fraud)["device_id"].drop_nulls()
    own = pl.col("device_id").is_in(theirs.filter(~theirs.is_in(honest["device_id"].implode())).implode())
    addresses = honest["ip_address"].drop_nulls().unique(maintain_order=True)
    drawn = pl.lit(addresses.sample(ledger.height, with_replacement=True, seed=1))
    address = pl.when(is_fraud & pl.col("ip_address").is_not_null()).then(drawn).otherwise("ip_address")
    known = pl.when(own).then(pl.col("first_used_at") - pl.duration(days=365)).otherwise("first_used_at")
    return {
        **frames,
        "transactions": ledger.with_columns(ip_address=address),
        "devices": devices.with_columns(first_used_at=known),
    }


def verdicts(frames: Frames, before: Frames | None = None, seed: int = 5) -> dict[str, Result]:
    """What each gate says of the tables."""
    lazy = [None if tables is None else {n: t.lazy() for n, t in tables.items()} for tables in (frames, before)]
    now, earlier = lazy
    assert now is not None
    return {result.name: result for result in judge(small_bank(seed), MONTH, now, earlier)}


def failed(found: dict[str, Result]) -> set[str]:
    return {name for name, result in found.items() if not result.passed}


def of_type(frames: Frames, *fraud_types: str) -> pl.Series:
    """Ids of the types' ledger rows; of all frauds if none is named."""
    fraud = frames["labeled_anomalies"].filter("is_fraud")
    if fraud_types:
        fraud = fraud.filter(pl.col("fraud_type").is_in(fraud_types))
    return fraud["transaction_id"]


def with_frauds(frames: Frames, *fraud_types: str, **values: pl.Expr) -> Frames:
    """The tables with other values in the ledger rows of the types."""
    chosen = pl.col("transaction_id").is_in(of_type(frames, *fraud_types).implode())
    ledger = frames["transactions"]
    changed = ledger.with_columns(
        pl.when(chosen).then(value).otherwise(pl.col(name)).cast(ledger.schema[name]).alias(name)
        for name, value in values.items()
    )
    return {**frames, "transactions": changed}


def without(frames: Frames, gone: pl.Series) -> Frames:
    """The tables without some ledger rows and what is known of them."""
    keep = ~pl.col("transaction_id").is_in(gone.implode())
    return {**frames, **{name: frames[name].filter(keep) for name in ("transactions", "labeled_anomalies")}}
