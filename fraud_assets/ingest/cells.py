"""From cells to typed columns of the ledger, and for each row the first thing that is wrong with it.

What lives here: one function a kind of column. Which rows are looked at, and where they go, is for ``month``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import polars as pl

from fraud_assets.ingest.currencies import GROUPS, bare
from fraud_assets.ingest.numbers import LONGEST, numbers, text_bytes
from fraud_assets.ingest.times import Times, times
from fraud_assets.scenario.source import CODES, Files, FilesScenario

#: Amounts stay below it, in major units: features count in cents beside other numbers.
MOST = 10_000_000_000
#: Characters of a text that are kept.
LONGEST_TEXT = 200
_PRINTABLE = 0x20, 0x7E
_SPACES = r"[\s\x{85}\x{a0}]+"
#: Controls: they hide, reorder or break text. In names, not ids, the joiners of Indian scripts are letters.
_CONTROLS = r"[\p{Cc}\p{Cf}]"
_CONTROLS_OF_NAMES = r"[[\p{Cc}\p{Cf}]--[\x{200c}\x{200d}]]"
_TRUTHS = {"true": "true", "t": "true", "yes": "true", "y": "true", "1": "true", "fraud": "true"}
_FALSEHOODS = dict.fromkeys(("false", "f", "no", "n", "0", ""), "false")
_IDS = {
    "customer_id": "customer",
    "merchant_id": "merchant",
    "payee_id": "payee",
    "card_id": "card",
    "device_id": "device",
}
_NAMES = ("recipient_entity", "category", "method", "ip_address", "city", "state", "country", "reported_type")
_RANGES = {"latitude": 90.0, "longitude": 180.0}


class Rows:
    """Rows of a file on their way to the ledger: what is known of them so far, and what is wrong."""

    def __init__(self, frame: pl.DataFrame, scenario: FilesScenario) -> None:
        self.frame = frame
        self.files: Files = scenario.files
        self.bank, self.currency = scenario.name, scenario.currency
        self.columns: dict[str, pl.Series] = {}
        self.fault = pl.Series("reason", [None], dtype=pl.String).new_from_index(0, frame.height)

    def cells(self, column: str) -> pl.Series | None:
        """A column as the file has it; None if it does not."""
        sources = self.files.sources(column)
        if not sources:
            return None
        if len(sources) == 1:
            return self.frame[sources[0]]
        parts = [_plain(self.frame[source]) for source in sources]
        return pl.select(pl.concat_str(*parts, separator=" ")).to_series()

    def texts(self, column: str) -> pl.Series | None:
        """A column as texts without spaces around them; null where there is nothing."""
        cells = self.cells(column)
        return None if cells is None else _plain(cells)

    def reject(self, broken: pl.Series, reason: Callable[[], pl.Expr]) -> None:
        """Rows with a fault, unless they have one already."""
        broken = broken.fill_null(False) & self.fault.is_null()
        if broken.any():
            self.fault = pl.select(pl.when(broken).then(reason()).otherwise(self.fault)).to_series()

    def read(self, when: Times, key: str) -> pl.DataFrame:
        """The rows typed: columns of the ledger and of the reports that the files have, and ``reason``.

        Parameters
        ----------
        when
            The rows' times.
        key
            Month of the file, ``2024-01``: with an id it makes the transaction's number.
        """
        self.columns["event_time"] = when.instant
        for column, kind in _IDS.items():
            self._id(column, kind)
        self._amount()
        for column in CODES:
            self._code(column)
        for column in _NAMES:
            self._name(column)
        for column in _RANGES:
            self._coordinate(column)
        self._later_times()
        self._currency()
        self._number(key)
        return pl.DataFrame({**self.columns, "reason": self.fault})

    def _id(self, column: str, kind: str) -> None:
        texts = self.texts(column)
        if texts is None:
            return
        if column == "customer_id":
            self.reject(texts.is_null(), lambda: pl.lit("customer_id is missing"))
        self._check_id(texts, column)
        self.columns[column] = numbers(texts, kind, self.bank)

    def _check_id(self, texts: pl.Series, column: str) -> None:
        self.reject(texts.str.len_bytes() > LONGEST, lambda: pl.lit(f"{column} is longer than {LONGEST} bytes"))
        if not _is_plain(texts):
            self.reject(texts.str.contains(_CONTROLS), lambda: pl.lit(f"{column} has a control character"))

    def _number(self, key: str) -> None:
        texts = self.texts("transaction_id")
        if texts is None:
            mapped = (
                column for column in self.files.columns if column not in ("is_fraud", "reported_at", "reported_type")
            )
            parts = [self.texts(column) for column in mapped]
            texts = pl.select(
                pl.concat_str(*[part.fill_null("") for part in parts if part is not None], separator="\x1f")
            ).to_series()
        else:
            self.reject(texts.is_null(), lambda: pl.lit("transaction_id is missing"))
            self._check_id(texts, "transaction_id")
        self.columns["transaction_id"] = numbers(texts, f"transaction/{key}", self.bank)

    def _amount(self) -> None:
        cells, texts = self.cells("amount"), self.texts("amount")
        if cells is None or texts is None:
            raise KeyError("amount")
        amount = _floats(bare(cells, self.currency) if cells.dtype == pl.String else cells, self.files.decimal)
        said = _shown("amount", texts)
        self.reject(texts.is_null(), lambda: pl.lit("amount is missing"))
        self.reject(amount.is_null(), lambda: said + " is no number")
        self.reject(~amount.is_finite(), lambda: said + " is not finite")
        if self.files.amount_unit == "cents":
            amount = amount / 100
        self.reject(amount.abs() >= MOST, lambda: said + f" is {MOST:,} or more")
        if self.files.negative_amounts == "reject":
            self.reject(amount < 0, lambda: said + " is negative; say what that means in files.negative_amounts")
        rounded = amount.abs().round(2)
        self.reject(rounded < 0.01, lambda: said + " is less than a hundredth")
        self.columns["amount"] = rounded
        if self.files.negative_amounts == "reject":
            return
        negative = (amount < 0).fill_null(False)
        is_refund = self.files.negative_amounts == "refund"
        below, above = ("refund", "purchase") if is_refund else ("purchase", "income")
        self.columns["kind"] = pl.select(pl.when(negative).then(pl.lit(below)).otherwise(pl.lit(above))).to_series()

    def _code(self, column: str) -> None:
        cells = self.texts(column)
        if cells is None:
            return
        texts = cells.fill_null("")
        mapping = {name: name for name in CODES[column]}
        if column == "is_fraud":
            texts, mapping = texts.str.to_lowercase(), {**_TRUTHS, **_FALSEHOODS}
        theirs = self.files.values.get(column, {})
        known = {**mapping, **({k.lower(): v for k, v in theirs.items()} if column == "is_fraud" else theirs)}
        other = known.pop("*", None)
        found = texts.replace_strict(list(known), list(known.values()), default=other, return_dtype=pl.String)
        self.reject(
            found.is_null(),
            lambda: _shown(column, cells) + pl.lit(f" stands for nothing; say it in files.values.{column}"),
        )
        self.columns[column] = found == "true" if column == "is_fraud" else found

    def _name(self, column: str) -> None:
        texts = self.texts(column)
        if column == "recipient_entity":  # of whom the files give nothing but a number, that is the name
            for other in ("payee_id", "merchant_id"):
                number = self.texts(other)
                texts = number if texts is None else texts if number is None else texts.fill_null(number)
        if texts is None:
            return
        if not _is_plain(texts):
            texts = texts.str.replace_all(_SPACES, " ")
            broken = texts.str.contains(_CONTROLS_OF_NAMES)
            self.reject(broken, lambda: pl.lit(f"{column} has a control character"))
        if (theirs := self.files.values.get(column)) is not None:
            texts = texts.fill_null("").replace(theirs)
            texts = pl.select(pl.when(texts != "").then(texts)).to_series()
        self.columns[column] = texts.str.head(LONGEST_TEXT)

    def _coordinate(self, column: str) -> None:
        cells = self.cells(column)
        if cells is None:
            return
        texts, degrees = _plain(cells), _floats(cells, self.files.decimal).fill_nan(None)
        missing = texts.is_null() | texts.str.to_lowercase().is_in(["nan", "null", "none"]).fill_null(False)
        self.reject(degrees.is_null() & ~missing, lambda: _shown(column, texts) + " is no number")
        most = _RANGES[column]
        self.reject(degrees.abs() > most, lambda: _shown(column, texts) + f" lies beyond {most:g} degrees")
        self.columns[column] = degrees

    def _later_times(self) -> None:
        event = self.columns["event_time"]
        for column in ("posted_at", "reported_at"):
            cells = self.cells(column)
            if cells is None:
                continue
            texts = _plain(cells)
            found = times(texts if cells.dtype == pl.String else cells, self.files)
            # A day stands for its end: what was reported on it was known when it was over.
            ends = found.instant.dt.offset_by("1d")
            instant = pl.select(pl.when(found.is_day).then(ends).otherwise(found.instant)).to_series()
            shown = _shown(column, texts)
            self.reject(instant.is_null() & texts.is_not_null(), partial(_and, shown, " is no time"))
            self.reject(instant < event, partial(_and, shown, " lies before the transaction itself"))
            self.columns[column] = instant

    def _currency(self) -> None:
        texts = self.texts("currency")
        if texts is not None:
            found = texts.replace(self.files.values.get("currency", {})).str.to_uppercase()
            self.reject(found != self.currency, lambda: _shown("currency", texts) + f" is not {self.currency}")


def time_cells(frame: pl.DataFrame, scenario: FilesScenario) -> tuple[pl.Series, Times, Rows]:
    """When the rows happened: as texts, as instants, and the rows with what is wrong with their times."""
    rows = Rows(frame, scenario)
    cells, texts = rows.cells("event_time"), rows.texts("event_time")
    if cells is None or texts is None:
        raise KeyError("event_time")
    found = times(texts if cells.dtype == pl.String else cells, scenario.files)
    zone = scenario.files.time_zone
    rows.reject(texts.is_null(), lambda: pl.lit("event_time is missing"))
    rows.reject(
        found.is_skipped, lambda: _shown("event_time", texts) + f" does not exist in {zone}: the clocks skipped it"
    )
    rows.reject(
        found.instant.is_null(),
        lambda: _shown("event_time", texts) + f" is no time of the format {scenario.files.time_format}",
    )
    return texts, found, rows


def originals(frame: pl.DataFrame) -> pl.Series:
    """Rows as JSON of their cells' texts."""
    cells = [column.cast(pl.String, strict=False).alias(column.name) for column in frame]
    return pl.DataFrame(cells).to_struct("original").struct.json_encode()


def _plain(cells: pl.Series) -> pl.Series:
    """Texts without spaces around them; nothing is null. A whole number is the same text whatever its type."""
    dtype = cells.dtype
    if dtype.is_float():
        whole = cells.cast(pl.Int64, strict=False)
        is_whole = (whole.cast(dtype) == cells).fill_null(False)
        return pl.select(pl.when(is_whole).then(whole.cast(pl.String)).otherwise(cells.cast(pl.String))).to_series()
    if dtype == pl.Boolean:
        return cells.cast(pl.String)
    texts = (cells if dtype == pl.String else cells.cast(pl.String, strict=False)).str.strip_chars()
    return texts.set(texts == "", None) if (texts == "").any() else texts


def _is_plain(texts: pl.Series) -> bool:
    """Whether all of it is printable ASCII, as most of what banks write: then there is nothing to look for."""
    data = text_bytes(texts)[1][:-8]
    return bool(data.min(initial=_PRINTABLE[0]) >= _PRINTABLE[0] and data.max(initial=0) <= _PRINTABLE[1])


def _floats(cells: pl.Series, decimal: str) -> pl.Series:
    if cells.dtype != pl.String:
        return cells.cast(pl.Float64, strict=False)
    texts, groups = cells.str.strip_chars(), ("," if decimal == "." else ".") + GROUPS
    grouped = texts.str.contains(f"[{groups}]")
    if grouped.any():  # only where thousands end, and with one mark in a number: 1,5 is not 15
        thousands = "|".join(rf"(?:[{mark}]\d{{3}})+" for mark in groups)
        whole = texts.str.contains(rf"^[+-]?\d{{1,3}}(?:{thousands})(?:\{decimal}\d*)?$")
        plain = texts.str.replace_all(f"[{groups}]", "")
        texts = pl.select(pl.when(whole | ~grouped).then(plain)).to_series()
    if decimal == ",":
        texts = texts.str.replace(",", ".", literal=True)
    return texts.cast(pl.Float64, strict=False)


def _and(shown: pl.Expr, more: str) -> pl.Expr:
    return shown + more


def _shown(column: str, texts: pl.Series) -> pl.Expr:
    """The column's name and the cell, short and without controls."""
    cell = pl.lit(texts.fill_null("")).str.replace_all(_CONTROLS, "?").str.head(60)
    return pl.concat_str(pl.lit(f"{column} '"), cell, pl.lit("'"))
