"""Excel workbooks, written as rows pass by: one sheet, nothing on the local disk, memory for a few thousand rows.

What lives here: what Excel can hold, and the order in which a workbook is written. Its XML (``workbook_xml``) is put
together by polars, a column at a time, so a million rows of a hundred columns take half a minute.
"""

from __future__ import annotations

import zipfile
from typing import IO, cast

import polars as pl

from fraud_assets.lake import workbook_xml as xml
from fraud_assets.lake.store import Lake, LakeError
from fraud_assets.lake.writing import Progress, Written, hashed_object

#: Rows of an Excel sheet, without the header.
MOST_ROWS = 1_048_575
#: Characters of a cell.
_MOST_TEXT = 32_767
#: Excel keeps 15 digits of a number; an id with more would become another one.
_MOST_DIGITS = 10**15
#: A larger sheet needs ZIP64, which Excel opens only after a repair.
_MOST_BYTES = 2**31 - 1
#: A column with no more different texts than that names them by number.
_SHARED_TEXTS = 5_000
_BATCH_ROWS = 5_000


def write_workbook(
    lake: Lake, key: str, frame: pl.LazyFrame, *, sheet: str, progress: Progress | None = None
) -> Written:
    """Stream a table to one Excel workbook with one sheet: a bold header that stays in view, then a line a row.

    Instants are UTC, shown to the millisecond; whole numbers of more than 15 digits are texts, in the whole column; a
    text is never a formula; null is an empty cell.

    Parameters
    ----------
    frame
        A scan of files rather than a computation: it is read several times.
    sheet
        The sheet's name; cut to the 31 characters that Excel allows.

    Raises
    ------
    LakeError
        If Excel cannot hold the table: more than 1,048,575 rows, or a text of more than 32,767 characters. That is
        known before anything is written. Or if the sheet becomes larger than 2 GiB; the object is then as before.
    """
    uri, schema = lake.uri(key), frame.collect_schema()
    _check_size(uri, frame, schema)
    long = _long_numbers(frame, schema)
    shared = _shared_texts(frame, schema)
    texts = [text for column in shared.values() for text in column.texts.categories]
    cells = [
        xml.cells(pl.col(name), dtype, as_text=name in long, shared=shared.get(name)) for name, dtype in schema.items()
    ]
    rows = 0
    with hashed_object(lake, key) as target, _zip(cast(IO[bytes], target)) as book:
        for path, content in {**xml.parts(sheet), xml.SHARED_PATH: xml.shared_texts(texts)}.items():
            book.writestr(zipfile.ZipInfo(path), content, zipfile.ZIP_DEFLATED)
        with book.open(xml.SHEET_PATH, "w") as file:
            size = file.write(xml.sheet_head(schema.names()).encode())
            for batch in frame.collect_batches(chunk_size=_BATCH_ROWS):
                size += file.write(batch.select(xml.lines(cells)).item().encode())
                if size > _MOST_BYTES:
                    raise LakeError(
                        f"{uri}: from row {rows:,} on, the sheet is larger than the 2 GiB that Excel opens; "
                        "take fewer months or columns, or csv, jsonl or parquet; nothing was written"
                    )
                rows += batch.height
                if progress:
                    progress(rows)
            file.write(xml.SHEET_END.encode())
    return Written(uri, rows, target.bytes, target.sha256)


def _check_size(uri: str, frame: pl.LazyFrame, schema: pl.Schema) -> None:
    rows = frame.select(pl.len()).collect().item()
    if rows > MOST_ROWS:
        raise LakeError(
            f"{uri} would have {rows:,} rows, and an Excel sheet takes at most {MOST_ROWS:,}; "
            "take fewer months, or csv, jsonl or parquet"
        )
    texts = [name for name, dtype in schema.items() if dtype == pl.String]
    for name, longest in _figures(frame, {name: pl.col(name).str.len_chars().max() for name in texts}).items():
        if longest > _MOST_TEXT:
            raise LakeError(
                f"{uri}: column {name} has a text of {longest:,} characters, and an Excel cell takes at most "
                f"{_MOST_TEXT:,}; take csv, jsonl or parquet"
            )


def _long_numbers(frame: pl.LazyFrame, schema: pl.Schema) -> set[str]:
    """Whole-number columns with more digits than Excel keeps."""
    whole = [name for name, dtype in schema.items() if dtype in (pl.Int64, pl.UInt64)]
    most = {name: pl.max_horizontal(pl.col(name).max(), -pl.col(name).min()) for name in whole}
    return {name for name, number in _figures(frame, most).items() if number >= _MOST_DIGITS}


def _shared_texts(frame: pl.LazyFrame, schema: pl.Schema) -> dict[str, xml.Shared]:
    """The columns with few different texts."""
    texts = [name for name, dtype in schema.items() if dtype == pl.String]
    kinds = _figures(frame, {name: pl.col(name).approx_n_unique() for name in texts})
    shared: dict[str, xml.Shared] = {}
    first = 0
    for name, dtype in schema.items():
        if isinstance(dtype, pl.Enum):
            different = dtype
        elif kinds.get(name, _SHARED_TEXTS + 1) <= _SHARED_TEXTS:
            column = frame.select(pl.col(name).drop_nulls().unique().sort())
            different = pl.Enum(column.collect(engine="streaming")[name])
        else:
            continue
        shared[name] = xml.Shared(different, first)
        first += len(different.categories)
    return shared


def _figures(frame: pl.LazyFrame, figures: dict[str, pl.Expr]) -> dict[str, int]:
    """A whole number a column; 0 where it is null."""
    if not figures:
        return {}
    found = frame.select(**figures).collect(engine="streaming").row(0, named=True)
    return {name: number or 0 for name, number in found.items()}


def _zip(target: IO[bytes]) -> zipfile.ZipFile:
    return zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
