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
        if self.low is None:
            return "any" if self.high is None else f"at most {number(self.high)}"
        if self.high is None:
            return f"at least {number(self.low)}"
        return number(self.low) if self.low == self.high else f"{number(self.low)} to {number(self.high)}"


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
    realised = number(line.realised)
    return f"{line.asked} | {realised}" if line.holds else f"{line.asked} | **{realised}, no**"


def number(x: float) -> str:
    """A number as people read it."""
    if float(x).is_integer() and abs(x) >= 1:
        return f"{x:,.0f}"
    return f"{x:,.0f}" if abs(x) >= 1000 else f"{x:.3g}"
