"""Hours: the time of day at which somebody usually does something on such a day."""

from __future__ import annotations

import numpy as np

from fraud_assets.simulation.calendar import offset_at, utc_offset_minutes
from fraud_assets.simulation.intents import DAY, MINUTE, Bank
from fraud_assets.simulation.spending import clock
from fraud_assets.simulation.streams import F64, I64


def at_usual_hours(bank: Bank, who: I64, category: I64, event_us: I64, u: F64) -> I64:
    """The instants moved to the time of day at which the customers make payments of the categories.

    They stay on their local day, and are whole milliseconds.

    Parameters
    ----------
    who, category
        Positions in the bank's traits and indices of categories, shape (n,).
    event_us
        UTC microseconds.
    u
        Uniform draws.
    """
    home = bank.traits.city[who]
    day = (event_us + offset_at(bank.scenario, home, event_us) * MINUTE) // DAY
    local_us = day * DAY + np.rint(clock(bank, who, category, day, u) * 1000).astype(np.int64) * 1000
    return local_us - utc_offset_minutes(bank.scenario, home, local_us) * MINUTE
