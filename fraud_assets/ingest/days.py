"""Which month a file is of, by its name, and whether it writes days or months first.

What lives here: reading these from names and cells. What a scenario says then, and with what doubt, is for ``guess``.
"""

from __future__ import annotations

import re

import polars as pl

#: What comes first instead, where days do and where months do.
_FIRST = ("month", "day")
#: What follows no month: another digit, or the day of a whole date, which says when a file was made, or of what day.
_NO_DAY = r"(?!\d|\2\d\d(?!\d))"
#: A month in a path: 2024-01; or 202401, 2024_01, 2024/01.
_MONTHS = tuple(rf"(?<!\d)(20\d\d)({sign})(0[1-9]|1[0-2]){_NO_DAY}" for sign in ("-", "[_/]?"))


def month_in(location: str) -> tuple[str, str | None]:
    """A path with its month as a scenario writes it (``{month}``, or ``{year}`` and ``{mm}``), and the month.

    The month is ``2024-01``, the last one that the path names; None if it names none, or the file's name two of them
    (from one to the other), and the path is as it was. Other months, as of a folder, stay: they stand for themselves.
    """
    name = location.rfind("/") + 1
    for pattern in _MONTHS:
        found = list(re.finditer(pattern, location))
        if not found:
            continue
        month = _key(found[-1])
        if any(_key(other) != month for other in found if other.start() >= name):
            return location, None
        year, _, number = month.partition("-")
        location = re.sub(rf"(?<!\d)({year})(-){number}{_NO_DAY}", "{month}", location)
        return re.sub(rf"(?<!\d)({year})([_/]?){number}{_NO_DAY}", r"{year}\2{mm}", location), month
    return location, None


def _key(found: re.Match[str]) -> str:
    return f"{found[1]}-{found[3]}"


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
