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

    @property
    def allowed(self) -> str:
        """What the figure may be, in words: ``0.4 to 0.6``, ``at most 0.75``; empty without a bound."""
        if self.low is not None and self.high is not None:
            return f"{written(self.low)} to {written(self.high)}"
        if self.high is not None:
            return f"at most {written(self.high)}"
        return "" if self.low is None else f"at least {written(self.low)}"

    @property
    def used(self) -> float:
        """How much of its room the figure uses: 0 where it is as asked for, 1 at a bound, more where that is broken."""
        if self.low is None and self.high is None:
            return 0.0
        if self.low is not None and self.high is not None:
            middle = (self.low + self.high) / 2 if self.asked is None else self.asked
        elif self.asked is not None:
            middle = self.asked
        else:  # how near it is to its bound, as a share of the larger of the two
            bound = self.high if self.high is not None else self.low
            part, whole = (self.realised, bound) if self.high is not None else (bound, self.realised)
            return 0.0 if self.holds and not part else _share(part or 0.0, whole or 0.0)
        room = self.high if self.realised >= middle else self.low
        if room is None:  # it is off towards the side that has no bound
            return 0.0
        off = abs(self.realised - middle)
        return _share(off, abs(room - middle)) if off else 0.0 if self.holds else float("inf")


def share_line(name: str, realised: float, low: float, high: float, asked: float | None, note: str) -> Line:
    """A figure between 0 and 1: what no share can pass is no limit, so it is not shown as one."""
    return Line(name, realised, low if low > 0 else None, high if high < 1 else None, asked, note)


def written(x: float) -> str:
    """A figure of a gate: three digits, thousands apart."""
    return f"{x:,.0f}" if abs(x) >= 100 or (float(x).is_integer() and abs(x) > 1) else f"{x:.3g}"


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("inf")


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
    decisive
        The figure that decides, where it is none of the lines.
    """

    name: str
    passed: bool
    value: float | None
    limit: str
    explanation: str
    n: int
    lines: tuple[Line, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)
    decisive: Line | None = None

    @property
    def closest(self) -> Line | None:
        """The figure that decides with its own limit: of all lines the one that uses most of its room."""
        if self.value is None:
            return None
        return self.decisive or max(self.lines, key=lambda line: (not line.holds, line.used), default=None)


def untested(name: str, limit: str, n: int, why: str = "there are too few fraud or honest rows") -> Result:
    """The result of a gate that could not look: it lets pass, and says so."""
    return Result(name, True, None, limit, f"Not tested: {why}.", n)
