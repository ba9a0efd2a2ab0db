"""The gate on give-away values: is there a value or a pattern that one type of fraud nearly owns?

Identities themselves (a device, a payee, a merchant) are not judged by value: that actors return with the same devices
is how networks of fraud are found. What their numbers look like is judged, as are nulls, cents, seconds and prefixes.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from fraud_assets.evaluation.gate import Labels, Result, batches, read

SHARE_LIMIT = 0.5
MINIMUM_ROWS = 20
MINIMUM_CAMPAIGNS = 2

_IDENTITIES = ["transaction_id", "customer_id", "merchant_id", "payee_id", "card_id", "device_id", "terminal_id"]
_VALUES = ["method", "channel", "kind", "direction", "category", "currency", "entry_mode", "city", "state", "country"]
_VALUES += ["status", "decline_reason", "utc_offset_minutes"]


def giveaways(transactions: pl.LazyFrame, labels: Labels) -> Result:
    """Values with 20 or more rows of a fraud type, from two or more campaigns, that make up over half of its rows.

    Honest rows that were sampled away are counted back in.
    """
    found: list[dict[str, Any]] = []
    worst = 0.0
    patterns = _patterns(transactions.collect_schema())
    for columns in batches(patterns):
        frame = read(transactions, labels, list(columns.values()))
        weight = pl.when("is_fraud").then(1.0).otherwise(1 / labels.honest_share)
        for name in columns:
            everyone = frame.group_by(name).agg(rows=weight.sum())
            owned = (
                frame.filter("is_fraud")
                .group_by(name, "fraud_type")
                .agg(frauds=pl.len(), campaigns=pl.col("campaign_id").n_unique())
                .filter((pl.col("frauds") >= MINIMUM_ROWS) & (pl.col("campaigns") >= MINIMUM_CAMPAIGNS))
                .join(everyone, on=name, nulls_equal=True)
                .with_columns(share=pl.col("frauds") / pl.col("rows"))
                .sort("share", "frauds", "fraud_type", descending=[True, True, False])
            )
            shares = owned["share"].to_list()
            worst = max([worst, *shares[:1]])
            found += [
                {
                    "pattern": name,
                    "value": str(row[name]),
                    "fraud_type": row["fraud_type"],
                    "frauds": row["frauds"],
                    "campaigns": row["campaigns"],
                    "share": row["share"],
                }
                for row in owned.filter(pl.col("share") > SHARE_LIMIT).head(5).iter_rows(named=True)
            ]
    found.sort(key=lambda row: (-row["share"], row["pattern"], row["value"]))
    told = "; ".join(
        f"{row['pattern']} = {row['value']} is {row['fraud_type']} in {row['share']:.0%} ({row['frauds']} rows)"
        for row in found[:5]
    )
    return Result(
        name="giveaways",
        passed=not found,
        value=worst,
        limit=f"no value that is over {SHARE_LIMIT:.0%} one type, with {MINIMUM_ROWS} rows from 2 campaigns",
        explanation=told + "." if found else f"The most telling value is one type of fraud in {worst:.0%} of its rows.",
        n=labels.frauds,
        details={"found": found},
    )


def _patterns(schema: pl.Schema) -> dict[str, pl.Expr]:
    """What is looked at, by name; every expression carries its name."""
    missing = pl.concat_str(
        [pl.when(pl.col(name).is_null()).then(pl.lit(name + " ")).otherwise(pl.lit("")) for name in schema.names()]
    )
    cents = (pl.col("amount") * 100).round().cast(pl.Int64)
    patterns: dict[str, pl.Expr] = {
        **{name: pl.col(name).cast(pl.String) for name in _VALUES if name in schema},
        "amount": cents,
        "cents": cents.mod(100),
        "missing columns": missing,
        "channel and missing columns": pl.concat_str(pl.col("channel").cast(pl.String), pl.lit(": "), missing),
        "method and entry mode": pl.concat_str(
            pl.col("method").cast(pl.String), pl.lit(" by "), pl.col("entry_mode").cast(pl.String)
        ),
        "second of the minute": pl.col("event_time").dt.second(),
        "fraction of the second": pl.col("event_time").dt.microsecond(),
        "zeros of the fraction": _zeros(pl.col("event_time").dt.microsecond()),
        "posting delay, hours": (pl.col("posted_at") - pl.col("event_time")).dt.total_hours(),
        "posting delay is zero": pl.col("posted_at") == pl.col("event_time"),
        "first part of the address": pl.col("ip_address").str.extract(r"^(\d+)\."),
        "shape of the recipient": pl.col("recipient_entity").str.replace_all(r"\d", "9").str.replace_all("[a-z]+", "a"),
        "digits of the coordinates": _digits(pl.col("latitude")),
    }
    for name in _IDENTITIES:
        if name in schema:
            text = pl.col(name).cast(pl.String)
            patterns[f"length of {name}"] = text.str.len_chars()
            patterns[f"last digits of {name}"] = pl.col(name) % 100
            # The high bits of a 63-bit number: 128 ranges, into which honest numbers fall as well.
            patterns[f"range of {name}"] = pl.col(name) // 2**56
    return {name: expression.alias(name) for name, expression in patterns.items()}


def _zeros(number: pl.Expr) -> pl.Expr:
    """0 to 3: is the number a multiple of nothing, of 10, of a thousand, or zero (rounded to 10 us, ms, seconds)?"""
    return (number % 10 == 0).cast(pl.Int8) + (number % 1000 == 0).cast(pl.Int8) + (number == 0).cast(pl.Int8)


def _digits(number: pl.Expr) -> pl.Expr:
    """Length of the number as text, which shows how far it was rounded."""
    return number.cast(pl.String).str.len_chars()
