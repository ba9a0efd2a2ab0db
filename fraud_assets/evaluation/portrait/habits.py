"""What people keep doing: known merchants, the pauses between payments, busy and quiet days, and who is popular."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.evaluation.portrait.rhythm import NIGHT_UNTIL
from fraud_assets.evaluation.portrait.rows import (
    CHOSEN,
    collect,
    filled,
    is_kind,
    log_bin,
    month_ledger,
    share,
    some_customers,
    summable,
)
from fraud_assets.evaluation.portrait.subject import Sitter, Tables

#: Bins of a pause to a factor of ten in seconds.
PER_DECADE = 8
_SHORTEST, _LONGEST = 0, round(6.5 * PER_DECADE)  # a second to a month
#: Days with more payments are counted as days with so many.
MOST_A_DAY = 40
_TOP_NAMES = 12
_MOST_CATEGORIES = 60
Floats = npt.NDArray[np.float64]


def habits(sitter: Sitter, tables: Tables) -> dict[str, Any]:
    """Repeat share, pauses, payments a day and popularity, of purchases and transfers (debits)."""
    paid = month_ledger(tables).filter(is_kind(*CHOSEN), pl.col("direction") == "debit")
    some = paid.join(some_customers(tables), on="customer_id", how="semi")
    return {
        "repeats": _repeats(sitter, tables, some),
        "pauses": _pauses(some),
        "days": _busy_days(sitter, some),
        "categories": _categories(some.filter(~pl.col("is_fraud"))),
        "popularity": _popularity(paid.filter(~pl.col("is_fraud"), pl.col("merchant_id").is_not_null())),
    }


def _repeats(sitter: Sitter, tables: Tables, some: pl.LazyFrame) -> dict[str, Any] | None:
    """Share of honest payments to a recipient whom the customer has paid before, in any month at hand."""
    recipient = pl.coalesce("merchant_id", "payee_id")
    people = some_customers(tables)
    before = tables.earlier_transactions.filter(
        pl.col("kind").cast(pl.String).is_in(CHOSEN), pl.col("direction").cast(pl.String) == "debit"
    ).join(people, on="customer_id", how="semi")
    honest = some.filter(~pl.col("is_fraud"), recipient.is_not_null())
    both = pl.concat(
        [
            frame.select("customer_id", "event_time", recipient=recipient).filter(pl.col("recipient").is_not_null())
            for frame in (before, honest)
        ]
    )
    first = both.group_by("customer_id", "recipient").agg(first=pl.col("event_time").min())
    rows = collect(
        honest.select(
            "customer_id", "event_time", "day", "channel", recipient=recipient, person=pl.col("merchant_id").is_null()
        )
        .join(first, on=["customer_id", "recipient"], how="inner")
        .with_columns(known=pl.col("event_time") > pl.col("first"))
    )
    if rows.is_empty():
        return None

    def shares(column: str) -> dict[str, float]:
        found = rows.group_by(column).agg(pl.col("known").mean()).sort(column)
        return {str(value): known for value, known in found.iter_rows()}

    each = rows.group_by("customer_id").agg(known=pl.col("known").mean(), rows=pl.len()).filter(pl.col("rows") >= 10)
    month = (pl.col("day") >= sitter.month.start.date()) & (pl.col("day") < sitter.month.end.date())
    return {
        "known": rows["known"].mean(),
        "earlier_months": len(sitter.earlier),
        "by_channel": shares("channel"),
        "persons": rows.filter("person")["known"].mean(),
        "by_day": _by_day(rows.filter(month)),
        "customers": list(np.histogram(each["known"].to_numpy(), bins=np.linspace(0, 1, 21))[0]),
        "recipients_a_customer": rows.group_by("customer_id").agg(pl.col("recipient").n_unique())["recipient"].median(),
    }


def _by_day(rows: pl.DataFrame) -> list[dict[str, Any]]:
    days = rows.group_by("day").agg(known=pl.col("known").mean(), rows=pl.len()).sort("day")
    return [{"day": day.isoformat(), "known": known, "rows": count} for day, known, count in days.iter_rows()]


def _pauses(some: pl.LazyFrame) -> dict[str, Any] | None:
    """Time since the customer's payment before, honest and fraud, beside what a Poisson process would give.

    The reference is a mixture: each customer pays at its own mean rate, at moments of pure chance. Life is more
    clustered: outings at the short end, nights in the middle.
    """
    rows = (
        collect(some.select("customer_id", "event_time", "is_fraud"))
        .sort("customer_id", "event_time", "is_fraud")
        .with_columns(microseconds=pl.col("event_time").diff().over("customer_id").dt.total_microseconds())
        .filter(pl.col("microseconds").is_not_null())
        .with_columns(seconds=pl.col("microseconds") / 1e6)
    )
    if rows.is_empty():
        return None
    place = log_bin(pl.max_horizontal(pl.col("seconds"), 1), PER_DECADE).clip(_SHORTEST, _LONGEST)
    bins = rows.group_by("is_fraud", bin=place).agg(rows=pl.len())
    honest = rows.filter(~pl.col("is_fraud"))
    each = honest.group_by("customer_id").agg(mean=pl.col("microseconds").mean() / 1e6, rows=pl.len())
    each = each.filter(pl.col("mean") > 0).sort("customer_id")  # sums over customers: always in one order
    borders = 10 ** (np.arange(_SHORTEST, _LONGEST + 2) / PER_DECADE)
    borders[0], borders[-1] = 0, np.inf
    beyond = np.exp(-borders[None, :] / each["mean"].to_numpy()[:, None])
    chance = each["rows"].to_numpy() @ (beyond[:, :-1] - beyond[:, 1:])
    return {
        "first": _SHORTEST,
        "honest": filled(bins.filter(~pl.col("is_fraud")), "bin", _SHORTEST, _LONGEST),
        "fraud": filled(bins.filter("is_fraud"), "bin", _SHORTEST, _LONGEST),
        "chance": chance,
        "within_an_hour": share(honest.filter(pl.col("seconds") < 3600).height, honest.height),
        "within_ten_seconds": share(honest.filter(pl.col("seconds") < 10).height, honest.height),
        "median_seconds": honest["seconds"].median(),
    }


def _busy_days(sitter: Sitter, some: pl.LazyFrame) -> dict[str, Any] | None:
    """Customer-days by honest payments, quiet days included, beside a Poisson draw around each customer's own mean.

    ``dispersion`` is the mean of variance over mean within customers: 1 for Poisson, more for people.
    """
    from scipy.stats import poisson

    # The first and the last local day may be cut by the month's end.
    first, last = sitter.month.start.date(), sitter.month.end.date()
    counts = collect(
        some.filter(~pl.col("is_fraud"), pl.col("day") > first, pl.col("day").dt.offset_by("1d") < last)
        .group_by("customer_id", "day")
        .agg(rows=pl.len())
    )
    if counts.is_empty():
        return None
    days = sitter.month.days - 2
    each = counts.group_by("customer_id").agg(total=pl.col("rows").sum(), squares=(pl.col("rows") ** 2).sum())
    each = each.sort("customer_id")  # sums over customers: always in one order
    mean = each["total"].to_numpy() / days
    variance = (each["squares"].to_numpy() - days * mean**2) / (days - 1)
    place = pl.col("rows").clip(upper_bound=MOST_A_DAY).cast(pl.Int64)
    found = filled(counts.group_by(bin=place).agg(rows=pl.len()), "bin", 0, MOST_A_DAY)
    found[0] = each.height * days - found.sum()
    chance = poisson.pmf(np.arange(MOST_A_DAY)[None, :], mean[:, None]).sum(axis=0) * days
    return {
        "honest": found,
        "chance": np.append(chance, each.height * days - chance.sum()),
        "dispersion": float(np.mean(variance / mean)),
        "mean": float(mean.mean()),
        "spread_of_customers": float(mean.std() / mean.mean()),
        "customers": each.height,
    }


def _categories(honest: pl.LazyFrame) -> list[dict[str, Any]]:
    """Each kind of recipient, the most frequent first: how often a customer who goes there at all goes in the month."""
    each = honest.group_by("category", "customer_id").agg(
        rows=pl.len(), night=(pl.col("hour") < NIGHT_UNTIL).sum(), weekend=(pl.col("weekday") >= 6).sum()
    )
    found = collect(
        each.group_by("category").agg(
            customers=pl.len(),
            median=pl.col("rows").median(),
            p95=pl.col("rows").quantile(0.95),
            night=pl.col("night").sum() / pl.col("rows").sum(),
            weekend=pl.col("weekend").sum() / pl.col("rows").sum(),
            rows=pl.col("rows").sum(),
        )
    )
    return found.sort("rows", "category", descending=[True, False]).head(_MOST_CATEGORIES).to_dicts()


def _popularity(bought: pl.LazyFrame) -> dict[str, Any] | None:
    """Purchases by rank of the merchant, at ranks evenly spaced by logarithm, and the best-known names."""
    each = collect(
        bought.group_by("merchant_id", "recipient_entity", "category").agg(
            rows=pl.len(), log=summable(pl.col("amount").log()).sum()
        )
    )
    if each.is_empty():
        return None

    def ranked(*by: str) -> pl.DataFrame:
        sums = each.group_by(by).agg(pl.col("rows", "log").sum())
        return sums.sort("rows", *by, descending=[True, *(False for _ in by)])

    counts, by_name = (ranked(by)["rows"].to_numpy() for by in ("merchant_id", "recipient_entity"))
    top = ranked("recipient_entity", "category").head(_TOP_NAMES)
    return {
        "merchants": _ranked(counts),
        "names": _ranked(by_name),
        "merchant_count": int(counts.size),
        "name_count": int(by_name.size),
        "top_hundredth": float(counts[: -(-counts.size // 100)].sum() / counts.sum()),
        "seen_once": float((counts == 1).mean()),
        "slope": _slope(counts),
        "top": top.with_columns(typical=(pl.col("log") / pl.col("rows")).exp()).drop("log").to_dicts(),
    }


def _ranked(counts: npt.NDArray[Any]) -> dict[str, Any]:
    ranks = np.unique(np.geomspace(1, counts.size, 90).round().astype(int))
    return {"rank": ranks, "rows": counts[ranks - 1]}


def _slope(counts: npt.NDArray[Any]) -> float | None:
    """Of log(purchases) over log(rank), from the 5th to the median merchant; Zipf's own law has -1."""
    ranks = np.unique(np.geomspace(5, max(6, counts.size // 2), 40).round().astype(int))
    ranks = ranks[ranks <= counts.size]
    if ranks.size < 5:
        return None
    return float(np.polyfit(np.log(ranks), np.log(counts[ranks - 1]), 1)[0])
