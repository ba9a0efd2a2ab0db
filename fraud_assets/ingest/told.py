"""What a file tells of itself: its month by its name, its currency by codes and signs, how it writes days by both.

What lives here: reading these from names and cells. What a scenario says then, and with what doubt, is for ``guess``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import polars as pl

from fraud_assets.ingest.clues import NAMES
from fraud_assets.ingest.currencies import ANY_SIGN, ISO_4217, SIGNS

#: An amount with a code or a sign before or behind it.
_BEFORE, _BEHIND = rf"^[-+]?\s*({ANY_SIGN}|[A-Z]{{3}})\s*[-+]?[\d.,]+$", rf"^[-+]?[\d.,]+\s*({ANY_SIGN}|[A-Z]{{3}})$"
#: Codes that are words, too: in capitals among small letters, or in brackets, they are meant as codes.
_WORDS = frozenset(
    {"ALL", "BAM", "BOB", "COP", "CUP", "GEL", "LAK", "MAD", "MOP", "NOK", "PEN", "RON", "SOS", "TOP", "TRY"}
)
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


_FIRST = ("month", "day")


def currency(columns: Mapping[str, str], texts: Mapping[str, pl.Series]) -> tuple[str, str] | None:
    """The currency of a file, and what is doubtful of it; None if nothing in it tells.

    Parameters
    ----------
    columns
        Ours -> theirs, as far as known.
    texts
        The cells of all columns as texts, by name.
    """
    if columns.get("currency") in texts:
        codes = texts[columns["currency"]].str.to_uppercase().drop_nulls()
        found = [code for code in codes.value_counts(sort=True).get_column(codes.name).to_list() if code in ISO_4217]
        if found:
            others = ", ".join(sorted(found[1:4]))
            return found[0], f"the most frequent; there are {others}, too, and a bank has one" if others else ""
    amounts = [columns["amount"], *(name for name in texts if re.search(NAMES["amount"], name.lower()))]
    return (
        _first(_in_name(name) for name in amounts)
        or _first(_in_cells(texts[name]) for name in amounts if name in texts)
        or _first((code, doubt or "by another column’s name") for code, doubt in map(_in_name, texts) if code)
    )


def _first(found: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    return next((one for one in found if one[0]), None)


def _in_name(name: str) -> tuple[str, str]:
    """The code that a column's name has, and what is doubtful of it; no code if it has none."""
    if sign := re.search(ANY_SIGN, name):
        return SIGNS[sign[0]]
    for found in re.finditer(r"[A-Z]?[a-z]+|[A-Z]+", name):
        code, around = found[0].upper(), name[max(found.start() - 1, 0) : found.end() + 1]
        is_meant = found[0].isupper() and (not name.isupper() or re.match(r"[(\[].*[)\]]$", around))
        if code in ISO_4217 and (code not in _WORDS or is_meant):
            return code, ""
    return "", ""


def _in_cells(texts: pl.Series) -> tuple[str, str]:
    """The code or sign beside most amounts."""
    known = texts.drop_nulls()
    beside = known.str.extract(_BEFORE).fill_null(known.str.extract(_BEHIND)).drop_nulls()
    if len(known) == 0 or len(beside) < len(known) / 2:
        return "", ""
    most = str(beside.value_counts(sort=True).get_column(beside.name)[0])
    return SIGNS.get(most, (most if most in ISO_4217 else "", ""))
