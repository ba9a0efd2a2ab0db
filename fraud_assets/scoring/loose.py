"""The rows of a loose file: as they stand, and as rows of the ledger as far as features read them.

What lives here: :class:`LooseFile`. Its columns are named as the ledger's, or, of a bank of files, as in the bank's own
files. A cell that cannot be what its column is ends the reading with a sentence: a score of half a file helps nobody.
"""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from fraud_assets.features.block import LEDGER_COLUMNS
from fraud_assets.features.rows import MOST
from fraud_assets.ingest import IngestError
from fraud_assets.ingest.cells import time_cells
from fraud_assets.ingest.files import is_parquet
from fraud_assets.ingest.finish import ledger as finished
from fraud_assets.ingest.sources import batches, columns_of
from fraud_assets.ingest.times import times
from fraud_assets.lake.outside import OutsideFile, find
from fraud_assets.scenario import Bank, FilesScenario
from fraud_assets.scenario.source import INPUTS, Files
from fraud_assets.tables import Transactions, polars_schema

REQUIRED = ("transaction_id", "customer_id", "event_time", "amount")
#: Of the ledger's columns those that features read, as the lake has them.
SCHEMA = {name: dtype for name, dtype in polars_schema(Transactions).items() if name in LEDGER_COLUMNS}
#: Inputs of features that a payment's own row has to have, and the columns one of which gives them. Without the
#: others (status, posting) features still see the lake's.
_OWN = {name: columns for name, columns in INPUTS.items() if name not in ("status", "posted_at", "reports")}
_OWN["delivery"] = ("delivery_address_id",)
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
#: Whole numbers up to here are the same as floats.
_EXACT = 2**53
#: Bytes of a CSV file that are looked at before it is read.
_BEGINNING = 1024 * 1024
#: How a file of the ledger's columns is written. Times without a zone are UTC, as the lake's are.
_PLAIN = Files(location="-", time_zone="UTC", columns={name: name for name in ("customer_id", "event_time", "amount")})


@dataclass(frozen=True)
class LooseFile:
    """A file and how it is read.

    Attributes
    ----------
    columns
        All of the file's, in its order.
    foreign
        The bank's own way of writing files, less what this one does not have; None for the ledger's columns.
    """

    file: OutsideFile
    columns: tuple[str, ...]
    foreign: FilesScenario | None

    @classmethod
    def of(cls, location: str, bank: Bank) -> LooseFile:
        """The file at a path, or at ``s3://bucket/key``.

        Raises
        ------
        IngestError
            If there is no such file, it cannot be read, or it lacks a column without which no row can be scored.
        """
        on_disk = not location.startswith("s3://")
        if location.endswith("/") or (on_disk and Path(location).expanduser().is_dir()):
            raise IngestError(f"{location} is a folder; name a CSV or Parquet file")
        found = find(location, Path.cwd())
        if len(found) != 1:
            raise IngestError(
                f"{location} does not exist" if not found else f"{location} stands for {len(found)} files; name one"
            )
        (file,) = found
        settings = bank.files if isinstance(bank, FilesScenario) else _PLAIN
        _check_text(file, settings)
        columns = tuple(columns_of(file, settings))
        if isinstance(bank, FilesScenario):
            foreign = _as_far_as(bank, columns)
            needed = [name for name in REQUIRED if name != "transaction_id" or bank.files.sources(name)]
            if all(foreign.files.sources(name) for name in needed):
                return cls(file, columns, foreign)
            columns = tuple(columns_of(file, _PLAIN))
            theirs = " + ".join(source for name in needed for source in bank.files.sources(name))
            hint = f"; or, as in the files of {bank.name}: {theirs}"
        else:
            hint = ""
        if missing := [name for name in REQUIRED if name not in columns]:
            raise IngestError(
                f"{file.name} has no column {missing[0]}; {', '.join(REQUIRED)} are needed{hint}"
                f" (it has {', '.join(columns[:12])}{', ...' if len(columns) > 12 else ''})"
            )
        return cls(file, columns, None)

    @property
    def given(self) -> tuple[str, ...]:
        """Columns of the ledger that the file gives."""
        if self.foreign is None:
            return tuple(name for name in SCHEMA if name in self.columns)
        return tuple(name for name in SCHEMA if self.foreign.files.sources(name))

    def lacking(self, bank: Bank) -> list[str]:
        """Inputs of features that the bank has and the file does not."""
        if self.foreign is not None:
            return [name for name in self.foreign.absent if name not in bank.absent and name in _OWN]
        return [name for name, some in _OWN.items() if name not in bank.absent and not set(some) & set(self.columns)]

    def batches(self) -> Iterator[pl.DataFrame]:
        """All rows as they stand: texts from CSV, any types from Parquet.

        Raises
        ------
        IngestError
            If a row has more or fewer cells than the header, or the file is damaged or changes while it is read.
        """
        settings = self.foreign.files if self.foreign else _PLAIN
        for batch in batches(self.file, settings, self.columns):
            for number, problem, _ in batch.misfits:
                raise IngestError(f"{self.file.name}: row {number:,} {problem}")
            yield batch.frame

    def typed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows as they stand, but the columns of the ledger in its types: of texts that :meth:`ledger` has read.

        A bank's own files have columns of other meanings, which stay texts.
        """
        if self.foreign is not None:
            return frame
        names = [name for name in self.given if SCHEMA[name] != pl.String]
        return frame.with_columns(_typed(_trimmed(frame[name]), SCHEMA[name]).alias(name) for name in names)

    def ledger(self, frame: pl.DataFrame, first_row: int) -> pl.DataFrame:
        """Rows as the ledger has them: ``row`` (from ``first_row`` on), then ``SCHEMA``, null where nothing is said.

        Raises
        ------
        IngestError
            At the first cell that cannot be what its column is.
        """
        for name in self._sources:
            if (dtype := frame.schema[name]).is_nested() or dtype in (pl.Binary, pl.Object):
                raise IngestError(
                    f"{self.file.name}: column {name} holds {kind_of(dtype)} values; texts, numbers or times are needed"
                )
        found = self._own(frame, first_row) if self.foreign is None else self._foreign(frame, first_row)
        row = pl.Series("row", np.arange(first_row, first_row + frame.height))
        return found.select(row, *(_column(found, name) for name in SCHEMA))

    @property
    def _sources(self) -> Iterator[str]:
        """Columns of the file that are read as columns of the ledger."""
        if self.foreign is None:
            return iter(self.given)
        return (source for name in self.foreign.files.columns for source in self.foreign.files.sources(name))

    def _own(self, frame: pl.DataFrame, first_row: int) -> pl.DataFrame:
        rules = Transactions.columns()
        columns = []
        for name in self.given:
            cells = _trimmed(frame[name])
            typed = _typed(cells, SCHEMA[name]).alias(name)
            rule = rules[name]
            least, most = getattr(rule, "min", None), getattr(rule, "max", None)
            broken = typed.is_null() & cells.is_not_null()
            if name in REQUIRED:
                broken |= cells.is_null()
            if least is not None:
                broken |= (typed < least).fill_null(value=False)
            if name == "amount":
                most = MOST - 1
            if most is not None:
                broken |= (typed > most).fill_null(value=False)
            if broken.any():
                at = int(broken.arg_true()[0])
                self._refuse(first_row + at, name, cells[at], _wanted(SCHEMA[name], least, most))
            columns.append(typed)
        return pl.DataFrame(columns)

    def _refuse(self, row: int, name: str, cell: object, wanted: str) -> None:
        said = f"{name} is {str(cell)[:60]!r}" if cell is not None else f"{name} is missing"
        raise IngestError(f"{self.file.name}: row {row:,}: {said}; {wanted} is needed")

    def _foreign(self, frame: pl.DataFrame, first_row: int) -> pl.DataFrame:
        bank = self.foreign
        assert bank is not None  # noqa: S101 - asked for such a file alone
        _, when, _ = time_cells(frame, bank)
        # A transaction's number depends on its month: where files are by month that of the file, so the local one.
        local = when.instant.dt.convert_time_zone(bank.files.time_zone) if bank.files.is_monthly else when.instant
        months = local.dt.strftime("%Y-%m").fill_null(bank.first_month)  # without a time it is refused below
        parts = []
        for key in months.unique().sort():
            rows = (months == key).arg_true()
            _, when, judged = time_cells(frame[rows.to_list()], bank)
            typed = judged.read(when, key).with_columns(place=rows)
            if (faulty := typed.filter(pl.col("reason").is_not_null())).height:
                raise IngestError(f"{self.file.name}: row {first_row + faulty['place'][0]:,}: {faulty['reason'][0]}")
            ledger, _ = finished(typed.drop("reason"), bank)
            once = typed.unique("transaction_id", keep="first", maintain_order=True)
            if once.height < typed.height:
                again = typed.filter(pl.col("transaction_id").is_duplicated())["place"]
                raise twice(self.file.name, first_row + again[0], first_row + again[1])
            parts.append(typed.select("place", "transaction_id").join(ledger, on="transaction_id"))
        return pl.concat(parts).sort("place")


def twice(file: str, row: int, other: int) -> IngestError:
    """What is said of a transaction that is there twice."""
    return IngestError(f"{file}: rows {row:,} and {other:,} are the same transaction; each is scored once")


def kind_of(dtype: pl.DataType) -> str:
    """A type's name without what is in it, for sentences."""
    return type(dtype).__name__.lower()


def _check_text(file: OutsideFile, files: Files) -> None:
    """Raise if a CSV file does not begin as a text does: the parser would say more than a sentence."""
    if is_parquet(file.name) or file.name.lower().endswith(".gz"):
        return
    with file.open() as source:
        beginning = source.read(_BEGINNING)
    try:
        getincrementaldecoder(files.encoding)().decode(beginning)
    except UnicodeError:
        or_else = "" if files is _PLAIN else ", or set files.encoding, for example to latin-1 or cp1252"
        raise IngestError(f"{file.name} is no text in {files.encoding}; save it as CSV in that{or_else}") from None


def _as_far_as(bank: FilesScenario, columns: Sequence[str]) -> FilesScenario:
    """The bank as if its files had no more than these columns."""
    kept = {
        name: theirs for name, theirs in bank.files.columns.items() if set(bank.files.sources(name)) <= set(columns)
    }
    return bank.model_copy(update={"files": bank.files.model_copy(update={"columns": kept})})


def _column(found: pl.DataFrame, name: str) -> pl.Expr:
    return (pl.col(name) if name in found.columns else pl.lit(None)).cast(SCHEMA[name]).alias(name)


def _trimmed(cells: pl.Series) -> pl.Series:
    """Texts without spaces around them; nothing is null."""
    if not isinstance(cells.dtype, pl.String | pl.Categorical | pl.Enum):
        return cells
    texts = cells.cast(pl.String).str.strip_chars()
    return texts.set(texts == "", None)


def _typed(cells: pl.Series, dtype: pl.DataType) -> pl.Series:
    """The cells as a column of the ledger; null where they cannot be."""
    nothing = pl.Series([None], dtype=dtype).new_from_index(0, len(cells))
    if isinstance(dtype, pl.Datetime):
        known = cells.dtype == pl.String or isinstance(cells.dtype, pl.Datetime | pl.Date)
        return times(cells, _PLAIN).instant if known else nothing
    if cells.dtype.is_temporal():  # a number of days is no amount
        return nothing
    if dtype == pl.Boolean and cells.dtype == pl.String:
        return cells.str.to_lowercase().replace_strict(_TRUTHS, default=None, return_dtype=pl.Boolean)
    if dtype.is_integer() and cells.dtype.is_float():  # a float has not room for the digits of an id
        whole = cells.cast(pl.Int64, strict=False)
        exact = ((whole.cast(cells.dtype) == cells) & (cells.abs() < _EXACT)).fill_null(value=False)
        cells = whole.set(~exact, None)
    if dtype.is_float():
        found = cells.cast(pl.Float64, strict=False)
        return found.set(~found.is_finite().fill_null(value=True), None)
    if isinstance(dtype, pl.Enum):
        return cells.cast(pl.String, strict=False).cast(dtype, strict=False)
    return cells.cast(dtype, strict=False)


def _wanted(dtype: pl.DataType, least: object, most: object) -> str:
    if isinstance(dtype, pl.Enum):
        return f"one of {', '.join(dtype.categories)}"
    if isinstance(dtype, pl.Datetime):
        return "a time such as 2024-03-01T12:30:00Z"
    what = "true or false" if dtype == pl.Boolean else "a whole number" if dtype.is_integer() else "a number"
    if dtype == pl.String:
        what = "a text"
    between = f" from {least}" if least is not None else ""
    return what + between + (f" to {most}" if most is not None else "")
