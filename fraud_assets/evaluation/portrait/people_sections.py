"""What the page says of places, declines, and of who pays how."""

from __future__ import annotations

from typing import Any

from fraud_assets.counting import counted
from fraud_assets.evaluation.maps import MAP_COLORS
from fraud_assets.evaluation.markup import Markup, cell, explained, how, says, section, shaded, shown, table, tag
from fraud_assets.evaluation.portrait.place_charts import reddest
from fraud_assets.evaluation.words import count, number, percent, title

Document = dict[str, Any]
Drawn = dict[str, Any]
_NO_PLACES = "The ledger of this month names no places."
_FEW = "There are too few payments for this picture."


def places_section(document: Document, drawn: Drawn) -> Markup:
    found = document["places"]
    told = []
    if found["cities"]:
        many = found["country_count"]
        where = counted(many, "country", "countries")
        told.append(
            f"Payments were made in {counted(found['city_count'], 'city', 'cities')} of {where}, fraud included."
        )
    home = [f"{title(channel)} {percent(value)}" for channel, value in found["home_share"].items() if value is not None]
    if home:
        told.append(f"In the customer’s own city: {', '.join(home)}.")
    return section(
        "places",
        "Places",
        says(" ".join(told)) if told else "",
        explained(
            "map",
            drawn,
            "Cities with their payments and their share of fraud",
            _NO_PLACES,
            "A bubble’s area is the number of payments, its colour the share of fraud; the full colour is three "
            "times the usual. Cities with few payments are left blank. Online, the place is where the address is "
            "said to be.",
        ),
        _scale(percent(reddest(found["cities"]))) if "map" in drawn else "",
    )


def _scale(most: str) -> Markup:
    """The colours of the map."""
    ground = ", ".join(str(color) for _, color in MAP_COLORS)
    ramp = f'<span class="ramp" style="background:linear-gradient(90deg, {ground})"></span>'
    return tag("p", "Fraud 0% ", Markup(ramp), f" {most} and more", css="note")


def declines_section(document: Document, drawn: Drawn) -> Markup:
    found = document["declines"]
    honest, fraud = found["honest"], found["fraud"]
    if not honest["rows"]:
        return section("declines", "Declines", tag("p", _FEW, css="absent"))
    text = f"{percent(honest['rate'])} of honest payments are declined"
    text += f", and {percent(fraud['rate'])} of fraudulent attempts." if fraud["rows"] else "."
    rows = [
        [
            title(channel),
            count(side["honest"]["rows"]),
            percent(side["honest"]["rate"]),
            percent(side["honest"]["pending_rate"]),
            percent(side["fraud"]["rate"]),
        ]
        for channel, side in found["channels"].items()
    ]
    return section(
        "declines",
        "Declines",
        says(text),
        shown(
            "declines", drawn, "Declined honest payments by channel and reason", "Nothing was declined in this month."
        ),
        table(["Channel", "Honest payments", "Declined", "Pending", "Fraud declined"], rows),
        tag("h3", "Far from home"),
        explained(
            "distances",
            drawn,
            "Declined share by distance from home",
            _NO_PLACES,
            "Honest payments by kilometres between home and the place of payment, with 95% intervals.",
        ),
    )


def people_section(document: Document, _drawn: Drawn) -> Markup:
    found = document["profiles"]
    likes = found["preferences"]
    told = []
    if likes["categories"] is not None:
        told.append(
            f"{percent(likes['categories'])} of purchases and transfers are in a category that the customer prefers"
        )
        told.append(f"{percent(likes['methods'])} by a preferred method")
    crossed = [
        ("age_method", "Age and method", "Age"),
        ("savviness_channel", "Digital savviness and channel", "Savviness"),
        ("savviness_device", "Digital savviness and device", "Savviness"),
        ("time_channel", "Time of day and channel", "Local time"),
    ]
    tables = [_crossed(heading, first, found[key]) for key, heading, first in crossed if found[key]]
    return section(
        "people",
        "Who pays how",
        says(", ".join(told) + ".") if told else "",
        *tables,
        how(
            "Shares of honest payments, each row adding up to 100%. Cramér’s V is 0 where the row says nothing about "
            "the column, and 1 where it says everything."
        )
        if tables
        else tag("p", _FEW, css="absent"),
        _income(found["income_amount"]),
    )


def _crossed(heading: str, first: str, found: dict[str, Any]) -> Markup:
    most = [max(line[k] for line in found["shares"]) or 1 for k in range(len(found["across"]))]
    rows = [
        [
            cell(title(name), counted(n, "payment")),
            *(shaded(percent(value), value / top) for value, top in zip(line, most, strict=True)),
        ]
        for name, n, line in zip(found["down"], found["rows"], found["shares"], strict=True)
    ]
    v = "" if found["v"] is None else f" (V = {number(found['v'])})"
    return tag("div", tag("h3", heading + v), table([first, *(title(name) for name in found["across"])], rows))


def _income(found: dict[str, Any] | None) -> Markup:
    if not found:
        return Markup("")
    top = max(group["times"] for group in found["groups"])
    rows = [
        [
            cell(title(group["income_bracket"]), counted(group["customers"], "customer")),
            shaded(number(group["times"]), group["times"] / top),
            number(group["typical"]),
            percent(group["of_income"]),
        ]
        for group in found["groups"]
    ]
    p = "below 0.0001" if found["p"] < 1e-4 else number(found["p"], 4)
    head = ["Income", "Amount against others in the same category", "Typical amount", "Paid out, of a month’s income"]
    return tag(
        "div",
        tag("h3", "Income and amount"),
        tag("div", table(head, rows), css="narrow"),
        how(
            f"Analysis of variance of customers’ mean log amounts: F({found['free'][0]}, {count(found['free'][1])}) = "
            f"{number(found['f'], 1)}, p {p}; income explains {percent(found['eta_squared'])} of the variance between "
            "customers. The typical amount is the median customer’s geometric mean."
        ),
    )
