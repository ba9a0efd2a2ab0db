"""What a gate says: the verdict, and every figure behind it beside what was asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Line:
    """A realised figure; ``low <= realised <= high`` is what was asked for, None where there is no bound.

    Attributes
    ----------
    name
        What was measured.
    realised, asked
        The figure, and the one that was asked for if it is a single number.
    low, high
        What the figure may be, chance included.
    note
        What belongs to it: how many rows, which value.
    """

    name: str
    realised: float
    low: float | None = None
    high: float | None = None
    asked: float | None = None
    note: str = ""

    @property
    def holds(self) -> bool:
        return (self.low is None or self.realised >= self.low) and (self.high is None or self.realised <= self.high)


@dataclass(frozen=True)
class Result:
    """What a gate found.

    Attributes
    ----------
    name
        Of the gate, stable.
    passed
        False if the limit is broken. True also where nothing could be tested (``value`` is then None).
    value, limit
        The figure that decides, and in words what it may be.
    explanation
        One or two sentences with the figures behind it.
    n
        Number of fraud rows behind the figure.
    lines
        Asked and realised, side by side; the worst first where there is an order.
    details
        More figures, JSON-able.
    """

    name: str
    passed: bool
    value: float | None
    limit: str
    explanation: str
    n: int
    lines: tuple[Line, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)


def untested(name: str, limit: str, n: int, why: str = "there are too few fraud or honest rows") -> Result:
    """The result of a gate that could not look: it lets pass, and says so."""
    return Result(name, True, None, limit, f"Not tested: {why}.", n)
