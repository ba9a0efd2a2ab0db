"""A column as a person reads about it: in the field reference, and in the UI beside a flat table.

What lives here: what a schema's column says of itself, in words. What does not: the columns (``tables``) and the page
(``document``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import dataframely as dy
import polars as pl

from fraud_assets.tables import HIDDEN

#: ``at once``: at the row's instant; ``later``: minutes to months after it; ``never``: only the simulator knows.
Known = Literal["at once", "later", "never"]


@dataclass(frozen=True)
class Field:
    """A column in words.

    Attributes
    ----------
    dtype
        Its polars type; ``Enum`` without the values.
    nullable
        Whether it may be null.
    unit
        Of a number or an instant; empty where there is none.
    allowed
        Values it is limited to; empty if it is not.
    known
        When a bank knows it.
    """

    name: str
    dtype: pl.DataType
    nullable: bool
    unit: str
    allowed: str
    meaning: str
    known: Known

    @property
    def type_name(self) -> str:
        match self.dtype:
            case pl.Enum():
                return "Enum"
            case pl.Datetime():
                return "Datetime"
            case _:
                return str(self.dtype)


def fields_of(table: type[dy.Schema]) -> Iterator[Field]:
    """The columns of a table, in its order."""
    for name, column in table.columns().items():
        metadata = column.metadata or {}
        yield Field(
            name=name,
            dtype=column.dtype,
            nullable=column.nullable,
            unit=metadata.get("unit", "") or _unit(name, column.dtype),
            allowed=_allowed(name, column),
            meaning=column.description or "",
            known="never" if metadata.items() >= HIDDEN.items() else "at once",
        )


def _unit(name: str, dtype: pl.DataType) -> str:
    match dtype:
        case pl.Datetime():
            return "UTC, µs"
        case pl.Date():
            return "local day"
        case _:
            return "id" if name.endswith("_id") else ""


def _allowed(name: str, column: dy.Column) -> str:
    if isinstance(column.dtype, pl.Enum):
        return ", ".join(column.dtype.categories)
    low, high = getattr(column, "min", None), getattr(column, "max", None)
    if name.endswith("_id") or (low is None and high is None):
        return ""  # that ids are not negative tells nobody anything
    if low is None or high is None:
        return f"{low:g} or more" if low is not None else f"at most {high:g}"
    return f"{low:g} to {high:g}"
