"""When people pay: hours, weekdays, days of the month, and the days around payday."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from fraud_assets.evaluation.portrait.rows import CHOSEN, collect, counted, in_order, is_kind, month_ledger, share
from fraud_assets.evaluation.portrait.subject import Sitter, Tables
from fraud_assets.months import Month

#: Before this local hour it is night.
NIGHT_UNTIL = 5
_BEFORE_PAYDAY, _AFTER_PAYDAY = 7, 10


def rhythm(sitter: Sitter, tables: Tables) -> dict[str, Any]:
    """Payments whose moment is chosen (purchases and transfers) by local hour, weekday and day.

    Days that the month, which is cut in UTC, holds only in part are marked, and left out of the weekdays.
    """
    chosen = month_ledger(tables).filter(is_kind(*CHOSEN))
    cells = collect(
        chosen.group_by("day", "hour", "weekday", "channel", "method", "is_fraud").agg(rows=pl.len()).sort(pl.all())
    )
    offsets = collect(tables.transactions.select(pl.col("utc_offset_minutes").unique().sort()))
    days = _days(sitter.month, cells, offsets["utc_offset_minutes"].to_list())
    whole = [row["day"] for row in days if row["is_complete"]]
    honest, fraud = cells.filter(~pl.col("is_fraud")), cells.filter("is_fraud")
    weekend = pl.col("weekday") >= 6
    by_channel = {c: _hours(honest.filter(channel=c)) for c in in_order(honest["channel"].to_list())}
    return {
        "hours": {
            "channel": by_channel,
            "method": {m: _hours(honest.filter(method=m)) for m in _by_size(honest, "method")},
            "part_of_week": {
                "Monday to Friday": _hours(honest.filter(~weekend)),
                "Saturday and Sunday": _hours(honest.filter(weekend)),
            },
            "truth": {"honest": _hours(honest), "fraud": _hours(fraud)},
        },
        "night_share": {
            **{channel: share(sum(hours[:NIGHT_UNTIL]), sum(hours)) for channel, hours in by_channel.items()},
            "honest": share(sum(_hours(honest)[:NIGHT_UNTIL]), sum(_hours(honest))),
            "fraud": share(sum(_hours(fraud)[:NIGHT_UNTIL]), sum(_hours(fraud))),
        },
        "week": _week(honest.filter(pl.col("day").is_in(whole)), whole),
        "days": [row | {"day": row["day"].isoformat()} for row in days],
        "holidays": [
            {"name": name, "first": first.isoformat(), "last": last.isoformat()}
            for name, first, last in sitter.holidays
        ],
        **_paydays(sitter.month, tables, chosen, whole),
    }


def _hours(cells: pl.DataFrame) -> list[float]:
    return list(counted(cells, "hour", 24))


def _by_size(cells: pl.DataFrame, column: str) -> list[str]:
    sizes = cells.group_by(column).agg(pl.col("rows").sum()).sort("rows", column, descending=[True, False])
    return sizes[column].to_list()


def _days(month: Month, cells: pl.DataFrame, offsets: list[int]) -> list[dict[str, Any]]:
    """Each local day of the month: honest and fraud rows, and whether the month holds all of its hours."""
    sums = (
        cells.group_by("day")
        .agg(
            rows=pl.col("rows").filter(~pl.col("is_fraud")).sum(),
            fraud=pl.col("rows").filter("is_fraud").sum(),
        )
        .sort("day")
    )
    known = {day: (rows, fraud) for day, rows, fraud in sums.iter_rows()}
    begin, end = (instant.replace(tzinfo=None) for instant in (month.start, month.end))
    early, late = (timedelta(minutes=int(extreme)) for extreme in (max(offsets, default=0), min(offsets, default=0)))
    days = []
    for k in range(month.days):
        day = begin + timedelta(days=k)
        rows, fraud = known.get(day.date(), (0, 0))
        is_complete = day - early >= begin and day + timedelta(days=1) - late <= end
        days.append(
            {"day": day.date(), "weekday": day.isoweekday(), "rows": rows, "fraud": fraud, "is_complete": is_complete}
        )
    return days


def _week(honest: pl.DataFrame, whole: list[date]) -> list[list[float]]:
    """Honest payments in an average hour of the week, 7 rows of 24: complete days only."""
    place = honest.with_columns(place=(pl.col("weekday") - 1) * 24 + pl.col("hour"))
    grid = counted(place, "place", 7 * 24).reshape(7, 24)
    times = np.bincount([day.weekday() for day in whole], minlength=7)
    return (grid / np.maximum(times, 1)[:, None]).tolist()


def _paydays(month: Month, tables: Tables, chosen: pl.LazyFrame, whole: list[date]) -> dict[str, Any]:
    """Who is paid when, and honest payments by days since payday against what the calendar alone would give.

    Customers of one payday are set against all others on the same days (observed over expected from the margins), so
    neither weekdays nor holidays are taken for pay.
    """
    people = collect(tables.customers.select("customer_id", pl.col("payday").cast(pl.Int32)))
    shares = people.group_by("payday").len().sort("payday")
    paydays = [
        {"day": _payday(month, payday).isoformat(), "share": rows / people.height}
        for payday, rows in shares.iter_rows()
    ]
    paid = collect(
        chosen.filter(~pl.col("is_fraud"), pl.col("day").is_in(whole))
        .join(people.lazy(), on="customer_id", how="inner")
        .group_by("payday", "day")
        .agg(rows=pl.len())
        .sort("payday", "day")
    )
    total = int(paid["rows"].sum())
    of_group = dict(paid.group_by("payday").agg(pl.col("rows").sum()).iter_rows())
    of_day = dict(paid.group_by("day").agg(pl.col("rows").sum()).iter_rows())
    observed: dict[int, float] = {}
    expected: dict[int, float] = {}
    for payday, day, rows in paid.iter_rows() if len(of_group) > 1 else ():
        offset = min(((day - _payday(m, payday)).days for m in (month - 1, month, month + 1)), key=abs)
        if -_BEFORE_PAYDAY <= offset <= _AFTER_PAYDAY:
            observed[offset] = observed.get(offset, 0) + rows
            expected[offset] = expected.get(offset, 0) + of_group[payday] * of_day[day] / total
    effect = [
        {"offset": k, "index": observed[k] / expected[k], "rows": observed[k]} for k in sorted(observed) if expected[k]
    ]
    return {"paydays": paydays, "payday_effect": effect}


def _payday(month: Month, payday: int) -> date:
    last = monthrange(month.year, month.number)[1]
    return datetime(month.year, month.number, min(int(payday), last)).date()  # noqa: DTZ001 - a local day
