"""The months of a drift report as columns of numbers, compared feature by feature.

Only payments whose look-back lies wholly within the bank's life count: before that a feature grows because the bank's
memory fills up, not because payments have changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.evaluation.drift.adversary import GRAIN, Adversary, tell_apart
from fraud_assets.evaluation.drift.shift import FINE, TENTHS, Bins, Column, has_lumps, kolmogorov_smirnov, psi, shares

Flags = npt.NDArray[np.bool_]
#: Of a month's payments so many must have the full look-back.
ENOUGH = 0.5
_LEVELS = 20
#: What a sample has besides features.
_NO_FEATURES = ("customer_id", "transaction_id", "memory_days", "score")


@dataclass(frozen=True)
class MonthSample:
    """Rows of a month.

    ``frame`` has customer_id and the features; where known, ``memory_days`` (days of the bank's life before the
    payment); and, where there is a champion, ``score`` by the champion of the month on trial, null for rows that it has
    been fitted on. ``rows`` is how many payments the month has.
    """

    key: str
    rows: int
    frame: pl.DataFrame


@dataclass(frozen=True)
class Compared:
    """Of each known column the distances, NaN where they cannot be had, and whether that is as it is still filling."""

    psi: npt.NDArray[np.float64]
    ks: npt.NDArray[np.float64]
    filling: Flags


@dataclass(frozen=True)
class Table:
    """The months as matrices of numbers: texts by code, missing values NaN; only columns with values are compared."""

    names: list[str]
    known: list[str]
    levels: dict[str, list[str]]
    months: list[npt.NDArray[np.float32]]  # rows by known columns
    sorted: list[list[Column]]  # of the rows with the full look-back
    customers: list[npt.NDArray[np.int64]]
    memory: list[npt.NDArray[np.float64]]  # days of the bank's life before each row
    reach: npt.NDArray[np.float64]  # days that each known column looks back

    @classmethod
    def of(cls, samples: Sequence[MonthSample], look_back: Mapping[str, float]) -> Table:
        names = [name for name in samples[-1].frame.columns if name not in _NO_FEATURES]
        frames = [_with_columns(sample.frame, samples[-1].frame.schema, names) for sample in samples]
        levels = {
            name: _levels(frames, name)
            for name in names
            if frames[-1].schema[name] == pl.String or isinstance(frames[-1].schema[name], pl.Enum | pl.Categorical)
        }
        columns = {name: [_numbers(frame[name], levels.get(name)) for frame in frames] for name in names}
        known = [name for name in names if not all(np.isnan(values).all() for values in columns[name])]
        months = [
            np.column_stack([columns[name][k] for name in known]) if known else np.empty((frame.height, 0), np.float32)
            for k, frame in enumerate(frames)
        ]
        reach = np.array([look_back.get(name, 0.0) for name in known])
        memory = [_memory(sample.frame) for sample in samples]
        ordered = [
            [np.sort(columns[name][k][memory[k] >= reach[j]]) for j, name in enumerate(known)]
            for k in range(len(frames))
        ]
        customers = [sample.frame["customer_id"].cast(pl.Int64).to_numpy() for sample in samples]
        return cls(names, known, levels, months, ordered, customers, memory, reach)

    def compare(self, reference: Sequence[int], month: int) -> Compared:
        distances, filling = np.full((2, len(self.known)), np.nan), np.zeros(len(self.known), bool)
        all_before, all_now = (sum(len(self.memory[k]) for k in months) for months in (reference, [month]))
        for j, name in enumerate(self.known):
            before, now = self._column(reference, j), self.sorted[month][j]
            if not all_before or not all_now:
                continue
            filling[j] = not _enough(len(before), all_before / len(reference)) or not _enough(len(now), all_now)
            if filling[j]:
                continue
            bins = self._bins(reference, j)
            distances[0, j] = psi(bins.counts(before), bins.counts(now))
            if name not in self.levels:
                fine = self._grain(reference, j, FINE)
                distances[1, j] = kolmogorov_smirnov(fine(before), fine(now))
        return Compared(distances[0], distances[1], filling)

    def told_apart(self, reference: Sequence[int], month: int, columns: Sequence[int]) -> Adversary | None:
        """The adversary with some columns, on the rows that have the full look-back of all of them.

        Of what has lumps it sees in which bin of the reference a value is, of as many as its trees make anyway, and not
        the value: one that many payments of a month share, and no other month has, would give any month away.
        """
        if not columns:
            return None
        furthest = self.reach[columns].max()
        full = [memory >= furthest for memory in self.memory]
        grains = [self._grain(reference, j, GRAIN) for j in columns]

        def seen(k: int) -> npt.NDArray[np.float32]:
            return np.column_stack([of(self.months[k][full[k], j]) for of, j in zip(grains, columns, strict=True)])

        rows = np.concatenate([seen(k) for k in reference])
        customers = np.concatenate([self.customers[k][full[k]] for k in reference])
        all_before = sum(len(full[k]) for k in reference)
        if not _enough(len(rows), all_before / len(reference)) or not _enough(full[month].sum(), len(full[month])):
            return None
        return tell_apart(rows, customers, seen(month), self.customers[month][full[month]])

    def bins(self, name: str, reference: Sequence[int], month: int) -> list[dict[str, Any]]:
        j = self.known.index(name)
        before = self._column(reference, j)
        return shares(self._bins(reference, j), before, self.sorted[month][j], self.levels.get(name))

    def about(self, j: int, month: int) -> tuple[float, float]:
        """Share of missing values, and median of the others."""
        values = self.months[month][:, j]
        known = values[~np.isnan(values)]
        return 1 - len(known) / max(1, len(values)), float(np.median(known)) if len(known) else float("nan")

    def varies(self, j: int) -> bool:
        """Whether the column has different values in any month, missing ones aside."""
        columns = (month[j] for month in self.sorted)
        return any(bool((known != known[:1]).any()) for m in columns if (known := m[~np.isnan(m)]).size)

    def _bins(self, months: Sequence[int], j: int, parts: int = TENTHS) -> Bins:
        """The bins of a column of reference months."""
        levels = self.levels.get(self.known[j])
        size = None if levels is None else len(levels)
        return Bins.of(self._column(months, j), size, month=self._fullest(months, j), parts=parts)

    def _grain(self, months: Sequence[int], j: int, parts: int) -> Callable[[Column], Column]:
        """What is compared in place of values: their bins where there are lumps, so that none counts as elsewhere when
        it moves a little; else, and of texts, which are codes, themselves."""
        if self.known[j] in self.levels or not has_lumps(self._fullest(months, j)):
            return _as_they_are
        return self._bins(months, j, parts).places

    def _fullest(self, months: Sequence[int], j: int) -> Column:
        """A column in the month with most known values, the last of equals."""
        return self.sorted[max(months, key=lambda k: (np.count_nonzero(~np.isnan(self.sorted[k][j])), k))][j]

    def _column(self, months: Sequence[int], j: int) -> Column:
        parts = [self.sorted[k][j] for k in months]
        return parts[0] if len(parts) == 1 else np.sort(np.concatenate(parts))


def _enough(rows: float, of: float) -> bool:
    return rows > 0 and rows >= ENOUGH * of


def _as_they_are(values: Column) -> Column:
    return values


def _memory(frame: pl.DataFrame) -> npt.NDArray[np.float64]:
    if "memory_days" not in frame.columns:
        return np.full(frame.height, np.inf)
    return frame["memory_days"].cast(pl.Float64).to_numpy()


def _with_columns(frame: pl.DataFrame, schema: Mapping[str, pl.DataType], names: Sequence[str]) -> pl.DataFrame:
    """The columns by name; null where an older month does not have one."""
    return frame.select(
        pl.col(name) if name in frame.columns else pl.lit(None, dtype=schema[name]).alias(name) for name in names
    )


def _levels(frames: Sequence[pl.DataFrame], name: str) -> list[str]:
    """The most frequent values of a text column over all months, by name where they are as frequent."""
    values = pl.concat([frame[name].cast(pl.String) for frame in frames]).drop_nulls().alias("value")
    counts = values.value_counts().sort("count", "value", descending=[True, False])
    return [str(value) for value in counts["value"].head(_LEVELS)]


def _numbers(values: pl.Series, levels: list[str] | None) -> Column:
    if levels is not None:
        codes = {level: float(k) for k, level in enumerate(levels)}
        text = values.cast(pl.String)
        other = text.replace_strict(codes, default=float(len(levels)), return_dtype=pl.Float32)
        values = pl.select(pl.when(text.is_not_null()).then(other)).to_series()
    numbers: Column = values.cast(pl.Float32).fill_null(float("nan")).to_numpy().copy()
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers
