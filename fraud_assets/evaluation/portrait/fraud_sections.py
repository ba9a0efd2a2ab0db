"""What the page says of fraud and of what resembles it; all of it is truth that no bank has."""

from __future__ import annotations

from typing import Any

from fraud_assets.counting import counted
from fraud_assets.evaluation.markup import Markup, cell, chart, explained, how, pair, says, section, shown, table, tag
from fraud_assets.evaluation.portrait.knowledge import STATIONS
from fraud_assets.evaluation.words import count, money, month_name, number, percent, price, title

Document = dict[str, Any]
Drawn = dict[str, Any]
_NO_FRAUD = "The truth of this month names no fraud."


def fraud_section(document: Document, drawn: Drawn) -> Markup:
    found = document["frauds"]
    if not found["fraud"]:
        return section("fraud", "Fraud", tag("p", _NO_FRAUD, css="absent"))
    clusters = found["clusters"]
    near = clusters["near"]
    rows = [
        [
            cell(title(row["fraud_type"]), counted(row["campaigns"], "campaign")),
            count(row["rows"]),
            percent(row["rows"] / found["fraud"]),
            count(row["customers"]),
            percent(row["declined"]),
            price(row["median_amount"], row["currency"]),
            money(row["taken"], row["currency"]),
        ]
        for row in found["types"]
    ]
    return section(
        "fraud",
        "Fraud by type and day",
        says(
            f"{count(found['fraud'])} of {count(found['rows'])} ledger rows are fraud "
            f"({percent(found['fraud'] / found['rows'])}), of {counted(len(found['types']), 'type')}."
        ),
        explained(
            "types_days",
            drawn,
            "Fraud by type and day of the month",
            _NO_FRAUD,
            f"Campaigns come in bursts: hourly counts vary {number(clusters['variance_over_mean'], 1)} times as much "
            f"as at random, and {percent(near['an hour'])} of the rows have another one of the same campaign within "
            f"an hour, {percent(near['a day'])} within a day.",
        ),
        table(["Type", "Rows", "Of all fraud", "Customers", "Declined", "Median amount", "Taken"], rows),
        tag("h3", "Month by month"),
        shown("months", drawn, "Fraud by type and month", "No earlier month is at hand to compare with."),
    )


def compared_section(document: Document, drawn: Drawn) -> Markup:
    """Amounts of fraud beside honest ones of the same method."""
    boxes, few = [], []
    for k, method in enumerate(document["amounts"]):
        ours, theirs = method["fraud"], method["honest"]
        if f"fraud_amounts_{k}" not in drawn:
            few.append(f"{method['method']} ({count(ours['rows'])})")
            continue
        boxes.append(
            tag(
                "div",
                tag("h3", method["method"]),
                chart(f"fraud_amounts_{k}", drawn, f"Amounts of fraud and of honest payments by {method['method']}"),
                how(
                    f"{counted(ours['rows'], 'fraud')} with a median of {price(ours['p50'], method['currency'])}; "
                    f"honest payments have {price(theirs['p50'], method['currency'])}, and nine in ten are below "
                    f"{price(theirs['p90'], method['currency'])}."
                ),
            )
        )
    rest = f"Too few frauds for a picture: {', '.join(few)}." if few else ""
    return section(
        "compared",
        "What fraud takes",
        pair(*boxes) if boxes else "",
        (how(rest) if boxes else tag("p", rest or _NO_FRAUD, css="absent")) if rest or not boxes else "",
    )


def look_alikes_section(document: Document, drawn: Drawn) -> Markup:
    found = document["frauds"]
    lonely = [title(row["kind"]).lower() for row in found["look_alikes"] if not row["look_alikes"]]
    accidents = ", ".join(f"{name} {count(rows)}" for name, rows in found["accidents"].items())
    return section(
        "look-alikes",
        "Honest, but it looks like fraud",
        shown(
            "look_alikes",
            drawn,
            "Fraud and honest look-alikes by type",
            "The truth of this month names neither fraud nor look-alikes.",
        ),
        says(f"Without a look-alike: {', '.join(lonely)}.") if lonely else "",
        how(
            "For each type of fraud, honest rows that share its mark: a new phone, a dollar for the meter, a journey. "
            f"Accidents, which are a class of their own: {accidents}."
        ),
    )


def knowledge_section(document: Document, drawn: Drawn) -> Markup:
    found = document["knowledge"]
    if not found:
        return section("knowledge", "What the bank learns", tag("p", _NO_FRAUD, css="absent"))
    month = month_name(document["month"])
    span = (
        f"the fraud of {month}"
        if found["months"] == 1
        else f"the fraud of {month} and of {counted(found['months'] - 1, 'month')} before"
    )
    types = [
        [
            title(row["fraud_type"]),
            count(row["rows"]),
            *(percent(row["known"][str(day)]) for day in STATIONS),
            number(row["median_days"], 1),
        ]
        for row in found["types"]
    ]
    reports = [
        [title(row["kind"]), title(row["source"]), count(row["rows"]), count(row["about_fraud"])]
        for row in found["reports"]
    ]
    return section(
        "knowledge",
        "What the bank learns, and when",
        explained(
            "delays",
            drawn,
            "Share of fraud known by days after it",
            "There is too little fraud for this picture.",
            f"Reports received until {found['known_until']} about {span}, by the method of Kaplan and Meier: what is "
            "too young to be known is not counted as unknown. A line that ends early has no older fraud to speak of.",
        ),
        table(
            [
                "Type",
                "Rows",
                *(f"Known after {counted(day, 'day')}" for day in STATIONS),
                "Median days of those reported",
            ],
            types,
        ),
        tag(
            "details",
            tag("summary", f"Reports filed in {month}"),
            table(["What it is said to be", "Who says it", "Reports", "Truly fraud"], reports)
            if reports
            else tag("p", "None."),
        ),
    )


def anomalies_section(document: Document, drawn: Drawn) -> Markup:
    kinds = document["frauds"]["kinds"]
    none = "The truth of this month names no kind of anomaly."
    if not kinds:
        return section("anomalies", "Kinds of anomaly", tag("p", none, css="absent"))
    rows = [
        [
            title(row["kind"]),
            count(row["rows"]),
            count(row["fraud"]),
            percent(row["share_fraud"]),
            number(row["phi"], 3).replace("-", "−"),
            *(count(rows) for rows in row["severity"].values()),
        ]
        for row in kinds
    ]
    honest = 1 - sum(row["fraud"] for row in kinds) / sum(row["rows"] for row in kinds)
    return section(
        "anomalies",
        "Kinds of anomaly",
        pair(
            shown("kinds", drawn, "Anomalies by kind, honest and fraud", none),
            shown("kind_hours", drawn, "Anomalies by kind and local hour", none),
        ),
        table(
            [
                "Kind",
                "Rows",
                "Fraud",
                "Share",
                "Correlation with fraud",
                *(f"{title(s)} severity" for s in kinds[0]["severity"]),
            ],
            rows,
        ),
        how(
            f"Unusual is not criminal: {percent(honest)} of these rows are honest. The correlation is phi over all "
            "ledger rows; severities are those of the fraudulent rows. The second picture has each kind’s rows by "
            "hour."
        ),
        tag("h3", "Severity of fraud"),
        shown("severity", drawn, "Severity of fraud by type", _NO_FRAUD),
        tag("h3", "By city"),
        explained(
            "city_kinds",
            drawn,
            "Anomalies by city and kind",
            "The ledger of this month names no places.",
            "Rows of each kind in 1,000 payments of the largest cities; each column has its own scale.",
        ),
    )
