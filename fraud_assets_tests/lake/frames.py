"""A small ledger in chunks, for the lake's tests and for the processes they start."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

SCHEMA: dict[str, pl.DataType] = {
    "customer_id": pl.Int64(),
    "event_time": pl.Datetime("us", "UTC"),
    "amount": pl.Float64(),
    "city": pl.String(),
    "status": pl.Enum(["approved", "declined"]),
}
CITIES = pl.Series(["Austin", "Boston", None, "=SUM(A1)", 'Winston "Salem", NC', ""])
JANUARY = 1_704_067_200_000_000


def chunk(number: int, rows: int, version: int = 0) -> pl.DataFrame:
    """Rows sorted by customer; no customer is in two chunks."""
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence((version, number))))
    return pl.DataFrame(
        {
            "customer_id": np.sort(rng.integers(0, 1000, rows)) + 1000 * number,
            "event_time": pl.Series(JANUARY + rng.integers(0, 10**12, rows)).cast(SCHEMA["event_time"]),
            "amount": np.round(rng.gamma(1.0, 40.0, rows) + 0.01, 2),
            "city": CITIES.gather(rng.integers(0, len(CITIES), rows)),
            "status": pl.Series(["approved", "declined"]).gather(rng.integers(0, 2, rows)).cast(SCHEMA["status"]),
        },
        schema=SCHEMA,
    )


def chunks(count: int, rows: int = 1000, version: int = 0) -> list[Callable[[], pl.DataFrame]]:
    """The chunk functions of ``count`` chunks, of ``rows`` rows and a few more."""

    def one(number: int) -> Callable[[], pl.DataFrame]:
        return lambda: chunk(number, rows + 37 * number, version)

    return [one(number) for number in range(count)]
