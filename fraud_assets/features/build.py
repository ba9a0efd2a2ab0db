"""The features of a month, block by block: frames in, frames out.

Which rows: every debit of the month (purchases, bills, transfers, whatever became of them), in ledger order. Credits
are not scored: income enters the features of money passing through, refunds and reversals ``refund_share_c_30d``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.features.block import NAMED, Block
from fraud_assets.features.compute import features_of_block
from fraud_assets.features.context import Context
from fraud_assets.features.feature import Columns
from fraud_assets.features.frames import Frames, blocks_of
from fraud_assets.features.lookup import Lookups
from fraud_assets.features.needs import missing
from fraud_assets.features.registry import schema
from fraud_assets.months import Month
from fraud_assets.scenario import Bank

#: Rows of the month and its look-back in a block: arrays of it fit in the cache of a processor.
BLOCK_ROWS = 100_000
#: Blocks that are read together, which bounds memory: a file gives up its rows in far larger pieces than a block of one
#: month is, and each reading unpacks them anew.
READ_BLOCKS = 4


def build_features(
    scenario: Bank,
    month: Month,
    transactions: pl.LazyFrame,
    customers: pl.LazyFrame,
    reports: pl.LazyFrame,
    population: pl.LazyFrame,
    *,
    logins: pl.LazyFrame | None = None,
    devices: pl.LazyFrame | None = None,
    merchants: pl.LazyFrame | None = None,
    merchant_activity: pl.LazyFrame | None = None,
    shared_entities: pl.LazyFrame | None = None,
    without: Collection[str] = (),
    block_rows: int = BLOCK_ROWS,
) -> list[Callable[[], pl.DataFrame]]:
    """The month's feature table as functions, each of some consecutive customers; call them in order and write.

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
    logins
        ``logins`` of the same months as the transactions. Like the tables below it may be None, for a bank without
        one: the features that need it are then null.
    devices
        ``devices`` of the month before: who had which device in which version by then; in a bank's first month
        :func:`fraud_assets.features.lookup.devices_at_start`. Without a customer's device in it, as None.
    merchants
        ``merchants`` of the month.
    merchant_activity, shared_entities
        Of the month.
    without
        Inputs that the bank does not have (:data:`fraud_assets.features.needs.NEEDS`): what needs them is null.
    block_rows
        Rows of month and look-back in a block; only a customer with more of them makes a larger one. Results do not
        depend on it.

    Returns
    -------
    Functions, each giving the rows of its customers with the columns of :func:`fraud_assets.features.registry.schema`,
    sorted by (customer_id, event_time, transaction_id). Only the customers' numbers of rows, and the tables whose rows
    are looked up (``devices`` and those after it), are read before.
    """
    context = Context.of(scenario, month, population.collect())
    frames = Frames(month, transactions, customers, reports, logins)
    lookups = Lookups.of(devices, merchants, merchant_activity, shared_entities)
    nothing = frozenset(missing(without))
    return [
        partial(_chunk, frames, context, lookups, nothing, first, last, block_rows)
        for first, last in customer_ranges(transactions, READ_BLOCKS * block_rows)
    ]


def customer_ranges(transactions: pl.LazyFrame, rows: int) -> list[tuple[int, int]]:
    """First and last customer_id of consecutive chunks of a ledger, of about so many rows (at most half as many more).

    What is more than one is an even number of even size, as far as customers allow, whose rows stay together: so two
    threads, or four, that begin together end together, and none makes a last small chunk while others wait.
    """
    counts = transactions.group_by("customer_id").len().sort("customer_id").collect(engine="streaming")
    total = max(1, counts["len"].sum())
    pieces = 1 if total <= rows else 2 * max(1, round(total / rows / 2))
    length = pl.col("len").cast(pl.Int64)
    before = length.cum_sum() - length
    chunks = counts.group_by(before * pieces // total, maintain_order=True).agg(
        pl.col("customer_id").first().alias("first"), pl.col("customer_id").last().alias("last")
    )
    return list(chunks.select("first", "last").iter_rows())


def _chunk(
    frames: Frames, context: Context, lookups: Lookups, nothing: frozenset[str], first: int, last: int, block_rows: int
) -> pl.DataFrame:
    """The rows of the customers from first to last."""
    blocks = blocks_of(frames.between(first, last), lookups, block_rows)
    # Not through a variable: it would keep a block while the next one is made.
    found = list(map(partial(_columns, context), blocks))
    if not found:
        return pl.DataFrame(schema=schema())  # all rows may be too old for a block
    rows = sum(len(columns["customer_id"]) for columns, _ in found)
    # Put together as arrays: frames of the blocks would be copied once more.
    return pl.DataFrame(
        [
            pl.Series(name, [None], dtype=dtype).new_from_index(0, rows)
            if name in nothing
            else _series(name, dtype, np.concatenate([columns.pop(name) for columns, _ in found]), found[0][1])
            for name, dtype in schema().items()
        ]
    )


def _columns(context: Context, block: Block) -> tuple[Columns, Mapping[str, Sequence[str]]]:
    """The block's part of the table, and what its codes stand for: the same in all blocks of a chunk."""
    at = block.at
    keys: Columns = {
        "transaction_id": at.transaction_id,
        "customer_id": block.people.customer_id[at.group],
        "event_time": at.time,
        "history_days": context.history_days(at.time),
    }
    return keys | features_of_block(block, context), {name: block.names(name) for name in NAMED}


def _series(name: str, dtype: pl.DataType, values: npt.NDArray[Any], names: Mapping[str, Sequence[str]]) -> pl.Series:
    if name in NAMED:
        return pl.Series(name, [*names[name], None], dtype=pl.String).gather(values)  # -1 is the last one
    series = pl.Series(name, values, nan_to_null=True)
    return series if series.dtype == dtype else series.cast(dtype)
