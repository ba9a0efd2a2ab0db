"""Types of values, their bounds, and :class:`Section`, the frozen model that all sections are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from fraud_assets.months import Month

EARLIEST, LATEST = Month(1900, 1), Month(2199, 12)


def ordered(numbers: tuple[Any, ...]) -> tuple[Any, ...]:
    if list(numbers) != sorted(numbers):
        raise ValueError(f"{plain(numbers)} must go from the lowest to the highest")
    return numbers


def whole(shares: Any) -> Any:
    """Refuse shares of a whole that are more or less than the whole."""
    total = sum(shares.values() if isinstance(shares, Mapping) else shares)
    if abs(total - 1) > 1e-6:
        raise ValueError(f"the shares sum to {total:g}; they must sum to 1")
    return shares


def _ranges(parameters: dict[str, Any]) -> dict[str, Any]:
    for name, value in parameters.items():
        if isinstance(value, tuple) and value[0] > value[1]:
            raise ValueError(f"{name} {plain(value)} must go from the lowest to the highest")
        if (value[0] if isinstance(value, tuple) else value) < 0:
            said = plain(value) if isinstance(value, tuple) else f"{value:g}"
            raise ValueError(f"{name} {said} must not be below 0")
    return parameters


def _month_key(key: str) -> str:
    if not EARLIEST <= Month.parse(key) <= LATEST:
        raise ValueError(f"month {key!r} must lie within {EARLIEST} to {LATEST}")
    return key


def split_cell(cell: Any) -> Any:
    return tuple(word for word in cell.split(";") if word) if isinstance(cell, str) else cell or ()


def split_weights(cell: Any) -> Any:
    """A cell such as ``tamil:70;telugu:9`` as what it weighs."""
    if not isinstance(cell, str):
        return cell or {}
    pairs = [[part.strip() for part in word.split(":")] for word in cell.split(";") if word.strip()]
    pairs = [[str(int(name)) if name.isdecimal() else name, *rest] for name, *rest in pairs]  # 05 is the same day as 5
    if any(len(pair) != 2 for pair in pairs) or len(dict(pairs)) != len(pairs):
        raise ValueError("it must be names with their weights, each name once, such as a:3;b:1")
    return dict(pairs)


def known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, not a relative path, or a folder of zones
        raise ValueError(f"{name!r} is not a time zone of the IANA database, such as America/New_York") from None
    return name


def filled(cell: Any) -> Any:
    """An empty cell of a table is nothing."""
    return None if cell == "" else cell


def _level(number: float) -> float:
    if not LOWEST_LEVEL <= number <= HIGHEST_LEVEL:
        raise ValueError(
            f"a level of prices must lie within {LOWEST_LEVEL:g} to {HIGHEST_LEVEL:g}; 1 is a city in which things cost"
            " what categories.csv says"
        )
    return number


def zero(cell: Any) -> Any:
    """An empty cell of a table is 0."""
    return 0 if cell == "" else cell


def plain(numbers: tuple[Any, ...]) -> str:
    return f"[{', '.join(f'{n:g}' for n in numbers)}]"


T = TypeVar("T", int, float)

Share = Annotated[float, Field(ge=0, le=1)]

#: More than any sum or factor is: what still fits into whole hundredths.
_MOST = 1e12

Positive = Annotated[float, Field(gt=0, le=_MOST)]

#: Prices of a city as a multiple of those of the tables. No city is further from the others of its bank: prices of New
#: York and of a village in India lie about a hundredfold apart.
LOWEST_LEVEL, HIGHEST_LEVEL = 0.01, 100.0
Level = Annotated[Positive, AfterValidator(_level)]

Count = Annotated[int, Field(ge=0)]

Age = Annotated[int, Field(ge=0, le=120)]

DayOfMonth = Annotated[int, Field(ge=1, le=31)]

Weight = Annotated[float, Field(ge=0, le=_MOST)]

#: A lowest and a highest value.
Range = Annotated[tuple[T, T], AfterValidator(ordered)]

#: Three shares of a whole: low, medium, high.
Levels = Annotated[tuple[Share, Share, Share], AfterValidator(whole)]

#: A factor for each day, Monday first.
Week = tuple[Positive, Positive, Positive, Positive, Positive, Positive, Positive]

#: A number for each hour of the day, that from 0 to 1 h first.
Hours = Annotated[tuple[Positive, ...], Field(min_length=24, max_length=24)]

MonthKey = Annotated[str, AfterValidator(_month_key)]

#: Parameters of a fraud type: a number, or the bounds between which each campaign draws its own.
Parameters = Annotated[dict[str, float | int | tuple[float, float]], AfterValidator(_ranges)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
