"""The features of a month, block by block: frames in, frames out.

Which rows: every debit of the month (purchases, bills, transfers, whatever became of them), in ledger order. Credits
are not scored: income (kind ``income``) is neither an attempt nor a habit and enters no feature; refunds and reversals
enter ``refund_share_c_30d``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.features.block import CUSTOMER_COLUMNS, LEDGER_COLUMNS, NAMED, NO_DAY, Block
from fraud_assets.features.compute import features_of_block
from fraud_assets.features.context import Context, instant
from fraud_assets.features.events import F64, I64, in_order
from fraud_assets.features.registry import REACH, schema
from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.tables import CHANNELS, DIRECTIONS, KINDS, STATUSES

#: Rows of the month and its look-back in a block: what bounds memory.
BLOCK_ROWS = 200_000

_NUMBERS = ("transaction_id", "event_time", "posted_at", "utc_offset_minutes")
_ENUMS = {"channel": CHANNELS, "kind": KINDS, "direction": DIRECTIONS, "status": STATUSES}


def build_features(
    scenario: Scenario,
    month: Month,
    transactions: pl.LazyFrame,
    customers: pl.LazyFrame,
    reports: pl.LazyFrame,
    population: pl.LazyFrame,
    *,
    block_rows: int = BLOCK_ROWS,
) -> list[Callable[[], pl.DataFrame]]:
    """The month's feature table as functions, one a block of consecutive customers; call them in order and write.

    Parameters
    ----------
    transactions
        ``transactions`` of the month and of up to three months before (:class:`fraud_assets.tables.Transactions`).
    customers
        ``customers`` of the month; a customer who is not there has null features where they are needed.
    reports
        ``incident_reports`` of the month and of earlier ones.
    population
        ``population_statistics`` of the month; empty where there is no history, and then what needs it is null.
    block_rows
        Rows of month and look-back in a block; only a customer with more of them makes a larger one. Results do not
        depend on it.

    Returns
    -------
    Functions, each giving the rows of its customers with the columns of :func:`fraud_assets.features.registry.schema`,
    sorted by (customer_id, event_time, transaction_id). Only the customers' numbers of rows are read before.
    """
    context = Context.of(scenario, month, population.collect())
    return [
        partial(_block_frame, month, transactions, customers, reports, context, first, last)
        for first, last in _customer_ranges(transactions, block_rows)
    ]


def _customer_ranges(transactions: pl.LazyFrame, block_rows: int) -> list[tuple[int, int]]:
    """First and last customer_id of each block."""
    counts = transactions.group_by("customer_id").len().sort("customer_id").collect(engine="streaming")
    before = pl.col("len").cum_sum() - pl.col("len")
    blocks = counts.group_by(before // block_rows, maintain_order=True).agg(
        pl.col("customer_id").first().alias("first"), pl.col("customer_id").last().alias("last")
    )
    return list(blocks.select("first", "last").iter_rows())


def _block_frame(
    month: Month,
    transactions: pl.LazyFrame,
    customers: pl.LazyFrame,
    reports: pl.LazyFrame,
    context: Context,
    first: int,
    last: int,
) -> pl.DataFrame:
    chosen = pl.col("customer_id").is_between(first, last)
    rows, people, known = pl.collect_all(
        [
            transactions.filter(chosen).select(
                pl.col(name).cast(pl.Enum(_ENUMS[name])) if name in _ENUMS else pl.col(name) for name in LEDGER_COLUMNS
            ),
            customers.filter(chosen).select(CUSTOMER_COLUMNS),
            reports.filter(
                chosen,
                pl.col("kind") == "fraud",
                pl.col("reported_at").is_between(month.start - REACH, month.end, closed="left"),
            ).select("customer_id", "reported_at"),
        ]
    )
    block = block_of(rows, people, known, month)
    columns = features_of_block(block, context)
    target = block.targets
    keys = {
        "transaction_id": block.transaction_id[target],
        "customer_id": block.customer_id[block.group[target]],
        "event_time": block.time[target],
        "history_days": context.history_days(block.time[target]),
    }
    types = schema()
    series = (_series(name, values, block) for name, values in (keys | columns).items())
    return pl.DataFrame([s if s.dtype == types[s.name] else s.cast(types[s.name]) for s in series])


def _series(name: str, values: npt.NDArray[Any], block: Block) -> pl.Series:
    if name in NAMED:
        return pl.Series(name, block.names(name), dtype=pl.String).gather(values)
    return pl.Series(name, values, nan_to_null=True)


def block_of(rows: pl.DataFrame, customers: pl.DataFrame, reports: pl.DataFrame, month: Month) -> Block:
    """The block of some customers' rows.

    Parameters
    ----------
    rows
        ``LEDGER_COLUMNS`` of the customers' rows of the month and the months before, each month in ledger order.
    customers
        ``CUSTOMER_COLUMNS`` of the customers who are on file.
    reports
        customer_id and reported_at of fraud reports on them.
    month
        Its debits become the targets.
    """
    ids, group = np.unique(rows["customer_id"].to_numpy(), return_inverse=True)
    people = pl.DataFrame({"customer_id": ids}).join(customers, on="customer_id", how="left", maintain_order="left")
    countries, country = _codes(pl.concat([rows["country"], people["home_country"]]))
    country, home_country = country[: rows.height], country[rows.height :]
    categories, category = _codes(rows["category"])
    (_, city), (states, state) = _codes(rows["city"]), _codes(rows["state"])
    place = (
        (city * (len(states) + 1) + state + 1) * (len(countries) + 1) + country + 1
    )  # a name may exist in two states
    columns = {
        "group": group,
        "category": category,
        "city": np.where(city < 0, -1, place),
        "country": country,
        "merchant_id": rows["merchant_id"].fill_null(-1).to_numpy(),
        **{name: _floats(rows[name]) for name in ("amount", "latitude", "longitude")},
        **{name: rows[name].to_physical().to_numpy() for name in (*_ENUMS, *_NUMBERS)},
    }
    order = _ledger_order(group, columns["event_time"], columns["transaction_id"])
    known = reports.filter(pl.col("customer_id").is_in(ids)).sort("customer_id", "reported_at")
    time = columns["event_time"][order]
    in_month = (time >= instant(month.start)) & (time < instant(month.end))
    return Block.of(
        {name: values[order] for name, values in columns.items()},
        categories=categories,
        scored=in_month,
        customer_id=ids,
        home_latitude=_floats(people["home_latitude"]),
        home_longitude=_floats(people["home_longitude"]),
        home_country=home_country,
        payday=people["payday"].fill_null(0).cast(pl.Int64).to_numpy(),
        registered=people["registered_at"].to_physical().cast(pl.Int64).fill_null(NO_DAY).to_numpy(),
        report_group=np.searchsorted(ids, known["customer_id"].to_numpy()),
        report_time=known["reported_at"].to_physical().to_numpy(),
    )


def _ledger_order(group: I64, time: I64, transaction_id: I64) -> I64:
    """The order by (group, time, transaction id) of the rows of several months, each in that order."""
    order, key = in_order(group, time)
    same = np.flatnonzero(key[1:] == key[:-1])
    if (transaction_id[order[same]] > transaction_id[order[same + 1]]).any():
        return np.lexsort((transaction_id, time, group))
    return order


def _codes(values: pl.Series) -> tuple[tuple[str, ...], I64]:
    """The different strings in order, and each row's position among them; -1 for null."""
    names = values.drop_nulls().unique().sort()
    codes = values.cast(pl.Enum(names)).to_physical().cast(pl.Int64).fill_null(-1)
    return tuple(names), codes.to_numpy()


def _floats(values: pl.Series) -> F64:
    return values.cast(pl.Float64).fill_null(np.nan).to_numpy()
