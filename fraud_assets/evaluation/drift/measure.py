"""The figures of a drift report: the month against the champion's training months, and what is usual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.evaluation.drift.adversary import Adversary, tell_apart
from fraud_assets.evaluation.drift.shift import Bins, Column, kolmogorov_smirnov, psi, shares
from fraud_assets.evaluation.drift.usual import FALSE_ALARMS, FEWEST, limits
from fraud_assets.evaluation.report import plain

#: Rows of a month that are looked at: a share of 10 % is then known to 0.6 points.
MOST_ROWS = 10_000
#: Months that a stable month is held against at most: as many as a champion learns from.
_WINDOW = 6
_LEVELS = 20
_DRAWN, _GIVEAWAYS = 6, 10
SCORE = "score"


@dataclass(frozen=True)
class MonthSample:
    """Rows of a month.

    ``frame`` has customer_id and the features, and ``score`` (by the champion of the month on trial) where there is a
    champion; ``rows`` is how many payments the month has.
    """

    key: str
    rows: int
    frame: pl.DataFrame


def measure_drift(
    bank: str,
    samples: Sequence[MonthSample],
    trained_on: Sequence[str],
    *,
    champion: str | None = None,
    alerts: Sequence[Mapping[str, Any]] = (),
    families: Mapping[str, str] | None = None,
    sampled_by: str = "all payments",
) -> dict[str, Any]:
    """How far the last of the months is from those its champion learned from, and whether that is unusual.

    Parameters
    ----------
    samples
        Months in their order, without gaps; the last one is on trial.
    trained_on
        Keys of the champion's training months; where none of them is among the samples, or there is no champion, the
        six months before take their place, and the document says so.
    alerts
        month, rows and alerts of scored months in their order, the one on trial among them.
    families
        Feature -> family, for people.

    Returns
    -------
    A document; ``status`` is ``empty``, with the reason, where there is nothing to compare. Limits are calibrated on
    the earlier months: each against the up to six before it, as the month on trial is held against its training months.
    """
    *earlier, current = samples
    head = {"bank": bank, "month": current.key, "champion": champion}
    if not earlier or not current.frame.height or not any(sample.frame.height for sample in earlier):
        no_rows = "the month has no payments" if not current.frame.height else "the months before have no payments"
        reason = no_rows if earlier else "it is the first month in the lake; there is nothing to compare it with"
        return {**head, "status": "empty", "reason": reason}
    keys = [sample.key for sample in earlier]
    reference = [k for k, key in enumerate(keys) if key in set(trained_on)]
    learned = bool(champion and reference)
    reference = reference if learned else list(range(max(0, len(keys) - _WINDOW), len(keys)))
    table = _Table.of(samples)
    last = len(earlier)
    stable = {k: list(range(max(0, k - _WINDOW), k)) for k in range(1, last)}
    now, history = table.compare(reference, last), [table.compare(before, k) for k, before in stable.items()]
    features = _features(table, now, history, keys[1:], families or {})
    scored = [row for row in features if row["name"] == SCORE]
    features = [row for row in features if row["name"] != SCORE]
    for row in features[:_DRAWN]:
        row["bins"] = table.bins(row["name"], reference, last)
    for row in scored:
        row["bins"] = table.bins(SCORE, reference, last)
    document: dict[str, Any] = {
        **head,
        "status": "measured",
        "reference": {"months": [keys[k] for k in reference], "is_training": learned},
        "sample": {
            "rule": sampled_by,
            "months": {s.key: {"rows": s.rows, "looked_at": s.frame.height} for s in samples},
        },
        "limits": {
            "months": keys,
            "comparisons": len(history),
            "needed": FEWEST,
            "false_alarms": FALSE_ALARMS,
            "there_are": len(history) >= FEWEST,
        },
        "features": features,
        "absent": [name for name in table.names if name not in {*table.known, SCORE}],
        "score": scored[0] if scored else None,
        "adversary": _adversary(table, reference, stable, keys, _steady(table, history)),
        "alert_rate": _alert_rate(current.key, alerts),
    }
    document["alarms"] = {
        "features": [row["name"] for row in features if row["is_alarm"]],
        "score": bool(scored and scored[0]["is_alarm"]),
        "adversary": bool(document["adversary"] and document["adversary"]["is_alarm"]),
        "alert_rate": document["alert_rate"]["is_alarm"],
    }
    cleaned: dict[str, Any] = plain(document)
    return cleaned


@dataclass(frozen=True)
class _Compared:
    psi: npt.NDArray[np.float64]
    ks: npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Table:
    """The months as matrices of numbers: texts by code, missing values NaN; only columns with values are compared."""

    names: list[str]
    known: list[str]
    levels: dict[str, list[str]]
    months: list[npt.NDArray[np.float32]]  # rows by known columns
    sorted: list[list[Column]]
    customers: list[npt.NDArray[np.int64]]

    @classmethod
    def of(cls, samples: Sequence[MonthSample]) -> _Table:
        names = [name for name in samples[-1].frame.columns if name not in ("customer_id", "transaction_id")]
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
        ordered = [[np.sort(columns[name][k]) for name in known] for k in range(len(frames))]
        customers = [sample.frame["customer_id"].cast(pl.Int64).to_numpy() for sample in samples]
        return cls(names, known, levels, months, ordered, customers)

    def compare(self, reference: Sequence[int], month: int) -> _Compared:
        distances = np.full((2, len(self.known)), np.nan)
        for j, name in enumerate(self.known):
            before, now = self._column(reference, j), self.sorted[month][j]
            if not len(before) or not len(now):
                continue
            bins = Bins.of(before, self._codes(name))
            distances[0, j] = psi(bins.counts(before), bins.counts(now))
            if name not in self.levels:
                distances[1, j] = kolmogorov_smirnov(before, now)
        return _Compared(distances[0], distances[1])

    def told_apart(self, reference: Sequence[int], month: int, columns: Sequence[int]) -> Adversary | None:
        rows = np.concatenate([self.months[k][:, columns] for k in reference])
        customers = np.concatenate([self.customers[k] for k in reference])
        return tell_apart(rows, customers, self.months[month][:, columns], self.customers[month])

    def bins(self, name: str, reference: Sequence[int], month: int) -> list[dict[str, Any]]:
        j = self.known.index(name)
        before = self._column(reference, j)
        bins = Bins.of(before, self._codes(name))
        return shares(bins, before, self.sorted[month][j], self.levels.get(name))

    def about(self, j: int, month: int) -> tuple[float, float]:
        """Share of missing values, and median of the others."""
        values = self.sorted[month][j]
        known = values[: len(values) - int(np.isnan(values).sum())]
        return 1 - len(known) / max(1, len(values)), float(np.median(known)) if len(known) else float("nan")

    def varies(self, j: int) -> bool:
        """Whether the column has different values in any month, missing ones aside."""
        return any(bool((known != known[:1]).any()) for m in self.sorted if (known := m[j][~np.isnan(m[j])]).size)

    def _codes(self, name: str) -> int | None:
        return len(self.levels[name]) if name in self.levels else None

    def _column(self, months: Sequence[int], j: int) -> Column:
        parts = [self.sorted[k][j] for k in months]
        return parts[0] if len(parts) == 1 else np.sort(np.concatenate(parts))


def _features(
    table: _Table, now: _Compared, history: Sequence[_Compared], keys: Sequence[str], families: Mapping[str, str]
) -> list[dict[str, Any]]:
    """A row a column, the furthest beyond, or nearest to, its limit first."""
    none = np.empty((0, len(table.known)))
    # The root of a PSI is a distance: its spread is alike whether it is small or large.
    roots = np.sqrt([past.psi for past in history]) if history else none
    psi_limit = limits(roots)[1] ** 2
    ks_limit = limits(np.array([past.ks for past in history]) if history else none, most=1.0)[1]
    last = len(table.months) - 1
    rows: list[dict[str, Any]] = []
    for j, name in enumerate(table.known):
        missing, median = table.about(j, last)
        past = [{"month": key, "psi": found.psi[j]} for key, found in zip(keys, history, strict=True)]
        is_text = name in table.levels
        rows.append(
            {
                "name": name,
                "family": families.get(name),
                "psi": now.psi[j],
                "psi_limit": psi_limit[j],
                "ks": now.ks[j],
                "ks_limit": ks_limit[j],
                "is_alarm": bool(now.psi[j] > psi_limit[j] or now.ks[j] > ks_limit[j]),
                "missing": missing,
                "median": None if is_text else median,
                "usual": float(np.max([row["psi"] for row in past])) if past else None,
                "past": past,
            }
        )

    for row in rows:
        row["used"] = _used(row)
    return sorted(rows, key=lambda row: (-(row["used"] or 0.0), -np.nan_to_num(row["psi"]), row["name"]))


def _used(row: Mapping[str, Any]) -> float | None:
    """How much of its limit a feature has used, by the worse of its two distances (roots of PSI, as limits are)."""
    found = [row["ks"] / row["ks_limit"]] if row["ks_limit"] > 0 else []
    found += [np.sqrt(row["psi"] / row["psi_limit"])] if row["psi_limit"] > 0 else []
    return max((float(ratio) for ratio in found if np.isfinite(ratio)), default=None)


def _steady(table: _Table, history: Sequence[_Compared]) -> list[int]:
    """The half of the features that moved least in stable months; all, where there are none to tell.

    Figures that all payments of a day share (known fraud rates, the calendar) give any month away, and an adversary
    that sees them looks at nothing else.
    """
    columns = [j for j, name in enumerate(table.known) if name != SCORE and table.varies(j)]
    if not history:
        return columns
    most = np.max([past.psi for past in history], axis=0)
    return sorted(sorted(columns, key=lambda j: (most[j], j))[: (len(columns) + 1) // 2])


def _adversary(
    table: _Table,
    reference: Sequence[int],
    stable: Mapping[int, Sequence[int]],
    keys: Sequence[str],
    columns: Sequence[int],
) -> dict[str, Any] | None:
    now = table.told_apart(reference, len(table.months) - 1, columns)
    if now is None:
        return None
    past = [(keys[k], found) for k, before in stable.items() if (found := table.told_apart(before, k, columns))]
    errors = [found.error**2 for _, found in past if np.isfinite(found.error)]
    areas = np.array([[found.area] for _, found in past]).reshape(-1, 1)
    limit = float(limits(areas, float(np.mean(errors)) if errors else None, most=1.0)[1][0])
    top = np.argsort(-now.gain, kind="stable")[:_GIVEAWAYS]
    return {
        "area": now.area,
        "error": now.error,
        "limit": limit,
        "is_alarm": bool(now.area > limit),
        "seen": len(columns),
        "features": [{"name": table.known[columns[j]], "share": now.gain[j]} for j in top if now.gain[j] > 0],
        "past": [{"month": key, "area": found.area} for key, found in past],
    }


def _alert_rate(month: str, alerts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The control chart: the share of payments with an alarm, and its limits from the months before (two-sided)."""
    months = [{**row, "rate": row["alerts"] / row["rows"]} for row in alerts if row["rows"]]
    current = next((row for row in months if row["month"] == month), None)
    before = [row for row in months if row["month"] < month]
    low = high = float("nan")
    if len(before) >= FEWEST:
        rates = np.array([[row["rate"]] for row in before])
        mean = rates.mean()
        # No month can vary less than so many independent payments would.
        chance = float(mean * (1 - mean) / np.mean([row["rows"] for row in before]))
        both = limits(rates, chance)
        low, high = max(0.0, float(both[0][0])), float(both[1][0])
    return {
        "months": [row for row in months if row["month"] <= month],
        "rate": current["rate"] if current else None,
        "low": low,
        "high": high,
        "is_alarm": bool(current and (current["rate"] < low or current["rate"] > high)),
    }


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
