"""Currencies as they stand in files: which one a file is in, and amounts with its code or sign beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

#: ISO 4217, list one, without funds, metals and test codes.
_LIST_ONE = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP
CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR
ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT
MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD
SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND
VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
_ISO_4217 = frozenset(_LIST_ONE.split())
#: Sign -> code, and what makes it doubtful.
_SIGNS = {
    "US$": ("USD", ""),
    "A$": ("AUD", ""),
    "C$": ("CAD", ""),
    "R$": ("BRL", ""),
    "$": ("USD", "$ stands for other dollars, too"),
    "€": ("EUR", ""),
    "£": ("GBP", ""),
    "₹": ("INR", ""),
    "¥": ("JPY", "¥ stands for the yuan, too"),
}
_ANY_SIGN = r"(?:\b(?:US|A|C|R)\$|[$€£₹¥])"
_ANY = rf"(?:[A-Z]{{3}}|{_ANY_SIGN})"
#: Beside point and comma, what stands between thousands: spaces (plain, unbreakable, thin, narrow) and apostrophes.
GROUPS = " \u00a0\u2009\u202f'’"
#: An amount with a code or a sign before or behind it.
_BEFORE, _BEHIND = rf"^[-+]?\s*({_ANY})\s*[-+]?[\d.,{GROUPS}]+$", rf"^[-+]?\d[\d.,{GROUPS}]*\s*({_ANY})$"
#: Codes that are words, too: in capitals among small letters, or in brackets, they are meant as codes.
_WORDS = frozenset(
    {"ALL", "BAM", "BOB", "COP", "CUP", "GEL", "LAK", "MAD", "MOP", "NOK", "PEN", "RON", "SOS", "TOP", "TRY"}
)
#: Other currencies of which the sign alone is written, too.
_SHARED = {"$": {"AUD", "CAD", "HKD", "NZD", "SGD", "TWD"}, "¥": {"CNY"}}


def bare(amounts: pl.Series, currency: str | None = None) -> pl.Series:
    """Amounts as texts, without the code or the sign of the currency (any, if none is given) before or behind them.

    ``-$1,200.50``, ``$ -5``, ``5 USD`` and ``USD5`` lose it; what has the sign of another currency stays as it is.
    """
    if currency is None:
        of = _ANY
    else:
        signs = [sign for sign, (code, _) in _SIGNS.items() if currency in {code, *_SHARED.get(sign, ())}]
        of = "(?:" + "|".join(re.escape(mark) for mark in sorted([currency, *signs], key=len, reverse=True)) + ")"
    if not amounts.str.contains(of).any():
        return amounts
    return amounts.str.strip_chars().str.replace_all(rf"^([-+]?)\s*{of}\s*|\s*{of}$", "${1}")


def are_codes(texts: pl.Series) -> bool:
    """Whether a column holds currencies' codes and nothing else."""
    said = texts.filter(texts.is_not_null() & (texts != "")).unique()
    return bool(len(said)) and bool(said.is_in(sorted(_ISO_4217)).all())


def currency_of(texts: Mapping[str, pl.Series], amounts: Sequence[str], codes: str | None) -> tuple[str, str] | None:
    """The currency of a file, and what is doubtful of it; None if nothing in it tells.

    Parameters
    ----------
    texts
        The cells of all columns as texts, by name.
    amounts
        The columns that amounts may be in, the surest first.
    codes
        The column of currencies, if there is one.
    """
    if codes is not None and codes in texts:
        said = texts[codes].str.to_uppercase().drop_nulls()
        found = [code for code in said.value_counts(sort=True).get_column(said.name).to_list() if code in _ISO_4217]
        if found:
            others = ", ".join(sorted(found[1:4]))
            return found[0], f"the most frequent; there are {others}, too, and a bank has one" if others else ""
    return (
        _first(_in_name(name) for name in amounts)
        or _first(_in_cells(texts[name]) for name in amounts if name in texts)
        or _first((code, doubt or "by another column’s name") for code, doubt in map(_in_name, texts) if code)
    )


def _first(found: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    return next((one for one in found if one[0]), None)


def _in_name(name: str) -> tuple[str, str]:
    """The code that a column's name has, and what is doubtful of it; no code if it has none."""
    if sign := re.search(_ANY_SIGN, name):
        return _SIGNS[sign[0]]
    for found in re.finditer(r"[A-Z]?[a-z]+|[A-Z]+", name):
        code, around = found[0].upper(), name[max(found.start() - 1, 0) : found.end() + 1]
        is_meant = found[0].isupper() and (not name.isupper() or re.match(r"[(\[].*[)\]]$", around))
        if code in _ISO_4217 and (code not in _WORDS or is_meant):
            return code, ""
    return "", ""


def _in_cells(texts: pl.Series) -> tuple[str, str]:
    """The code or sign beside most amounts."""
    known = texts.drop_nulls()
    beside = known.str.extract(_BEFORE).fill_null(known.str.extract(_BEHIND)).drop_nulls()
    if len(known) == 0 or len(beside) < len(known) / 2:
        return "", ""
    most = str(beside.value_counts(sort=True).get_column(beside.name)[0])
    return _SIGNS.get(most, (most if most in _ISO_4217 else "", ""))
