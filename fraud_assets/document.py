"""The field reference: every table of the lake, every column of it, written from where they are declared."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping

import dataframely as dy
import polars as pl

from fraud_assets.assets import flat
from fraud_assets.assets.accidents import MISTYPED
from fraud_assets.detection.accidents import ACCIDENT_SCORES
from fraud_assets.detection.alerting import ALERTS
from fraud_assets.detection.anomaly import CUSTOMER_SCORES, SCORES
from fraud_assets.features.registry import KEYS, REGISTRY
from fraud_assets.fields import Field, Known, fields_of
from fraud_assets.ingest import FILES_TABLES
from fraud_assets.tables import TABLES

_HEAD = """# Tables

Every table of the lake and every column of it. This page is written from the code
(`python -m fraud_assets.document > docs/tables.md`); `fraud_assets/tables.py` is where a column is declared. How to
open the tables is in [Reading the lake](reading-the-lake.md).

- A table is one Parquet file a month. The month is in the folder's name, not in the file.
- Instants are UTC with microseconds. What is *local* says so, and `utc_offset_minutes` leads there.
- Amounts are in *major units* (dollars, rupees), two decimals, in the bank's currency.
- Ids are whole numbers below 2^63, made by hashing: they tell nothing, and fit neither a spreadsheet's number nor
  JavaScript's.
- *null* says whether a column may be empty. Texts whose values are not listed take them from the scenario.
- *Truth* is what only the simulator knows. A bank never sees it, and no model or feature may read it.

| table | a row is | columns |
|---|---|---|
"""

#: The parts of the flat table: when they are known, their title, what they are for.
_FLAT_PARTS: tuple[tuple[Known, str, str], ...] = (
    (
        "at once",
        "Known at the row's instant",
        """The ledger's own columns, its customer, device and merchant as of the month, and risk signs from what
happened before the row. A model that decides at the instant may use these and no others.""",
    ),
    (
        "later",
        "Known later",
        "What the bank learned after the row: when it was posted, and the first report about it within the month.",
    ),
    ("never", "Truth", "What only the simulator knows: targets to judge by, never a model's input."),
)


#: Tables whose columns are declared beside what makes them: what a row is, the columns, and those that may be null
#: though their meaning does not say so.
_MADE: dict[str, tuple[str, Mapping[str, tuple[pl.DataType, str]], tuple[str, ...]]] = {
    "anomaly_scores": ("A payment of the month with the scores of detectors that know no labels.", SCORES, ()),
    "customer_anomalies": (
        "A customer's, or wallet's, month: how unusual it was, without labels.",
        CUSTOMER_SCORES,
        (),
    ),
    "mistyped_recipients": (
        "A payment to a new payee who is a slip away from a known one: who was meant, and was it a mistake?",
        MISTYPED,
        (),
    ),
    "accident_scores": (
        "A payment of the month with the probability of each kind of accident, and which one it is if any.",
        ACCIDENT_SCORES,
        (),
    ),
    "alerts": (
        "Something worth a person's time: one alert for a customer's hour, ranked for the day, with its reasons.",
        ALERTS,
        ("intended_entity",),
    ),
}
_ONLY_FILES = " Only of banks that are read from files."


def tables_page() -> str:
    """The page as Markdown: what holds for all tables, a list of them, then each with its columns."""
    flat_rows = (
        "A ledger row with everything that belongs to it, in one line: for people and for other tools. The assets "
        "`labeled_transactions_csv` (a month) and `labeled_csv` (several) are the same as CSV."
    )
    features_rows = (
        "A debit of the ledger with what was known just before it; [Features](features.md) says how each is computed."
    )
    entries = [(name, _doc(table)[0], list(fields_of(table))) for name, table in TABLES.items()]
    entries.append(("transaction_features", features_rows, list(_features())))
    entries += [(name, text, list(_declared(made, nullable))) for name, (text, made, nullable) in _MADE.items()]
    entries += [
        (name, _doc(table)[0] + _ONLY_FILES, list(fields_of(table)))
        for name, table in FILES_TABLES.items()
        if name not in TABLES
    ]
    entries.append(("labeled_transactions", flat_rows, list(flat.fields())))
    lines = [f"| [`{name}`](#{name}) | {_first_sentence(text)} | {len(columns)} |" for name, text, columns in entries]
    for name, text, columns in entries:
        lines += ["", f"## {name}", "", text, *_notes(name)]
        if name == "labeled_transactions":
            for known, title, about in _FLAT_PARTS:
                part = [field for field in columns if field.known == known]
                lines += ["", f"### {title} ({len(part)})", "", about, *_columns(part)]
        else:
            lines += _columns(columns)
    return _HEAD + "\n".join(lines) + "\n"


def _doc(table: type[dy.Schema]) -> list[str]:
    """The paragraphs of a schema's doc string, each on one line."""
    return [" ".join(part.split()) for part in (inspect.getdoc(table) or "").split("\n\n")]


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].rstrip(".")


def _notes(name: str) -> Iterator[str]:
    """More of a table than its first paragraph: order, key, whether it is truth."""
    tables = {**FILES_TABLES, **TABLES}
    if name not in tables:
        return
    table = tables[name]
    notes = _doc(table)[1:]
    if key := table.primary_key():
        notes.append(f"Key: {', '.join(f'`{column}`' for column in key)}.")
    if any(field.known == "never" for field in fields_of(table)):
        notes.append("**Truth.**")
    if notes:
        yield from ("", " ".join(notes))


def _features() -> Iterator[Field]:
    for name, (dtype, text) in KEYS.items():
        yield Field(name, dtype, False, "id" if name.endswith("_id") else "", "", text, "at once")
    for name, feature in REGISTRY.items():
        yield Field(name, feature.dtype(), True, feature.unit, "", feature.definition, "at once")


def _declared(columns: Mapping[str, tuple[pl.DataType, str]], nullable: tuple[str, ...]) -> Iterator[Field]:
    for name, (dtype, text) in columns.items():
        unit = "UTC, µs" if isinstance(dtype, pl.Datetime) else "id" if name.endswith("_id") else ""
        allowed = ", ".join(dtype.categories) if isinstance(dtype, pl.Enum) else ""
        yield Field(name, dtype, name in nullable or "null" in text, unit, allowed, text, "at once")


def _columns(fields: Iterable[Field]) -> list[str]:
    lines = ["", "| column | type | null | unit | values | meaning |", "|---|---|---|---|---|---|"]
    for field in fields:
        null = "null" if field.nullable else ""
        lines.append(
            f"| `{field.name}` | {field.type_name} | {null} | {field.unit} | {field.allowed} | {field.meaning} |"
        )
    return lines


if __name__ == "__main__":
    sys.stdout.write(tables_page())
