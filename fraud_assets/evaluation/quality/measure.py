"""The document of a data-quality report, and what in it wants a person's attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fraud_assets.counting import counted
from fraud_assets.evaluation.report import plain
from fraud_assets.evaluation.words import count, percent

#: What one row in a hundred does comes and goes by chance in a small bank.
_RARE = 0.01
#: A headline rests on so many frauds.
_ENOUGH = 50


def quality_document(
    bank: str,
    month: str,
    tables: Sequence[Mapping[str, Any]],
    links: Sequence[Mapping[str, Any]],
    labels: Mapping[str, Any],
    twins: Sequence[Mapping[str, Any]],
    before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Everything of a month's data quality.

    Parameters
    ----------
    tables, links, labels, twins
        Of :func:`profile`, :func:`link`, :func:`label_completeness` and :func:`twins`.
    before
        The document of the month before, if there is one: what is new since then is a finding.

    Returns
    -------
    A document; ``findings`` are sentences, the gravest first, with the table they are about.
    """
    earlier = {
        (table["name"], column["name"]): column
        for table in (before or {}).get("tables", [])
        if table["rows"]
        for column in table["columns"]
    }
    made = [
        {
            **table,
            "columns": [
                {**column, "missing_before": earlier.get((table["name"], column["name"]), {}).get("missing")}
                for column in table["columns"]
            ],
        }
        for table in tables
    ]
    document = {
        "bank": bank,
        "month": month,
        "compared_with": before["month"] if before else None,
        "tables": made,
        "links": list(links),
        "labels": dict(labels),
        "twins": list(twins),
        "findings": _findings(made, links, earlier),
    }
    cleaned: dict[str, Any] = plain(document)
    return cleaned


def quality_figures(document: Mapping[str, Any]) -> dict[str, float]:
    """The figures that the UI plots over the months."""
    cells = sum(table["rows"] * len(table["columns"]) for table in document["tables"])
    missing = sum(
        (column["missing"] or 0) * table["rows"] for table in document["tables"] for column in table["columns"]
    )
    figures = {
        "findings": len(document["findings"]),
        "rows that repeat a key": sum(table["duplicates"] or 0 for table in document["tables"]),
        "references to nothing": sum(found["orphans"] for found in document["links"]),
        "share of cells missing": missing / cells if cells else None,
        "fraud known within 30 days": reported_within(document, 30),
    }
    return {name: value for name, value in figures.items() if value is not None}


def reported_within(document: Mapping[str, Any], days: int) -> float | None:
    """Share of the fraud that went through of which the bank knows within so many days.

    The same figure as the portrait's and the one that a scenario asks for. None where it cannot be had, or where fewer
    than fifty frauds are so old: a share of so few is chance.
    """
    labels = document["labels"]
    if not labels["has_truth"] or not labels["types"]:
        return None
    found = labels["went_through"]["within"][str(days)]
    share: float | None = found["share"] if found["frauds"] >= _ENOUGH else None
    return share


def longest_known(document: Mapping[str, Any]) -> tuple[int, float] | None:
    """The most days for which :func:`reported_within` has a share, and the share."""
    for days in reversed(document["labels"]["days"]):
        share = reported_within(document, days)
        if share is not None:
            return days, share
    return None


def _findings(
    tables: Sequence[Mapping[str, Any]],
    links: Sequence[Mapping[str, Any]],
    earlier: Mapping[tuple[str, str], Mapping[str, Any]],
) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for one in links:
        if one["orphans"]:
            text = (
                f"{count(one['orphans'])} of {count(one['values'])} values of {one['column']} are in no row of "
                f"{one['target']}, among them {', '.join(one['examples'])}; "
                f"{counted(one['rows'], 'row has', 'rows have')} one."
            )
            found.append({"table": one["table"], "text": text})
    for table in tables:
        if table["duplicates"]:
            key = ", ".join(table["key"])
            text = f"{counted(table['duplicates'], 'row repeats', 'rows repeat')} the key ({key}) of another."
            found.append({"table": table["name"], "text": text})
        for column in table["columns"]:
            text = _of_column(column, earlier.get((table["name"], column["name"])))
            if text:
                found.append({"table": table["name"], "text": text})
    return found


def _of_column(column: Mapping[str, Any], before: Mapping[str, Any] | None) -> str:
    """What is wrong with a column, or new since the month before; empty if nothing is."""
    name = column["name"]
    if column["not_finite"]:
        return f"{name} is not a number, or infinite, in {counted(column['not_finite'], 'row')}."
    if before is None or column["missing"] is None or before["missing"] is None:
        return ""
    if column["missing"] == 1 and before["missing"] < 1 - _RARE:
        return f"{name} is missing throughout; the month before {percent(before['missing'])} was."
    if column["missing"] > _RARE and before["missing"] == 0:
        return f"{name} is missing in {percent(column['missing'])} of rows; the month before it never was."
    most = before["most_frequent_share"]
    had_several = before["distinct"] > 2 if most is None else most < 1 - _RARE
    if column["is_constant"] and not before["is_constant"] and had_several:
        return f"{name} has a single value; the month before it had several."
    return ""
