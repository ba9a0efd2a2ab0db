"""Referential integrity: whether what a column refers to is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

_SHOWN = 3


def link(
    table: str, frame: pl.LazyFrame, column: str, target: str, targets: Sequence[pl.LazyFrame], key: str, note: str = ""
) -> dict[str, Any]:
    """How many values of a column, and rows with them, are found in no target's key column.

    Parameters
    ----------
    targets
        The table that is referred to, of one or several months.
    note
        For people: what was looked at, where that is not the month alone.

    Returns
    -------
    table, column, target, key, note, values (different ones), orphans, rows (with an orphan), examples (as texts), and
    ``unknown``: why it cannot be judged (nothing refers, or the targets have no rows), else None.
    """
    known = {"table": table, "column": column, "target": target, "key": key, "note": note}
    wanted = frame.select(pl.col(column).alias("key")).drop_nulls().unique().collect(engine="streaming")
    values = wanted.height
    empty = {"values": values, "orphans": 0, "rows": 0, "examples": []}
    if not values:
        return {**known, **empty, "unknown": "nothing refers to it"}
    keys = [other.select(pl.col(key).alias("key").cast(wanted.schema["key"])) for other in targets]
    if not any(other.head(1).collect().height for other in keys):
        return {**known, **empty, "unknown": f"{target} has no rows"}
    for other in keys:
        found = other.join(wanted.lazy(), on="key", how="semi").unique().collect(engine="streaming")
        wanted = wanted.join(found, on="key", how="anti")
    orphans = wanted.sort("key")
    rows = frame.select(key=column).join(orphans.lazy(), on="key", how="semi").select(pl.len())
    return {
        **known,
        "values": values,
        "orphans": orphans.height,
        "rows": rows.collect(engine="streaming").item() if orphans.height else 0,
        "examples": [str(value) for value in orphans["key"].head(_SHOWN)],
        "unknown": None,
    }
