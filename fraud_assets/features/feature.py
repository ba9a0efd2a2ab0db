"""What a feature is, and what a family of features is. The features themselves are in the modules of the families."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import numpy.typing as npt
import polars as pl

from fraud_assets.features.spans import span

if TYPE_CHECKING:
    from fraud_assets.features.block import Block
    from fraud_assets.features.context import Context

#: Features by name: one entry a target row, of a single event a number; NaN where a number is missing, a code where
#: the feature is a string.
Columns = dict[str, npt.NDArray[Any]]
#: From the inputs to the family's columns.
Compute = Callable[["Inputs"], Columns]

#: ``Feature.table_age`` of what reads a table of the month before (``population_statistics``, ``devices``): its days.
MONTH_BEFORE = "31d"

_TYPES = (pl.Int8, pl.Int16, pl.Int32, pl.Float32, pl.String)


@dataclass(frozen=True)
class Feature:
    """One column of the feature table.

    Attributes
    ----------
    name
        Column name.
    unit
        Unit of its values.
    definition
        One sentence that a risk analyst can check.
    family
        The family that computes it.
    dtype
        Int8 (flags and small numbers), Int16, Int32, Float32 or String.
    key
        Whose past it looks at: ``row`` for none, ``customer``, ``device``, ``ip``, ``merchant``, ``recipient``,
        ``address``.
    window
        How far back it looks before the event; empty for a feature of the row alone.
    delay
        How old knowledge must be before it counts.
    baseline
        Reach of what it compares the window with, where that is another, earlier stretch.
    table_age
        How old the bank must be before a table of earlier months that it looks things up in is there: ``31d`` where the
        table is of the month before. Without it the feature is null for everybody. No events are read of that time, so
        it is no part of ``reach``.
    cost
        ``row`` needs the row, ``window`` running sums, ``keyed`` a sort by a second key.
    """

    name: str
    unit: str
    definition: str
    family: str
    dtype: type[pl.DataType]
    key: str = "customer"
    window: str = ""
    delay: str = ""
    baseline: str = ""
    table_age: str = ""
    cost: Literal["row", "window", "keyed"] = "window"

    def __post_init__(self) -> None:
        if self.dtype not in _TYPES:
            allowed = ", ".join(t.__name__ for t in _TYPES)
            raise ValueError(f"feature {self.name}: dtype is {self.dtype}; it must be one of {allowed}")

    @property
    def meaning(self) -> str:
        """The definition in short: its first clause, with the lengths of windows in words."""
        first = re.split(r";|:(?!\d)", self.definition)[0]  # 05:00 goes on
        return re.sub(r"\b(\d+)([mhd])\b", _in_words, first.replace("`", ""))

    @property
    def reach(self) -> timedelta:
        """How far back anything it reads may lie."""
        return span(self.window) + span(self.delay) + span(self.baseline)

    @property
    def look_back(self) -> timedelta:
        """How old the bank must be before the feature has all that it reads."""
        return max(self.reach, span(self.table_age))


def _in_words(window: re.Match[str]) -> str:
    unit = {"m": "minute", "h": "hour", "d": "day"}[window[2]]
    return f"{window[1]} {unit}{'' if window[1] == '1' else 's'}"


@dataclass(frozen=True)
class Inputs:
    """What a family computes from.

    Attributes
    ----------
    block
        The events, and which of them want features.
    context
        What all rows of the month share.
    columns
        The columns of the families before it.
    """

    block: Block
    context: Context
    columns: Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Family:
    """Features that are computed together, by one function over a block."""

    name: str
    features: tuple[Feature, ...]
    compute: Compute
