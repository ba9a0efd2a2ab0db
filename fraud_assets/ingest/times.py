"""Times as files write them: with a zone or without, as texts, numbers or days; in UTC afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl

from fraud_assets.months import Month
from fraud_assets.scenario.source import Files

_MICROS = pl.Datetime("us")
#: In microseconds; and as many as are worth a table, a hundred years of them.
_QUARTER, _MOST_QUARTERS = 900_000_000, 3_500_000
#: A zone at the end of a time of day.
_ZONE = r"(?i:z|utc|gmt|[+-]\d\d:?\d\d|[+-]\d\d)$"
_ISO_DAY = "%Y-%m-%d"
_ISO = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M")
_ISO_ZONED = ("%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%d %H:%M%#z")


@dataclass(frozen=True)
class Times:
    """Instants, and what is wrong where there is none.

    Attributes
    ----------
    instant
        UTC, microseconds; null where there is none.
    is_skipped
        A local time that the clocks skipped.
    is_day
        A day without a time; the instant is its beginning, local.
    """

    instant: pl.Series
    is_skipped: pl.Series
    is_day: pl.Series


def times(cells: pl.Series, files: Files) -> Times:
    """Read a column of times.

    Parameters
    ----------
    cells
        Texts (without spaces around them), whole numbers, days, or times with or without a zone.
    """
    never = _never(cells)
    dtype = cells.dtype
    if isinstance(dtype, pl.Datetime):
        found = cells.cast(pl.Datetime("us", dtype.time_zone))
        if dtype.time_zone:
            return Times(found.dt.convert_time_zone("UTC"), never, never)
        return Times(*_local(found, files), never)
    if dtype == pl.Date:
        return Times(*_local(cells.cast(_MICROS), files), cells.is_not_null())
    if files.time_format in ("epoch_s", "epoch_ms"):
        scale = 1_000_000 if files.time_format == "epoch_s" else 1_000
        number = cells.cast(pl.Float64, strict=False)
        number = pl.select(pl.when(number.is_finite() & (number.abs() < 1e17 / scale)).then(number)).to_series()
        micros = (number * scale).round().cast(pl.Int64)
        return Times(micros.cast(_MICROS).dt.replace_time_zone("UTC"), never, never)
    texts = cells if dtype == pl.String else cells.cast(pl.String)
    return _iso(texts, files) if files.time_format == "iso" else _written(texts, files)


def _iso(texts: pl.Series, files: Files) -> Times:
    quick = texts.str.to_datetime(_usual(texts), strict=False, time_unit="us")
    if quick.null_count() == texts.null_count():  # a file that writes all its times in one way
        return Times(*_local(quick, files), _never(texts))
    texts = texts.str.replace("T", " ", literal=True)
    is_day = (texts.str.len_bytes() == len("2024-01-31")).fill_null(False)
    is_zoned = texts.str.slice(10).str.contains(_ZONE).fill_null(False)
    naive = _first(texts, _ISO, done=is_zoned | is_day)
    if is_day.any():
        naive = naive.fill_null(texts.set(~is_day, None).str.to_datetime(_ISO_DAY, strict=False, time_unit="us"))
    instant, is_skipped = _local(naive, files)
    if is_zoned.any():
        zoned = texts.set(~is_zoned, None).str.replace(r"(?i)\s*(z|utc|gmt)$", "+00:00")
        instant = instant.fill_null(_first(zoned, _ISO_ZONED, done=~is_zoned))
    return Times(instant, is_skipped, is_day)


def _usual(texts: pl.Series) -> str:
    """The format that the first text has, if it is one that files often have."""
    first = texts.drop_nulls().head(1)
    return "%Y-%m-%dT%H:%M:%S" if len(first) and "T" in first[0] else "%Y-%m-%d %H:%M:%S"


def _never(cells: pl.Series) -> pl.Series:
    return pl.Series("is", [False]).new_from_index(0, len(cells))


def _written(texts: pl.Series, files: Files) -> Times:
    """Texts of the scenario's own format, or of the part of it that is the day."""
    day = re.split(r"[ T]*%[HIkl]", files.time_format)[0]
    is_zoned = bool(re.search(r"%:*#?z|%\+", files.time_format))
    found = texts.str.to_datetime(files.time_format, strict=False, time_unit="us")
    never = found.is_null() & found.is_not_null()
    instant, is_skipped = (found.cast(pl.Datetime("us", "UTC")), never) if is_zoned else _local(found, files)
    left = found.is_null() & texts.is_not_null()
    if day == files.time_format or not left.any():
        return Times(instant, is_skipped, never if day != files.time_format else found.is_not_null())
    days = texts.str.to_datetime(day, strict=False, time_unit="us").set(~left, None)
    instant_of_day, is_day_skipped = _local(days, files)
    return Times(instant.fill_null(instant_of_day), is_skipped | is_day_skipped, days.is_not_null())


def _first(texts: pl.Series, formats: tuple[str, ...], done: pl.Series) -> pl.Series:
    """Each text by the first format that fits, except where it is done."""
    found: pl.Series | None = None
    for form in formats:
        left = texts if found is None else texts.set(found.is_not_null(), None)
        more = left.str.to_datetime(form, strict=False, time_unit="us")
        found = more if found is None else found.fill_null(more)
        if (found.is_not_null() | done | texts.is_null()).all():
            break
    assert found is not None  # noqa: S101 - there is at least one format
    return found


def _local(naive: pl.Series, files: Files) -> tuple[pl.Series, pl.Series]:
    """Local times in UTC (of one that the clocks showed twice the first), and which of them the clocks skipped."""
    offset = _by_quarter(naive, lambda quarters: _to_utc(quarters, files.time_zone))
    found = (naive + offset).dt.replace_time_zone("UTC")
    return found, found.is_null() & naive.is_not_null()


def local_start(month: Month, zone: str) -> datetime:
    """The instant (UTC) at which a month begins on the clocks of a zone."""
    return datetime(month.year, month.number, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def utc_offsets(instants: pl.Series, zone: str) -> pl.Series:
    """Local time minus UTC at each instant, as durations."""
    return _by_quarter(instants.dt.replace_time_zone(None), lambda quarters: _to_local(quarters, zone))


def _to_utc(quarters: pl.Series, zone: str) -> pl.Series:
    found = quarters.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return found.dt.convert_time_zone("UTC").dt.replace_time_zone(None) - quarters


def _to_local(quarters: pl.Series, zone: str) -> pl.Series:
    return quarters.dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.replace_time_zone(None) - quarters


def _by_quarter(naive: pl.Series, rule: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """What a rule gives for the quarter of an hour of each time: no zone changes its clocks within one."""
    quarter = naive.to_physical() // _QUARTER
    first, last = quarter.min(), quarter.max()
    if not isinstance(first, int) or not isinstance(last, int) or last - first > _MOST_QUARTERS:
        return rule((quarter * _QUARTER).cast(_MICROS))
    table = rule((pl.int_range(first, last + 1, eager=True) * _QUARTER).cast(_MICROS))
    return table.gather(quarter - first)
