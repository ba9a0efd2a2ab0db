"""Who pays how: does behaviour follow age, income, digital habits and the clock?"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from fraud_assets.codes import DEVICE_KINDS
from fraud_assets.evaluation.portrait.rows import (
    CHOSEN,
    PAID,
    cents,
    collect,
    in_order,
    is_kind,
    month_ledger,
    share,
    summable,
)
from fraud_assets.evaluation.portrait.subject import Tables

_PARTS_OF_DAY = {"night 0-5": (0, 5), "morning 5-11": (5, 11), "midday 11-15": (11, 15), "afternoon 15-18": (15, 18)}
_PARTS_OF_DAY |= {"evening 18-22": (18, 22), "late 22-24": (22, 24)}
_LEVELS = ["low", "medium", "high"]
#: Fewer customers than this make no group of an analysis of variance.
_ENOUGH = 3


def profiles(tables: Tables) -> dict[str, Any]:
    """Honest payments by traits of who pays: tables of shares, each with Cramér's V, and the variance by income."""
    honest = month_ledger(tables).filter(~pl.col("is_fraud"), is_kind(*PAID))
    people = tables.customers.select("customer_id", "age_group", "income_bracket", "annual_income", "digital_savviness")
    known = honest.join(people, on="customer_id", how="inner")
    kinds = tables.devices.select("device_id", device=pl.col("kind").cast(pl.String))
    with_device = known.join(kinds, on="device_id", how="left").with_columns(
        device=pl.col("device").fill_null(
            pl.when(pl.col("terminal_id").is_not_null()).then(pl.lit("terminal")).otherwise(pl.lit("not on record"))
        )
    )
    part = pl.lit(None, dtype=pl.String)
    for name, (begin, end) in _PARTS_OF_DAY.items():
        part = pl.when(pl.col("hour").is_between(begin, end, closed="left")).then(pl.lit(name)).otherwise(part)
    return {
        "age_method": _crossed(known, "age_group", "method"),
        "savviness_channel": _crossed(known, "digital_savviness", "channel", _LEVELS),
        "savviness_device": _crossed(with_device, "digital_savviness", "device", _LEVELS, DEVICE_KINDS),
        "time_channel": _crossed(
            honest.filter(is_kind(*CHOSEN)).with_columns(part_of_day=part),
            "part_of_day",
            "channel",
            list(_PARTS_OF_DAY),
        ),
        "income_amount": _income(known),
        "preferences": _preferences(tables, honest),
    }


def _crossed(
    rows: pl.LazyFrame, down: str, across: str, order: list[str] | None = None, columns: list[str] | None = None
) -> dict[str, Any] | None:
    """Rows of ``down`` by ``across``: shares of each row, and Cramér's V.

    V is 0 where the row tells nothing of the column, and 1 where it tells all.
    """
    cells = collect(rows.group_by(pl.col(down).cast(pl.String), pl.col(across).cast(pl.String)).agg(rows=pl.len()))
    cells = cells.drop_nulls()
    if cells.is_empty():
        return None
    lines = in_order(cells[down].to_list(), order or [])
    sizes = cells.group_by(across).agg(pl.col("rows").sum()).sort("rows", across, descending=[True, False])
    heads = in_order(cells[across].to_list(), columns or sizes[across].to_list())
    counts = np.zeros((len(lines), len(heads)))
    for line, head, n in cells.iter_rows():
        counts[lines.index(line), heads.index(head)] = n
    return {
        "down": lines,
        "across": heads,
        "rows": counts.sum(axis=1),
        "shares": counts / counts.sum(axis=1, keepdims=True),
        "v": _cramers_v(counts),
    }


def _cramers_v(counts: np.ndarray[Any, np.dtype[np.float64]]) -> float | None:
    total = counts.sum()
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / total
    smaller = min(counts.shape) - 1
    return float(np.sqrt(((counts - expected) ** 2 / expected).sum() / total / smaller)) if smaller else None


def _income(known: pl.LazyFrame) -> dict[str, Any] | None:
    """Analysis of variance of log amounts by income bracket.

    Amounts are set against what others pay in the same category and currency, and averaged by customer: payments of
    one person are no independent draws, and the rich also buy other things.
    """
    from scipy.stats import f as f_distribution

    sums = collect(
        known.group_by("customer_id", "income_bracket", "annual_income", "category", "currency").agg(
            rows=pl.len(),
            log=summable(pl.col("amount").log()).sum(),
            spent=cents().filter(pl.col("direction") == "debit", pl.col("status") != "declined").sum(),
        )
    )
    if sums.is_empty():
        return None
    # Declared incomes are in the currency that is used most.
    sizes = sums.group_by("currency").agg(pl.col("rows").sum()).sort("rows", "currency", descending=[True, False])
    own = pl.col("currency") == sizes["currency"][0]
    usual = pl.col("log").sum().over("category", "currency") / pl.col("rows").sum().over("category", "currency")
    each = (
        sums.sort("customer_id", "category", "currency")
        .with_columns(over=summable(pl.col("log") - pl.col("rows") * usual))
        .group_by("customer_id", "income_bracket", income="annual_income", maintain_order=True)
        .agg(
            over=pl.col("over").sum() / pl.col("rows").sum(),
            typical=(pl.col("log").filter(own).sum() / pl.col("rows").filter(own).sum()).exp(),
            spent=pl.col("spent").filter(own).sum() / 100,
        )
        .with_columns(summable(pl.col("over")))
    )
    groups = (
        each.group_by("income_bracket")
        .agg(
            customers=pl.len(),
            lowest=pl.col("income").min(),
            times=pl.col("over").mean().exp(),
            mean=pl.col("over").mean(),
            within=summable((pl.col("over") - pl.col("over").mean()) ** 2).sum(),
            typical=pl.col("typical").drop_nans().median(),
            of_income=(pl.col("spent") / (pl.col("income") / 12)).filter(pl.col("income") > 0).median(),
        )
        .filter(pl.col("customers") >= _ENOUGH)
        .sort("lowest", "income_bracket")
    )
    if groups.height < 2:
        return None
    n, mean = groups["customers"].to_numpy(), groups["mean"].to_numpy()
    grand = (n * mean).sum() / n.sum()
    between, within = float((n * (mean - grand) ** 2).sum()), float(groups["within"].sum())
    free = (groups.height - 1, int(n.sum()) - groups.height)
    f = (between / free[0]) / (within / free[1]) if within > 0 else float("inf")
    return {
        "groups": groups.select("income_bracket", "customers", "times", "typical", "of_income").to_dicts(),
        "f": f,
        "free": list(free),
        "p": float(f_distribution.sf(f, *free)),
        "eta_squared": between / (between + within) if between + within else None,
    }


def _preferences(tables: Tables, honest: pl.LazyFrame) -> dict[str, float | None]:
    """Share of chosen payments in the categories, and by the methods, that the customer is said to prefer."""
    chosen = honest.filter(is_kind(*CHOSEN))
    rows = int(collect(chosen.select(pl.len())).item())

    def liked(column: str, trait: str) -> float | None:
        likes = (
            tables.customers.select("customer_id", pl.col(trait).str.split(";").alias(column)).explode(column).unique()
        )
        return share(
            int(collect(chosen.join(likes, on=["customer_id", column], how="semi").select(pl.len())).item()), rows
        )

    return {"categories": liked("category", "preferred_categories"), "methods": liked("method", "preferred_methods")}
