"""The XML inside a workbook of one sheet (Office Open XML, ECMA-376 part 1): its fixed parts, and cells by column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape

import polars as pl

#: Characters that XML cannot hold, as Excel writes them.
_CONTROLS = {chr(code): f"_x{code:04X}_" for code in (*range(9), 11, 12, *range(13, 32), 0xFFFE, 0xFFFF)}
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", **_CONTROLS}

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
SHEET_PATH = "xl/worksheets/sheet1.xml"
SHARED_PATH = "xl/sharedStrings.xml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
    f'<Override PartName="/{SHARED_PATH}" ContentType="{_TYPE}.sharedStrings+xml"/>'
    f'<Override PartName="/{SHEET_PATH}" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    f'<Relationship Id="rId3" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    # Cell formats by number: 0 plain, 1 day, 2 instant, 3 header.
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><numFmts count="2">'
    '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss.000"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}

_UNIX_DAY = (date(1970, 1, 1) - date(1899, 12, 30)).days
_MICROSECONDS_A_DAY = 86_400_000_000
_NO_NUMBER = '<c t="e"><v>#NUM!</v></c>'


@dataclass(frozen=True)
class Shared:
    """A column's different texts, and the number of the first one among those that cells name by number."""

    texts: pl.Enum
    first: int


def parts(sheet: str) -> dict[str, str]:
    """Path in the workbook -> content, of everything but the sheet and its shared texts."""
    name = escape(sheet[:31], {'"': "&quot;"})
    workbook = (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="{name}" sheetId="1" r:id="rId1"/></sheets>'
        "</workbook>"
    )
    return {path: _HEAD + content for path, content in {**_PARTS, "xl/workbook.xml": workbook}.items()}


def sheet_head(names: Iterable[str]) -> str:
    """Everything before the first row, and a bold header that stays in view."""
    cells = "".join(f'<c s="3" t="str"><v>{escape(name)}</v></c>' for name in names)
    return (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15" defaultColWidth="18"/><sheetData><row>{cells}</row>'
    )


SHEET_END = "</sheetData></worksheet>"


def shared_texts(texts: Iterable[str]) -> str:
    """The texts that cells name by number, in the order of their numbers."""
    items = pl.DataFrame({"text": list(texts)}, schema={"text": pl.String}).select(
        pl.format('<si><t xml:space="preserve">{}</t></si>', _escaped(pl.col("text"))).str.join("")
    )
    return f'{_HEAD}<sst xmlns="{_MAIN}">{items.item()}</sst>'


def lines(cells: Iterable[pl.Expr]) -> pl.Expr:
    """All rows of a frame as one text."""
    return pl.concat_str(pl.lit("<row>"), *cells, pl.lit("</row>")).str.join("")


def cells(value: pl.Expr, dtype: pl.DataType, *, as_text: bool, shared: Shared | None) -> pl.Expr:
    """The cells of a column; null is an empty cell.

    Parameters
    ----------
    value, dtype
        The column.
    as_text
        Write whole numbers as texts.
    shared
        The column's texts among the shared ones; None if they are not.
    """
    match dtype:
        case pl.Boolean():
            cell = pl.format('<c t="b"><v>{}</v></c>', value.cast(pl.Int8))
        case pl.Date():
            cell = pl.format('<c s="1"><v>{}</v></c>', value.to_physical() + _UNIX_DAY)
        case pl.Datetime():
            cell = pl.format('<c s="2"><v>{}</v></c>', value.dt.timestamp("us") / _MICROSECONDS_A_DAY + _UNIX_DAY)
        case pl.Float32() | pl.Float64():
            number = pl.format("<c><v>{}</v></c>", value)
            cell = pl.when(value.is_infinite() | value.is_nan()).then(pl.lit(_NO_NUMBER)).otherwise(number)
        case _ if dtype.is_integer():
            cell = pl.format('<c t="str"><v>{}</v></c>' if as_text else "<c><v>{}</v></c>", value)
        case _ if shared is not None:
            number = value.cast(shared.texts).to_physical().cast(pl.Int32) + shared.first
            cell = pl.format('<c t="s"><v>{}</v></c>', number)
        case _:
            cell = pl.format('<c t="str"><v xml:space="preserve">{}</v></c>', _escaped(value.cast(pl.String)))
    return cell.fill_null("<c/>")


def _escaped(text: pl.Expr) -> pl.Expr:
    # What looks like one of the escapes has to be escaped itself.
    safe = text.str.replace_all("_(x[0-9A-Fa-f]{4}_)", "_x005F_$1")
    return safe.str.replace_many(list(_ESCAPES), list(_ESCAPES.values()))
