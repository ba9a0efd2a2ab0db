"""A first scenario for a file that nobody has described yet: guessed from the names of its columns and its first rows.

What lives here: guesses, and the words for how sure they are. A guess is never acted on; it is written for a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import polars as pl

from fraud_assets.ingest.clues import (
    BY_CELLS,
    FITS,
    MOST_CODES,
    NAMES,
    forms,
    has_days_alone,
    hours_of,
    meaning,
)
from fraud_assets.ingest.currencies import bare, currency_of
from fraud_assets.ingest.days import month_in, order_of_days
from fraud_assets.ingest.files import IngestError, SourceFile, head_of, is_parquet
from fraud_assets.ingest.sources import batches, columns_of
from fraud_assets.scenario.sections import Learning
from fraud_assets.scenario.source import CODES, REQUIRED, Files, FilesScenario

#: Unless the file or a person says otherwise.
_CURRENCY = "EUR"
#: Rows that are looked at.
SAMPLE_ROWS = 20_000
#: In place of a column that a person has to name.
TO_FILL_IN = "???"
#: Types of columns of Parquet that no column of the ledger is read from.
_NO_CELLS = (pl.Binary, pl.Duration, pl.Object)


@dataclass
class Guess:
    """What a file seems to be: lines of the section ``files``, each with what is unsure of it."""

    columns: dict[str, str] = field(default_factory=dict)
    unsure: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)
    months: tuple[str, str] | None = None
    currency: tuple[str, str] = (_CURRENCY, "ISO 4217")  # and what is unsure of it
    hours: str | None = None  # the column of the time of day, where that of the time has days alone

    def written(self, ours: str) -> str:
        """The column that ours is read from, or the two, as YAML."""
        theirs = _quoted(self.columns[ours])
        return f"[{theirs}, {_quoted(self.hours)}]" if ours == "event_time" and self.hours is not None else theirs


def first_scenario(file: SourceFile, name: str, location: str) -> str:
    """The text of a ``scenario.yaml`` for a file, with comments on what is unsure.

    Parameters
    ----------
    file
        CSV, CSV.gz or Parquet.
    name
        Of the bank.
    location
        How the scenario shall name the file; a month in its name becomes ``{month}``.

    Raises
    ------
    IngestError
        If the file cannot be read, has no rows, or no column that could be customer, time or amount. Where one of
        these is found, ``TO_FILL_IN`` stands for the others.
    """
    monthly, month = month_in(location)
    guess = _guess(file, month)
    first, last = guess.months or ("2024-01", "2024-01")
    doubt = "of the rows that were looked at; there may be others"
    seen = _shown(PurePosixPath(file.name).name)
    lines = [
        f"# Guessed from {seen}. Look over every line, above all those with a question mark.",
        f"name: {name}",
        f"title: {name}",
        "source: files",
        _line(f"currency: {guess.currency[0]}" + " " * 19 * bool(guess.currency[1]), guess.currency[1]),
        f"first_month: {first}              # ? {doubt}",
        f"last_month: {last}               # ? {doubt}; leave it out if months go on coming",
        "files:",
        f"  location: {_quoted(monthly)}" + ("" if monthly == location else "  # ? the month in the file's name"),
        "  time_zone: UTC                  # ? of times that say none, for example Europe/Berlin",
        *(_line(f"  {key}: {_quoted(value)}", guess.unsure.get(key)) for key, value in guess.settings.items()),
        "  columns:                        # ours: theirs",
        *(_line(f"    {ours}: {guess.written(ours)}", guess.unsure.get(ours)) for ours in guess.columns),
    ]
    if guess.unused:
        lines.append(f"    # not used: {_listed(guess.unused)}")
    if guess.values:
        lines.append("  values:                         # theirs: ours")
    for column, mapping in guess.values.items():
        lines.append(f"    {column}:")
        for theirs, ours in mapping.items():
            known = f"{_quoted(theirs)}: {ours}"
            asked = f"# {_quoted(theirs)}: ?  one of {', '.join(CODES[column])}"
            lines.append(f"      {known if ours in CODES[column] else asked}")
    if "is_fraud" in guess.columns and "reported_at" not in guess.columns:
        lines.append("  report_delay_days: 7            # ? from a fraud to the day the bank knew of it")
    return "\n".join([*lines, *_learning(guess.currency[0])]) + "\n"


def _learning(currency: str) -> list[str]:
    """The section ``learning`` with what a bank has that names none: money saved is counted with it."""
    usual: Learning = FilesScenario.model_fields["learning"].default
    costs = usual.costs
    settings = [
        (f"  alerts_per_10000: {usual.alerts_per_10000:g}", "payments of 10,000 that your people can look at"),
        (f"  true_prevalence: {usual.true_prevalence:g}", "share of payments that are fraud"),
        ("  costs:", "all five are a bank's in the USA, in dollars"),
        (f"    loss_share: {costs.loss_share:g}", "of the amount, where a fraud is approved"),
        (f"    chargeback_fee: {costs.chargeback_fee:g}", f"{currency}, and this"),
        (f"    margin: {costs.margin:g}", "of the amount, where an honest payment is refused"),
        (f"    friction: {costs.friction:g}", f"{currency}, and this of goodwill"),
        (f"    review: {costs.review:g}", f"{currency}, to look at a payment"),
    ]
    return ["learning:", *(f"{setting:<33} # ? {doubt}" for setting, doubt in settings)]


def _guess(file: SourceFile, month: str | None) -> Guess:
    reading, guess = _reading(file)
    # One without a name, as that of the numbers of rows often is, cannot be said in a scenario.
    theirs = [name for name in columns_of(file, reading) if name]
    sample = _sample(file, reading, theirs)
    if sample.is_empty():
        raise IngestError(f"{file.name} has no rows; nothing can be guessed from it")
    left = [name for name in theirs if not (sample[name].dtype.is_nested() or sample[name].dtype in _NO_CELLS)]
    texts = {name: sample[name].cast(pl.String, strict=False).str.strip_chars() for name in left}
    odd = [name for name in theirs if name not in left]
    for ours, pattern in NAMES.items():
        found = [name for name in left if re.search(pattern, name.lower())]
        fit = [name for name in found if ours not in FITS or FITS[ours](sample[name], texts[name])]
        if not fit:
            continue
        guess.columns[ours] = fit[0]
        left.remove(fit[0])
        if len(fit) > 1:
            guess.unsure[ours] = f"or {_listed(fit[1:4])}"
    _by_cells(guess, left, sample, texts)
    if has_days_alone(texts.get(guess.columns.get("event_time", ""))):
        guess.hours = next((name for name in left if hours_of(texts[name])), None)
        left = [name for name in left if name != guess.hours]
    if "is_fraud" not in guess.columns:
        if "reported_at" in guess.columns:  # of which rows it speaks, nothing says
            left.append(guess.columns.pop("reported_at"))
        _by_day_of_report(guess, left, sample, texts)
    missing = [name for name in REQUIRED if name not in guess.columns]
    if len(missing) == len(REQUIRED):
        raise IngestError(
            f"{file.name}: no column seems to be {', '.join(missing[:-1])} or {missing[-1]}; there are"
            f" {', '.join(theirs)}; write the scenario by hand, see docs/your-own-transactions.md"
        )
    for ours in missing:
        guess.columns[ours] = TO_FILL_IN
        guess.unsure[ours] = "no column seems to be it; name one"
    guess.columns = {ours: guess.columns[ours] for ours in (*REQUIRED, *guess.columns) if ours in guess.columns}
    guess.unused = [*left, *odd]
    if (name := guess.columns["event_time"]) in texts:
        _time(guess, sample[name], texts[name], month, hours_of(texts[guess.hours]) if guess.hours is not None else "")
    if (name := guess.columns["amount"]) in texts:
        _amount(guess, sample[name], texts[name])
    amounts = [guess.columns["amount"], *(name for name in texts if re.search(NAMES["amount"], name.lower()))]
    guess.currency = currency_of(texts, amounts, guess.columns.get("currency")) or guess.currency
    for column in ("channel", "status", "is_fraud"):
        if column in guess.columns and column not in guess.values:
            _codes(guess, column, texts[guess.columns[column]])
    return guess


def _by_cells(guess: Guess, left: list[str], sample: pl.DataFrame, texts: dict[str, pl.Series]) -> None:
    """What no name tells, where cells do: the columns that look like it."""
    for ours, looks_like_it in BY_CELLS.items():
        if ours in guess.columns:
            continue
        fit = [name for name in left if looks_like_it(sample[name], texts[name])]
        if ours == "event_time":  # a birthday has no time of day
            fit.sort(key=lambda name: not texts[name].str.contains(r"\d:\d\d").any())
        if fit:
            guess.columns[ours] = fit[0]
            left.remove(fit[0])
            guess.unsure[ours] = "by its cells alone" + (f"; or {_listed(fit[1:4])}" if len(fit) > 1 else "")


def _by_day_of_report(guess: Guess, left: list[str], sample: pl.DataFrame, texts: dict[str, pl.Series]) -> None:
    """A column whose name speaks of fraud and which holds a day in some rows alone: these are the reported ones."""
    for name in left:
        is_named = re.search(NAMES["is_fraud"], name.lower()) is not None
        if is_named and (texts[name].fill_null("") == "").any() and FITS["reported_at"](sample[name], texts[name]):
            left.remove(name)
            guess.columns |= {"is_fraud": name, "reported_at": name}
            guess.unsure["is_fraud"] = "a row with a day is fraud, the others are not"
            guess.values["is_fraud"] = {"": "false", "*": "true"}
            return


def _reading(file: SourceFile) -> tuple[Files, Guess]:
    """How a CSV is written: encoding and separator, from its first bytes."""
    guess = Guess()
    columns = dict.fromkeys(REQUIRED, "-")
    if is_parquet(file.name):
        return Files.model_validate({"location": "-", "time_zone": "UTC", "columns": columns}), guess
    head = head_of(file, 65_536)
    try:
        head[: head.rfind(b"\n") + 1].decode("utf-8")
    except UnicodeDecodeError:
        guess.settings["encoding"] = "cp1252"
        guess.unsure["encoding"] = "it is not UTF-8"
    first = head.split(b"\n", 1)[0].decode("latin-1")
    separator = max(",;\t|", key=first.count)
    if separator != ",":
        guess.settings["separator"] = separator
    document = {"location": "-", "time_zone": "UTC", "columns": columns, "separator": separator}
    return Files.model_validate({**document, "encoding": guess.settings.get("encoding", "utf-8")}), guess


def _sample(file: SourceFile, reading: Files, columns: list[str]) -> pl.DataFrame:
    for batch in batches(file, reading, columns):
        return batch.frame.head(SAMPLE_ROWS)
    return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))


def _time(guess: Guess, cells: pl.Series, texts: pl.Series, month: str | None, hours: str) -> None:
    """How times are written, and the months that they are of; ``hours`` is how a column of their own is."""
    from fraud_assets.ingest.times import times

    written = "iso"
    if cells.dtype == pl.String or cells.dtype.is_numeric():
        shares = forms(texts)
        written = max(shares, key=lambda form: shares[form])
        doubt = "few cells look like it; as strftime writes them"
        if shares[written] >= 0.9:
            written, doubt = order_of_days(texts, written, month)
        if doubt:
            guess.unsure["time_format"] = doubt
    if written != "iso" or "time_format" in guess.unsure:
        guess.settings["time_format"] = f"{written} {hours}" if hours and written != "iso" else written
    reading = Files(
        location="-",
        time_zone="UTC",
        time_format=written,
        columns=dict.fromkeys(REQUIRED, "-"),
    )
    found = times(texts if cells.dtype == pl.String else cells, reading).instant.drop_nulls().dt.strftime("%Y-%m")
    if month and (found == month).sum() > len(found) / 2:  # of a month's file, the few other rows are mistakes
        guess.months = month, month
    elif len(found):
        guess.months = str(found.min()), str(found.max())


def _amount(guess: Guess, cells: pl.Series, texts: pl.Series) -> None:
    texts = bare(texts)
    if cells.dtype == pl.String and texts.str.contains(r",\d{1,2}$").mean():
        guess.settings["decimal"] = ","
    if texts.str.contains(r"^-.*[1-9]").any():  # with whatever stands between thousands
        guess.settings["negative_amounts"] = "refund"
        guess.unsure["negative_amounts"] = "or payment, where what leaves the account is negative, or reject"
    is_whole = not texts.str.contains(r"[.,]\d").any()
    if is_whole and "cent" in guess.columns["amount"].lower():
        guess.settings["amount_unit"] = "cents"
    elif is_whole:
        guess.settings["amount_unit"] = "major"
        guess.unsure["amount_unit"] = "or cents: all amounts are whole"


def _codes(guess: Guess, column: str, texts: pl.Series) -> None:
    codes = texts.fill_null("").unique().sort().to_list()
    if len(codes) > MOST_CODES:
        guess.unsure[column] = f"{len(codes):,} different codes; say in values what they mean"
        return
    mapping = {code: meaning(column, code) or "?" for code in codes}
    if column == "is_fraud" and {ours for code, ours in mapping.items() if code} == {"?"} and "" in mapping:
        guess.unsure[column] = "a cell that says anything is fraud, an empty one is not"
        mapping = {"": "false", "*": "true"}
    if any(code not in CODES[column] or ours != code for code, ours in mapping.items()):
        guess.values[column] = mapping


def _line(text: str, doubt: str | None) -> str:
    return f"{text}  # ? {doubt}" if doubt else text


def _listed(names: Iterable[str]) -> str:
    """Names in a comment."""
    return ", ".join(map(_quoted, names))


def _shown(text: str) -> str:
    """A text in a comment, without what would end it or what YAML does not take."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _quoted(text: str) -> str:
    """A text as YAML reads it, on one line: quoted unless it is plain."""
    if re.fullmatch(r"(?:\.{0,2}/|[A-Za-z_])[\w./{}-]*", text) and text.lower() not in _YAML_WORDS:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return '"' + "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in escaped) + '"'


_YAML_WORDS = ("y", "n", "yes", "no", "true", "false", "on", "off", "null")
