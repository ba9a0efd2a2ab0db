"""Which month a file is of, by its name, and whether it writes days or months first.

What lives here: reading these from names and cells. What a scenario says then, and with what doubt, is for ``guess``.
"""

from __future__ import annotations

import re

import polars as pl

#: What comes first instead, where days do and where months do.
_FIRST = ("month", "day")
#: A month in a path: 2024-01; or 202401, 2024_01, 2024/01.
_MONTHS = (r"(?<!\d)(20\d\d)(-)(0[1-9]|1[0-2])(?!\d)", r"(?<!\d)(20\d\d)([_/]?)(0[1-9]|1[0-2])(?!\d)")


def month_in(location: str) -> tuple[str, str | None]:
    """A path with its month as a scenario writes it (``{month}``, or ``{year}`` and ``{mm}``), and the month.

    The month is ``2024-01``, the last one that the path names; None if it names none, and the path is as it was.
    """
    for pattern, place in zip(_MONTHS, ("{month}", r"{year}\2{mm}"), strict=True):
        if found := re.findall(pattern, location):
            return re.sub(pattern, place, location), f"{found[-1][0]}-{found[-1][2]}"
    return location, None


def order_of_days(texts: pl.Series, written: str, month: str | None) -> tuple[str, str]:
    """Whether days or months come first in times with slashes, by the month of the file or else by what can be read.

    Parameters
    ----------
    texts
        The cells.
    written
        A format; only one that begins with ``%d/%m`` has another order.
    month
        Of the file, ``2024-02``, if its name says it.

    Returns
    -------
    The format under which most rows fall into the month, or can be read at all; and what is doubtful of that.
    """
    forms = (written, written.replace("%d/%m", "%m/%d"))
    if forms[0] == forms[1]:
        return written, ""
    months = [texts.str.to_datetime(form, strict=False, time_unit="us").dt.strftime("%Y-%m") for form in forms]
    rows = max(len(texts) - texts.null_count(), 1)
    within = [float((found == (month or "")).sum()) / rows for found in months]
    read = [float(found.count()) / rows for found in months]
    by_month = within[0] != within[1]
    shares = within if by_month else read
    chosen = int(shares[1] > shares[0])
    most, least = shares[chosen], shares[1 - chosen]
    is_sure = (most >= 0.9 and least < 0.5) if by_month else least < most == 1 or least < 0.9 <= most
    return forms[chosen], "" if is_sure else f"or {'%m/%d' if chosen == 0 else '%d/%m'}, the {_FIRST[chosen]} first"
