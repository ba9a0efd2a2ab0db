"""Currencies as they stand in files: codes, signs, and amounts with either beside them."""

from __future__ import annotations

import re

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
ISO_4217 = frozenset(_LIST_ONE.split())
#: Sign -> code, and what makes it doubtful.
SIGNS = {
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
ANY_SIGN = r"(?:\b(?:US|A|C|R)\$|[$€£₹¥])"
#: Other currencies of which the sign alone is written, too.
_SHARED = {"$": {"AUD", "CAD", "HKD", "NZD", "SGD", "TWD"}, "¥": {"CNY"}}


def bare(amounts: pl.Series, currency: str | None = None) -> pl.Series:
    """Amounts as texts, without the code or the sign of the currency (any, if none is given) before or behind them.

    ``-$1,200.50``, ``$ -5``, ``5 USD`` and ``USD5`` lose it; what has the sign of another currency stays as it is.
    """
    if currency is None:
        of = rf"(?:[A-Z]{{3}}|{ANY_SIGN})"
    else:
        signs = [sign for sign, (code, _) in SIGNS.items() if currency in {code, *_SHARED.get(sign, ())}]
        of = "(?:" + "|".join(re.escape(mark) for mark in sorted([currency, *signs], key=len, reverse=True)) + ")"
    if not amounts.str.contains(of).any():
        return amounts
    return amounts.str.strip_chars().str.replace_all(rf"^([-+]?)\s*{of}\s*|\s*{of}$", "${1}")
