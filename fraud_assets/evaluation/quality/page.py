"""The data-quality report as a page, in plain sentences; and its few lines for the asset's metadata."""

from __future__ import annotations

from typing import Any

from fraud_assets.counting import counted
from fraud_assets.evaluation.markup import Markup, cell, how, join, says, section, shown, table, tag, tile
from fraud_assets.evaluation.page import page
from fraud_assets.evaluation.quality.charts import quality_charts
from fraud_assets.evaluation.quality.measure import longest_known, reported_within
from fraud_assets.evaluation.words import count, month_name, number, ordinal, percent, title

_COLUMNS = ["Column", "Missing", "The month before", "Different", "Least", "Largest", "Far out", "Most frequent"]
_COLUMNS += ["Evenness"]
#: What stands before the number of different values, by how it was had; and what is said of it.
_SIGNS = {"exact": "", "about": "≈ ", "at least": "≥ "}
_UNSURE = {
    "about": "Behind ≈ it is estimated. ",
    "at least": "Behind ≥ are those of the sampled rows alone. ",
}


def quality_page(document: dict[str, Any]) -> str:
    """The document of :func:`fraud_assets.evaluation.quality.quality_document` as a page that opens offline."""
    drawn = quality_charts(document)
    parts = [
        ("findings", "Findings", _findings(document)),
        ("tables", "Tables", _tables(document)),
        ("missing", "Missing", _missing(document, drawn)),
        ("links", "References", _links(document)),
        ("labels", "Labels", _labels(document, drawn)),
        ("outliers", "Outliers", _outliers(drawn)),
        ("twins", "Twins", _twins(document)),
        ("columns", "All columns", _columns(document)),
    ]
    heading = f"{document['bank']}, {month_name(document['month'])}"
    top = [tag("p", summary(document), css="lede"), _tiles(document)]
    footer = "All figures of this page, and more, are in metrics.json beside it."
    parts = [part for part in parts if part[2]]
    return page("Data-quality report", heading, top, parts, drawn, footer=footer)


def summary(document: dict[str, Any]) -> str:
    """The month's data in two or three sentences."""
    tables, found = document["tables"], document["findings"]
    rows = {one["name"]: one["rows"] for one in tables}
    said = (
        f"{counted(len(tables), 'table')} with "
        f"{counted(sum(len(one['columns']) for one in tables), 'column')}; the ledger has "
        f"{counted(rows.get('transactions', 0), 'row')}. "
    )
    said += (
        f"{counted(len(found), 'thing wants', 'things want')} a look."
        if found
        else ("No key is there twice, every reference leads somewhere, and no column has become empty or constant.")
    )
    share = reported_within(document, 30)
    if share is not None:
        said += f" {percent(share)} of the fraud that went through is known within 30 days."
    return said


def quality_markdown(document: dict[str, Any]) -> str:
    """The summary, the findings and the tables."""
    lines = [f"### {document['bank']}, {month_name(document['month'])}", "", summary(document), ""]
    lines += [f"- **{found['table']}**: {found['text']}" for found in document["findings"][:10]]
    lines += ["", "| table | rows | columns | cells missing | repeated keys |", "|---|---|---|---|---|"]
    lines += [
        f"| {one['name']} | {count(one['rows'])} | {len(one['columns'])} | {percent(_cells_missing(one))} "
        f"| {count(one['duplicates'])} |"
        for one in document["tables"]
    ]
    return "\n".join(lines) + "\n"


def _tiles(document: dict[str, Any]) -> Markup:
    links, labels = document["links"], document["labels"]
    judged = [one for one in links if one["unknown"] is None]
    known = longest_known(document)
    if not labels["has_truth"]:
        said = "nobody knows the truth of these payments."
    else:
        said = "of fraud that went through." if known else "too few frauds are old enough yet."
    duplicates = sum(one["duplicates"] or 0 for one in document["tables"])
    return tag(
        "div",
        tile("Findings", count(len(document["findings"])), "", "what is wrong, or new since the month before."),
        tile("Repeated keys", count(duplicates), "", "rows whose key another row has."),
        tile(
            "References to nothing",
            count(sum(one["orphans"] for one in links)),
            "",
            f"in {len(judged)} references that could be followed, of {len(links)}.",
        ),
        tile(f"Known in {known[0] if known else labels['days'][-1]} days", percent(known and known[1]), "", said),
        css="tiles",
    )


def _findings(document: dict[str, Any]) -> Markup:
    found = document["findings"]
    listed = tag("ul", *(tag("li", tag("b", one["table"]), ": ", one["text"]) for one in found), css="blind")
    since = document["compared_with"]
    beside = (
        f"Columns are compared with those of {month_name(since)}; changes below 1% are not told."
        if since
        else "There is no month before."
    )
    return section(
        "findings",
        f"{len(found)} to look at" if found else "Nothing wants a look",
        listed if found else says("Keys, references and columns are in order."),
        how(beside),
    )


def _tables(document: dict[str, Any]) -> Markup:
    rows = [
        [
            one["name"],
            count(one["rows"]),
            len(one["columns"]),
            percent(_cells_missing(one)),
            sum(column["missing"] == 1 for column in one["columns"]),
            sum(column["is_constant"] for column in one["columns"]),
            count(one["duplicates"]),
            count(one["alike"]),
        ]
        for one in document["tables"]
    ]
    head = ["Table", "Rows", "Columns", "Cells missing", "Columns empty", "Columns constant", "Repeated keys", "Alike"]
    text = "Alike: rows that equal another in all but their key. A dash: the key is several columns, or the table wide."
    return section("tables", "The month’s tables", table(head, rows), how(text))


def _cells_missing(one: dict[str, Any]) -> float | None:
    known = [column["missing"] for column in one["columns"] if column["missing"] is not None]
    return sum(known) / len(known) if known else None


def _missing(document: dict[str, Any], drawn: dict[str, Any]) -> Markup:
    empty = [
        f"{one['name']}.{column['name']}"
        for one in document["tables"]
        for column in one["columns"]
        if column["missing"] == 1
    ]
    return section(
        "missing",
        "Where values are missing",
        shown("missing", drawn, "Share of missing values by column", "No column lacks values in part."),
        how(
            "Columns that lack some values, the most changed since the month before first (sand). Many lack them "
            "rightly: a payment at a terminal has no device."
        ),
        tag("p", f"Missing throughout: {', '.join(empty)}.", css="note") if empty else "",
    )


def _links(document: dict[str, Any]) -> Markup:
    rows = [
        [
            cell(f"{one['table']}.{one['column']}", one["note"]),
            f"{one['target']}.{one['key']}",
            count(one["values"]),
            cell(
                "–" if one["unknown"] else count(one["orphans"]),
                one["unknown"] or ", ".join(one["examples"]),
                css="warn" if one["orphans"] else "",
            ),
            "–" if one["unknown"] else count(one["rows"]),
        ]
        for one in document["links"]
    ]
    broken = sum(bool(one["orphans"]) for one in document["links"])
    heading = (
        f"{broken} references lead to nothing" if broken else "Every reference that can be followed leads somewhere"
    )
    head = ["Reference", "To", "Different values", "Not found", "Rows with one"]
    return section("links", heading, table(head, rows))


def _labels(document: dict[str, Any], drawn: dict[str, Any]) -> Markup:
    labels = document["labels"]
    followed = f"Frauds of {_from_to(labels['months'])}, by what is known until {labels['known_until']}."
    if not labels["has_truth"]:
        rows = [
            [title(one["fraud_type"]), count(one["reports"]), number(one["median_days"], 1)] for one in labels["types"]
        ]
        return section(
            "labels",
            "How complete the labels are cannot be said",
            says("Nobody knows the truth about these payments: fraud that was never reported is counted as honest."),
            table(["Type as reported", "Reports", "Median days after the payment"], rows)
            if rows
            else tag("p", "There are no reports of these months.", css="absent"),
        )
    every = [(title(one["fraud_type"]) if one["fraud_type"] else "All", one) for one in labels["types"]]
    if every:
        every.insert(1, ("All that went through", labels["went_through"]))
    rows = [
        [
            name,
            count(one["frauds"]),
            percent(one["reported"] / one["frauds"] if one["frauds"] else None),
            *(
                cell(percent(found["share"]), f"{count(found['frauds'])} so old" if found["frauds"] else "none so old")
                for found in one["within"].values()
            ),
        ]
        for name, one in every
    ]
    known = longest_known(document)
    heading = (
        f"After {counted(known[0], 'day')} the bank knows of {percent(known[1])} of the fraud that went through"
        if known
        else "How complete the labels are"
    )
    return section(
        "labels",
        heading,
        shown("labels", drawn, "Share of fraud known by type and days", "No fraud is old enough yet."),
        how(
            f"{followed} The share known within so many days of the payment, by the method of Kaplan and Meier: what "
            "is too young to be known is not counted as unknown. Declined attempts, of which few are "
            "ever reported, count in “All” and in the types. Models learn from reports alone. "
            f"{counted(labels['false_reports'], 'fraud report is', 'fraud reports are')} about honest ones."
        ),
        table(["Fraud type", "Frauds", "Reported by now", *(f"In {days} days" for days in labels["days"])], rows),
    )


def _outliers(drawn: dict[str, Any]) -> Markup:
    return section(
        "outliers",
        "Columns with values far out",
        shown("outliers", drawn, "Share of far-out values by column", "No column has values far out."),
        how(
            "Share of values further from the middle half than three times its width (Tukey’s “far out”). Amounts and "
            "waiting times have long tails by nature; a share that jumps from month to month wants a look."
        ),
    )


def _twins(document: dict[str, Any]) -> Markup:
    rows = [[one["one"], one["other"], number(one["correlation"], 4)] for one in document["twins"]]
    if not rows:
        return Markup("")
    return section(
        "twins",
        "Features that say nearly the same",
        how("Pairs whose ranks correlate beyond .98. Harmless to trees; a linear model shares their weight."),
        table(["Feature", "Its twin", "Spearman"], rows),
    )


def _columns(document: dict[str, Any]) -> Markup:
    parts = []
    for one in document["tables"]:
        rows = [
            [
                cell(column["name"], column["type"] + (", constant" if column["is_constant"] else "")),
                percent(column["missing"]),
                percent(column["missing_before"]),
                _SIGNS[column["distinct_is"]] + count(column["distinct"]),
                _short(column["low"]),
                _short(column["high"]),
                percent(column["outliers"]),
                cell(_short(column["most_frequent"]), percent(column["most_frequent_share"]))
                if column["most_frequent"] is not None
                else "–",
                number(column["diversity"]),
            ]
            for column in one["columns"]
        ]
        heading = f"{one['name']}, {counted(one['rows'], 'row')}"
        parts.append(tag("details", tag("summary", heading), table(_COLUMNS, rows)))
    every = {one["name"]: one["every"] for one in document["tables"] if one["every"] > 1}
    sampled = "; ".join(f"every {ordinal(k)} row of {name}" for name, k in every.items())
    text = "Different: values that differ, missing ones aside. "
    certain = {column["distinct_is"] for one in document["tables"] for column in one["columns"]}
    text += "".join(said for kind, said in _UNSURE.items() if kind in certain)
    text += "Evenness: entropy of the values against that of equally frequent ones. "
    text += f"Far out, most frequent and evenness are from {sampled}." if sampled else "All rows were looked at."
    return section("columns", "All columns", how(text), join(parts))


def _short(value: Any) -> str:
    if value is None:
        return "–"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text[:19] if text[:4].isdigit() and "-" in text else text[:24]


def _from_to(months: list[str]) -> str:
    names = [month_name(key) for key in months]
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
