"""Blocks: the pieces of a month in which column streams are drawn.

A ledger month is a UTC interval, people live by local days, and a refund may point into the month before. So each
month is drawn as three blocks of local days, lead (1), body and tail (6), each with streams of its own, and a ledger
month is cut from the tail before it, its own blocks and, where a city lies east of Greenwich, the lead after it:
consecutive days, drawn in one pass. Nothing outlives a tail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.streams import I64

LEAD_DAYS = 1
#: Longest time from a payment to its refund, reversal or retry, in days.
TAIL_DAYS = 6


@dataclass(frozen=True)
class Block:
    """Consecutive local days of one month."""

    month: Month
    part: int  # 0 lead, 1 body, 2 tail
    first_day: int  # days since 1970-01-01
    days: int

    @property
    def period(self) -> int:
        """The number that names the block's streams."""
        return self.month.index * 4 + self.part

    @staticmethod
    def month_index(period: I64) -> I64:
        """``Month.index`` of the blocks with these periods."""
        return period // 4


def blocks(scenario: Scenario, month: Month) -> list[Block]:
    """The blocks from which a ledger month is cut, in the order of their days, which follow one another."""
    own = _parts(month)
    parts = [_parts(month - 1)[2], *own]
    if any(_east(c.time_zone) for c in scenario.cities):
        parts.append(_parts(month + 1)[0])
    return parts


def _parts(month: Month) -> tuple[Block, Block, Block]:
    first = (date(month.year, month.number, 1) - date(1970, 1, 1)).days
    body = month.days - LEAD_DAYS - TAIL_DAYS
    return (
        Block(month, 0, first, LEAD_DAYS),
        Block(month, 1, first + LEAD_DAYS, body),
        Block(month, 2, first + LEAD_DAYS + body, TAIL_DAYS),
    )


def _east(zone: str) -> bool:
    offset = datetime(2024, 1, 1, tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset()
    return offset is not None and offset.total_seconds() > 0
