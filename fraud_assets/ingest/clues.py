"""What tells a column of a file that nobody has described yet: its name, and what its cells look like.

What lives here: patterns, and the rules by which a column can be what its name says. Whose column it becomes is for
``guess``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import polars as pl

from fraud_assets.ingest.currencies import GROUPS, are_codes, bare

#: Different codes that are listed.
MOST_CODES = 25
#: Ours -> what is found in the names of columns, in many banks' languages; earlier ones are looked for first.
NAMES: dict[str, str] = {
    "is_fraud": r"fraud|betrug|fraude|frode|bedr[äa]geri|svindel|chargeback|is_?scam|^class$|^label$|isfraud|tx_fraud$",
    "reported_at": r"report.*(date|time|at)|melde.*(datum|zeit)|^anm[äe]ld|date.*signal|dispute_date|chargeback_date",
    "event_time": r"time|zeit|datetime|timestamp|(trans|tx|event|buchungs?|auth)_?(date|datum|dt)|^dt$|^date$|^datum$"
    r"|fecha|data_ora|^date.(de.)?(l.)?(op[ée]r|trans)",
    "amount": r"amount|amt|betrag|summe|^cents?$|importe|montant|valor|value|^sum$|importo|belopp|bel[øo]b",
    "customer_id": r"cust|kunde|^kund|klant|client|account|konto|user|holder|cc_num|card_?(id|no|num)|nameorig|cliente"
    r"|^who$",
    "transaction_id": r"(trans|tx|txn|buchung|event|payment|order).*(id|nr|no|num|ref)$|^id$|^buchung$|^ref|uuid"
    r"|^(n°|num[ée]ro|id|r[ée]f[ée]rence)\W.*(op[ée]r|trans)",
    "merchant_id": r"merchant|haendler|händler|försäljningsst|butik|shop|store|seller|commer|terminal_id|^payee_name$"
    r"|namedest",
    "payee_id": r"payee|recipient|empfaenger|empfänger|b[ée]n[ée]fici|iban|counterparty|dest",
    "category": r"categor|mcc|branche|sector",
    "channel": r"channel|^weg$|kanal|^canal|entry|^pos|payment_?type|product_?cd|use_chip",
    "status": r"status|^stand$|^utfall$|^[ée]tat$|^statut|result|approved|response|state_?code",
    "currency": r"curr|waehrung|währung|^ccy|valuta|divisa|^devise",
    "device_id": r"device|geraet|gerät|fingerprint",
    "ip_address": r"^ip|_ip$|ip_?addr",
    "latitude": r"(^|_)lat(itude)?$",
    "longitude": r"(^|_)(lon|lng|long)(gitude)?$",
    "city": r"city|^ort$|stadt|ciudad|ville",
    "country": r"country|land$|pays|^pais",
}
#: How a time is written -> what a scenario calls that. No text fits two of them.
DATES = {
    r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d": "iso",
    r"^\d{4}-\d\d-\d\d$": "iso",
    r"^\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d$": "%d.%m.%Y %H:%M:%S",
    r"^\d\d\.\d\d\.\d{4} \d\d:\d\d$": "%d.%m.%Y %H:%M",
    r"^\d\d/\d\d/\d{4} \d\d:\d\d:\d\d$": "%d/%m/%Y %H:%M:%S",
    r"^\d\d/\d\d/\d{4} \d\d:\d\d$": "%d/%m/%Y %H:%M",
    r"^\d\d\.\d\d\.\d{4}$": "%d.%m.%Y",
    r"^\d\d/\d\d/\d{4}$": "%d/%m/%Y",
    r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d$": "%Y/%m/%d %H:%M:%S",
    r"^\d{14}$": "%Y%m%d%H%M%S",
    r"^\d{10}(\.0)?$": "epoch_s",
    r"^\d{13}(\.0)?$": "epoch_ms",
}
#: Those that say no time of day.
_DAYS = (r"^\d{4}-\d\d-\d\d$", r"^\d\d\.\d\d\.\d{4}$", r"^\d\d/\d\d/\d{4}$")
#: How a time of day is written in a column of its own.
_HOURS = {r"^\d\d:\d\d:\d\d$": "%H:%M:%S", r"^\d\d:\d\d$": "%H:%M"}
_DIGITS = ("%Y%m%d%H%M%S", "epoch_s", "epoch_ms")
#: Ours -> what is found in a code -> what it means; what says no is looked for first, short words only as words.
MEANINGS: dict[str, dict[str, str]] = {
    "channel": {r"\be.?com|ecom|e.?handel|online|\bweb|internet|\bcnp\b|not.?present|^w$": "online",
                r"\bpos\b|point.?of.?sale|chip|swipe|\bpresent|magstripe": "card_present",
                r"\bapp(li)?\b|mobile|wallet": "app",
                r"^(ue|ü)b|transfer|virement|\bbank|\bwire\b|\bach\b|sepa": "bank"},
    "status": {r"declin|reject|fail|refus|denied|abgel|abgebr|^nek|^n(ot)?.?ok$|^(not|nicht|non|kein)\b"
               r"|^(dis|un|in)[acs]": "declined",
               r"\bok\b|appr|accept|success|^00$|complete|genehm|godk|abgeschl|^y(es)?$": "approved",
               r"^pend|^offen|^open|attente": "pending"},
    "is_fraud": {"^(1|1\\.0|true|t|y|yes|j|ja|fraud|s|si|o|oui)$": "true",
                 "^(0|0\\.0|false|f|n|no|nein|non|)$": "false"},
}  # fmt: skip


def forms(texts: pl.Series) -> dict[str, float]:
    """The share of the cells that are times, by how they are written."""
    shares = dict.fromkeys(DATES.values(), 0.0)
    for pattern, form in DATES.items():
        shares[form] += float(texts.str.contains(pattern).mean() or 0)  # type: ignore[arg-type]
    return shares


def has_days_alone(texts: pl.Series | None) -> bool:
    """Whether a column, if there is one, holds days without a time of day."""
    return texts is not None and float(texts.str.contains("|".join(_DAYS)).mean() or 0) > 0.5  # type: ignore[arg-type]


def hours_of(texts: pl.Series) -> str:
    """How a column of times of day writes them; nothing if it is none."""
    shares = {form: float(texts.str.contains(pattern).mean() or 0) for pattern, form in _HOURS.items()}  # type: ignore[arg-type]
    return next((form for form, share in shares.items() if share > 0.5), "")


def meaning(column: str, code: str) -> str | None:
    """What a code of a column of the ledger seems to mean."""
    words = re.sub("[_-]+", " ", code.lower())
    return next((ours for pattern, ours in MEANINGS[column].items() if re.search(pattern, words)), None)


def is_written_time(cells: pl.Series, texts: pl.Series) -> bool:
    """Whether a column holds times whatever its name is: bare digits may be anything."""
    if _is_instant(cells):
        return True
    return any(share > 0.5 for form, share in forms(texts).items() if form not in _DIGITS)


def _is_money(cells: pl.Series, texts: pl.Series) -> bool:
    """Whether a column holds numbers of at most two decimals, and mostly of two: degrees have more, counts none."""
    if cells.dtype.is_float():
        hundredths = cells.drop_nulls().cast(pl.Float64) * 100
        is_cents = (hundredths - hundredths.round()).abs() < 1e-6 * (1 + hundredths.abs())
        return bool(len(hundredths)) and bool(is_cents.all()) and float((hundredths % 100 > 0).mean() or 0) > 0.5  # type: ignore[arg-type]
    said = bare(texts.filter(texts.is_not_null() & (texts != "")))
    return bool(len(said)) and float(said.str.contains(rf"^[-+]?[\d{GROUPS}.,]*\d[.,]\d\d$").mean() or 0) > 0.9  # type: ignore[arg-type]


def has_codes_of(column: str, texts: pl.Series) -> bool:
    """Whether a column holds the codes of channel or status whatever its name is: of two meanings, and no others."""
    codes = texts.drop_nulls().unique().head(MOST_CODES + 1).to_list()
    codes = [code for code in codes if code]
    meant = {meaning(column, code) for code in codes}
    return len(codes) <= MOST_CODES and len(meant) >= 2 and None not in meant


def _is_time(cells: pl.Series, texts: pl.Series) -> bool:
    return _is_instant(cells) or max(forms(texts).values()) > 0.5


def _is_time_if_any(cells: pl.Series, texts: pl.Series) -> bool:
    """Most rows are never reported: only the cells that say something count."""
    said = texts.is_not_null() & (texts != "")
    return bool(said.any()) and _is_time(cells.filter(said), texts.filter(said))


def _is_instant(cells: pl.Series) -> bool:
    """Days and instants; hours without a day are neither."""
    return cells.dtype == pl.Date or isinstance(cells.dtype, pl.Datetime)


def _is_number(cells: pl.Series, texts: pl.Series) -> bool:
    if cells.dtype.is_numeric():
        return True
    number = bare(texts).str.replace_all(rf"[.,{GROUPS}]", "").cast(pl.Float64, strict=False)
    return float(number.is_not_null().mean() or 0) > 0.5  # type: ignore[arg-type]


def _is_degrees(_: pl.Series, texts: pl.Series) -> bool:
    number = texts.cast(pl.Float64, strict=False).drop_nulls()
    return bool(len(number)) and bool((number.abs() <= 180).all())


def _is_flag(cells: pl.Series, texts: pl.Series) -> bool:
    return texts.n_unique() <= MOST_CODES and not _is_time_if_any(cells, texts)


#: Ours -> whether cells can be it; what is not here can be any cells.
FITS: Mapping[str, Callable[[pl.Series, pl.Series], bool]] = {
    "event_time": _is_time,
    "reported_at": _is_time_if_any,
    "amount": _is_number,
    "latitude": _is_degrees,
    "longitude": _is_degrees,
    "is_fraud": _is_flag,
}
#: Ours -> whether cells look like it, whatever the column is called.
BY_CELLS: Mapping[str, Callable[[pl.Series, pl.Series], bool]] = {
    "event_time": is_written_time,
    "amount": _is_money,
    "currency": lambda _, texts: are_codes(texts),
    "channel": lambda _, texts: has_codes_of("channel", texts),
    "status": lambda _, texts: has_codes_of("status", texts),
}
