"""A table column by column: missing, constant, how many different values, how evenly spread, how far out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

#: Rows for what needs no more (quartiles, spread of values): every k-th, so many in all.
MOST_ROWS = 20_000
#: Keys compared at once while looking for duplicates.
_BUCKET_ROWS = 2_000_000
#: In tables of so many rows at most, different values are counted one by one: a column of ids takes some 60 MB.
_EXACT_ROWS = 1_000_000
#: Columns whose different values are counted at once.
_TOGETHER = 4
#: In longer tables they are estimated, and counted only where they are so few: that takes no memory to speak of.
_FEW_VALUES = 10_000
#: In long tables that are wider, only the sampled rows are looked at for them; the least they can be is known then.
_WIDE = 60
_TWIN = 0.98
_TWIN_ROWS = 5_000


def profile(name: str, frame: pl.LazyFrame, key: Sequence[str] = ()) -> dict[str, Any]:
    """The figures of a table, in a few passes over all rows and one over every k-th.

    Parameters
    ----------
    key
        Columns that together name a row: rows whose key another has are counted, and, where the key is a single
        number, rows that are equal in all but the key.

    Returns
    -------
    A dictionary with name, rows, every (k), duplicates, alike and columns: for each its type, share of missing values,
    ``distinct`` (without null) and ``distinct_is`` (``exact``; in tables beyond a million rows ``about``, which is by
    HyperLogLog, or ``at least``, which is among every k-th row), the smallest and largest value of numbers and
    instants, ``is_constant``, ``not_finite``, ``outliers`` (share of values further from the quartiles than three times
    their distance: Tukey 1977, "far out"), and of texts and flags ``diversity`` (entropy against that of equally
    frequent values) with the most frequent value and its share.
    """
    schema = frame.collect_schema()
    rows = frame.select(pl.len()).collect(engine="streaming").item()
    every = -(-rows // MOST_ROWS) or 1
    facts = frame.select(_facts(schema)).collect(engine="streaming").row(0)
    counted = dict(zip([expression.meta.output_name() for expression in _facts(schema)], facts, strict=True))
    missings = {column: counted[f"{column}|missing"] for column in schema}
    sample = frame.gather_every(every).collect(engine="streaming")
    duplicates = _repeated(frame, key, rows) if key else None
    different = {}
    if len(key) == 1 and duplicates is not None:  # known by then
        different[key[0]] = rows - duplicates - (missings[key[0]] > 0), "exact"
    others = {column: missing for column, missing in missings.items() if column not in different}
    different |= _different(frame, rows, others, sample)
    columns = []
    for column, dtype in schema.items():
        values = sample[column]
        distinct, distinct_is = different[column]
        low, high = counted.get(f"{column}|low"), counted.get(f"{column}|high")
        missing = missings[column]
        known = rows - missing
        # The extremes are of all rows, whatever was counted.
        same = low == high if low is not None else distinct <= 1
        columns.append(
            {
                "name": column,
                "type": "Enum" if isinstance(dtype, pl.Enum) else str(dtype),
                "missing": missing / rows if rows else None,
                "distinct": distinct,
                "distinct_is": distinct_is,
                "low": _written(low),
                "high": _written(high),
                "is_constant": bool(known > 1 and same),
                "not_finite": counted.get(f"{column}|not_finite", 0),
                "outliers": _outliers(values) if dtype.is_numeric() and not column.endswith("_id") else None,
                **_diversity(values),
            }
        )
    return {
        "name": name,
        "rows": rows,
        "every": every,
        "key": list(key),
        "duplicates": duplicates,
        "alike": _repeated(frame, [c for c in schema if c not in key], rows)
        if len(key) == 1 and len(schema) <= _WIDE
        else None,
        "columns": columns,
    }


def twins(frame: pl.DataFrame, names: Sequence[str], most: int = 15) -> list[dict[str, Any]]:
    """Pairs of numeric columns that say nearly the same: Spearman's correlation beyond .98 either way.

    Missing values rank with the median; a column with a single value has no twin.
    """
    rows = frame.gather_every(-(-frame.height // _TWIN_ROWS) or 1)
    ranks = rows.select(
        pl.col(name).cast(pl.Float64).fill_nan(None).rank().fill_null(pl.col(name).count() / 2) for name in names
    ).to_numpy()
    varies = np.flatnonzero(ranks.std(axis=0) > 0) if rows.height > 1 else np.empty(0, int)
    if varies.size < 2:
        return []
    found = np.corrcoef(ranks[:, varies], rowvar=False)
    left, right = np.nonzero(np.triu(np.abs(found) > _TWIN, k=1))
    order = np.argsort(-np.abs(found[left, right]), kind="stable")[:most]
    return [
        {"one": names[varies[left[k]]], "other": names[varies[right[k]]], "correlation": found[left[k], right[k]]}
        for k in order
    ]


def _facts(schema: pl.Schema) -> list[pl.Expr]:
    made = []
    for column, dtype in schema.items():
        value = pl.col(column)
        made.append(value.null_count().alias(f"{column}|missing"))
        if dtype.is_numeric() or dtype.is_temporal() or dtype == pl.Boolean:
            known = value.filter(value.is_finite()) if dtype.is_float() else value
            made += [known.min().alias(f"{column}|low"), known.max().alias(f"{column}|high")]
        if dtype.is_float():
            made.append((~value.is_finite()).sum().alias(f"{column}|not_finite"))
    return made


def _different(
    frame: pl.LazyFrame, rows: int, missing: Mapping[str, int], sample: pl.DataFrame
) -> dict[str, tuple[int, str]]:
    """Different values of each column, null aside, and what the figure is: exact, about, or at least so many."""
    names = list(missing)
    if rows <= _EXACT_ROWS:
        return {name: (found, "exact") for name, found in _counted(frame, names).items()}
    if len(names) > _WIDE:
        # A value that no sampled row has is not counted.
        return {name: (sample[name].drop_nulls().n_unique(), "at least") for name in names}
    estimated = frame.select(pl.col(name).approx_n_unique() for name in names).collect(engine="streaming").row(0)
    about = {name: int(min(value, rows - missing[name])) for name, value in zip(names, estimated, strict=True)}
    few = _counted(frame, [name for name in names if about[name] <= _FEW_VALUES])
    return {name: (few[name], "exact") if name in few else (about[name], "about") for name in names}


def _counted(frame: pl.LazyFrame, names: Sequence[str]) -> dict[str, int]:
    """Different values of columns, null aside: a few columns at a time, so that memory does not grow with the width."""
    found: dict[str, int] = {}
    for start in range(0, len(names), _TOGETHER):
        some = names[start : start + _TOGETHER]
        counts = frame.select(pl.col(name).drop_nulls().n_unique() for name in some).collect(engine="streaming").row(0)
        found |= dict(zip(some, counts, strict=True))
    return found


def _outliers(values: pl.Series) -> float | None:
    """Share of far-out values; None where the quartiles are equal, as those of flags and of rare counts are."""
    known = values.drop_nulls().cast(pl.Float64)
    known = known.filter(known.is_finite())
    if known.is_empty():
        return None
    low, high = (float(known.quantile(share) or 0) for share in (0.25, 0.75))
    reach = 3 * (high - low)
    return float(((known < low - reach) | (known > high + reach)).mean() or 0) if reach else None  # type: ignore[arg-type]


def _diversity(values: pl.Series) -> dict[str, Any]:
    """Entropy of texts and flags against that of as many equally frequent values; the most frequent one."""
    is_word = values.dtype in (pl.String, pl.Boolean) or isinstance(values.dtype, pl.Enum)
    counts = values.drop_nulls().cast(pl.String).value_counts(sort=True) if is_word else None
    if counts is None or counts.is_empty():
        return {"diversity": None, "most_frequent": None, "most_frequent_share": None}
    shares = counts["count"].to_numpy() / counts["count"].sum()
    entropy = float(-(shares * np.log(shares)).sum())
    return {
        "diversity": entropy / np.log(len(shares)) if len(shares) > 1 else 0.0,
        "most_frequent": str(counts.item(0, 0))[:60],
        "most_frequent_share": float(shares[0]),
    }


def _repeated(frame: pl.LazyFrame, columns: Sequence[str], rows: int) -> int:
    """Rows that repeat the columns of another, counted bucket by bucket: memory does not grow with the table."""
    if not columns or not rows:
        return 0
    together = pl.struct(columns).hash()
    buckets = rows // _BUCKET_ROWS + 1
    repeated = 0
    for bucket in range(buckets):
        part = frame.select(hash=together)
        part = part.filter(pl.col("hash") % buckets == bucket) if buckets > 1 else part
        repeated += part.select(pl.len().cast(pl.Int64) - pl.col("hash").n_unique()).collect(engine="streaming").item()
    return repeated


def _written(value: Any) -> str | float | None:
    if value is None or isinstance(value, float):
        return value
    return str(value)
