"""A model's reasons and the values of features, as somebody says them who looks into frauds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from fraud_assets.features.registry import REGISTRY

#: Significant digits of numbers.
_FIGURES = 4
#: Units of time, in seconds, the largest first.
_SECONDS = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
#: Units that say no more than the number does.
_WITHOUT = ("name", "0 or 1", "0 to 1", "-1 to 1", "ratio", "level", "0 = Monday")


def in_words(reason: Mapping[str, Any], currency: str) -> str:
    """A reason by its strongest feature."""
    name, value, usual = reason["feature"], reason["value"], reason["usual"]
    known = REGISTRY.get(name)
    if known is None:
        return f"{name} is {text(value)} ({text(usual)})"
    if known.unit == "0 or 1" and value == 1:
        return known.meaning
    return f"{known.meaning}: {_with_unit(value, known.unit, currency)} ({_with_unit(usual, known.unit, currency)})"


def _with_unit(value: Any, unit: str, currency: str) -> str:
    """A feature's value as one says it: 18 minutes rather than 0.0125 days."""
    if isinstance(value, str | None):
        return "unknown" if value is None else value
    if unit == "0 or 1" and value in (0, 1):
        return "yes" if value else "no"
    if unit in _SECONDS:
        seconds = value * _SECONDS[unit]
        unit = next((larger for larger, size in _SECONDS.items() if abs(seconds) >= size), unit)
        value = seconds / _SECONDS[unit]
        value = float(f"{value:.2g}") if abs(value) < 10 else round(value)
        return f"{text(value)} {_of(value, unit)}"
    if unit == "major units":
        return f"{value:,.2f} {currency}"
    said = "attempts" if unit == "rows" else unit
    return text(value) if said in _WITHOUT else f"{text(value)} {_of(value, said)}"


def _of(value: float, unit: str) -> str:
    return unit.removesuffix("s") if value == 1 else unit


def text(value: Any) -> str:
    """A value in few characters; a dash for none."""
    match value:
        case None:
            return "-"
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
        case timedelta():
            return str(value)
        case float():
            return f"{value:z.{_FIGURES}g}" if abs(value) < 10 ** (_FIGURES - 1) else f"{value:.0f}"
        case _:
            return str(value)
