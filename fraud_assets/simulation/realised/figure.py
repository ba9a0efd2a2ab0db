"""A figure that was asked for beside the one that was found, and the table of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A measured number and what was asked for: ``low <= realised <= high``, an end that is None being open.

    A figure of one name means the same in every bank, whatever is asked for there.
    """

    name: str
    low: float | None
    high: float | None
    realised: float
    section: str = ""

    @property
    def holds(self) -> bool:
        return (self.low is None or self.low <= self.realised) and (self.high is None or self.realised <= self.high)

    @property
    def asked(self) -> str:
        """What was asked for, in words."""
        return self.asked_to(3)

    def asked_to(self, digits: int) -> str:
        """What was asked for, in words, with so many digits."""
        low, high = (None if end is None else number(end, digits) for end in (self.low, self.high))
        if low is None:
            return "any" if high is None else f"at most {high}"
        if high is None:
            return f"at least {low}"
        return low if self.low == self.high else f"{low} to {high}"


def near(name: str, asked: float, realised: float, relative: float = 0.0, absolute: float = 0.0) -> Figure:
    """A figure that may be so far off, relative to what was asked for or absolutely."""
    room = max(abs(asked) * relative, absolute)
    return Figure(name, asked - room, asked + room, realised)


def all_of(name: str, wanted: int, found: int) -> Figure:
    """A figure of which nothing may be missing."""
    return Figure(name, wanted, wanted, found)


def table(found: Mapping[str, Sequence[Figure]]) -> str:
    """The figures of some banks as one Markdown table, a row a figure; a dash where a bank has no such thing.

    What does not hold is in bold.
    """
    rows: dict[tuple[str, str], dict[str, Figure]] = {}
    for bank, lines in found.items():
        for line in lines:
            rows.setdefault((line.section, line.name), {})[bank] = line
    sections = list(dict.fromkeys(section for section, _ in rows))
    text = "| figure | " + " | ".join(f"{bank}: asked | realised" for bank in found) + " |\n"
    text += "|---|" + "---|---|" * len(found) + "\n"
    for section in sections:
        text += f"| **{section}** |" + " | |" * len(found) + "\n"
        for (of, name), cells in rows.items():
            if of == section:
                text += f"| {name} | " + " | ".join(_cells(cells.get(bank)) for bank in found) + " |\n"
    return text


def _cells(line: Figure | None) -> str:
    if line is None:
        return "– | –"
    if line.holds:
        return f"{line.asked} | {number(line.realised)}"
    # Just outside, three digits would show the end itself: "1.12 to 1.44 | 1.12, no".
    ends = [end for end in (line.low, line.high) if end is not None]
    apart = (n for n in range(3, 15) if number(line.realised, n) not in {number(end, n) for end in ends})
    digits = next(apart, 15)
    return f"{line.asked_to(digits)} | **{number(line.realised, digits)}, no**"


def number(x: float, digits: int = 3) -> str:
    """A number as people read it: large ones whole, unless more digits are wanted than these have."""
    if float(x).is_integer() and abs(x) >= 1:
        return f"{x:,.0f}"
    return f"{x:,.0f}" if abs(x) >= 10 ** max(digits, 3) else f"{x:,.{digits}g}"
