"""What the page says of honest life: the day, the month, amounts and habits."""

from __future__ import annotations

from typing import Any

from fraud_assets.counting import counted
from fraud_assets.evaluation.markup import Markup, cell, explained, how, pair, says, section, shown, table, tag
from fraud_assets.evaluation.portrait.rhythm import NIGHT_UNTIL
from fraud_assets.evaluation.words import count, number, percent, price, title

Document = dict[str, Any]
Drawn = dict[str, Any]
_FEW = "There are too few payments for this picture."


def _box(heading: str, *parts: Any) -> Markup:
    return tag("div", tag("h3", heading), *parts)


def day_section(document: Document, drawn: Drawn) -> Markup:
    nights = document["rhythm"]["night_share"]
    told = [f"{title(name)} {percent(value)}" for name, value in nights.items() if name not in ("honest", "fraud")]
    fraud = (
        ""
        if nights["fraud"] is None
        else f" Of fraud it is {percent(nights['fraud'])}, of honest payments {percent(nights['honest'])}."
    )
    methods = (
        _box("By method", shown("hours_method", drawn, "Payments by local hour and method", _FEW))
        if "hours_method" in drawn
        else ""
    )
    return section(
        "day",
        "The day",
        says(f"Between 0 and {NIGHT_UNTIL} o’clock: {', '.join(told)}.{fraud}") if told else "",
        pair(
            _box("By channel", shown("hours_channel", drawn, "Payments by local hour and channel", _FEW)),
            methods,
            _box(
                "Weekdays and weekend", shown("hours_week", drawn, "Payments by local hour, weekdays and weekend", _FEW)
            ),
            _box("Honest and fraud", shown("hours_truth", drawn, "Honest and fraudulent payments by local hour", _FEW)),
        ),
        how(
            "Each line is a share of its own payments, on the clock of the place; bills and salaries, which nobody "
            "times, are left out. People sleep, eat at noon and shop after work; shops close, the web does not. Bars "
            "on the line of fraud are one standard error."
        ),
    )


def month_section(document: Document, drawn: Drawn) -> Markup:
    rhythm = document["rhythm"]
    partial = [day for day in rhythm["days"] if not day["is_complete"]]
    pale = (
        " Pale days are cut: a month begins and ends at midnight UTC, which is another hour where people live."
        if partial
        else ""
    )
    names = [holiday["name"] for holiday in rhythm["holidays"]]
    told = (
        f"In the calendar of this month: {', '.join(names)}."
        if names
        else "No holiday of the bank’s calendar falls into this month."
    )
    effect = {point["offset"]: point["index"] for point in rhythm["payday_effect"]}
    payday = (
        f" On payday people pay {number(effect[0])} times as often as others do on the same day." if 0 in effect else ""
    )
    return section(
        "month",
        "The week and the month",
        says(told + payday),
        explained(
            "days",
            drawn,
            "Honest payments by day of the month, with holidays and paydays",
            _FEW,
            f"Honest payments a local day; weekends are drawn in a lighter blue, triangles are paydays.{pale}",
        ),
        pair(
            _box("An average week", shown("week", drawn, "Payments by weekday and hour", _FEW)),
            _box("By weekday", shown("weekdays", drawn, "Payments by weekday over the mean day", _FEW)),
            _box(
                "Around payday",
                explained(
                    "payday",
                    drawn,
                    "Payments by days since payday",
                    "All customers are paid on the same day, or hardly anybody pays.",
                    "Customers of one payday against all others on the same days, so that no weekday or holiday is "
                    "mistaken for pay.",
                ),
            ),
        ),
    )


def amounts_section(document: Document, drawn: Drawn) -> Markup:
    methods = document["amounts"]
    boxes = [
        _box(
            method["method"],
            shown(f"amounts_{k}", drawn, f"Honest amounts by {method['method']}", _FEW),
            _favourites(method),
        )
        for k, method in enumerate(methods)
    ]
    rows = []
    for method in methods:
        side, cash = method["honest"], method["currency"]
        if not side["rows"]:
            continue
        rows.append(
            [
                cell(method["method"], counted(side["rows"], "payment")),
                price(side["p50"], cash),
                price(side["mean"], cash),
                price(side["p95"], cash),
                price(side["largest"], cash),
                percent(side["whole"]),
                percent(side["tens"]),
                percent(side["nines"]),
            ]
        )
    head = ["Method", "Median", "Mean", "95 of 100 below", "Largest", "Whole", "Tens", "End in 9, .95 or .49"]
    return section(
        "amounts",
        "Amounts",
        pair(*boxes) if boxes else tag("p", _FEW, css="absent"),
        how(
            "Honest payments on a logarithmic scale, in bins so narrow that prices show: round sums between people, "
            "9.99 in shops, nothing of the kind at the fuel pump. A smooth hill would be a formula, not a till. The "
            "largest in a thousand at either end are not drawn."
        ),
        table(head, rows) if rows else "",
    )


def _favourites(method: dict[str, Any]) -> Markup:
    rows = method["honest"]["rows"]
    named = ", ".join(
        f"{price(point['amount'], method['currency'])} ({percent(point['rows'] / rows)})"
        for point in method["favourites"][:4]
    )
    return how(f"Most frequent: {named}.") if named else Markup("")


def habits_section(document: Document, drawn: Drawn) -> Markup:
    found = document["habits"]
    repeats, pauses, days, popular = (found[key] for key in ("repeats", "pauses", "days", "popularity"))
    told = []
    if repeats:
        told.append(
            f"{percent(repeats['known'])} of honest payments go to somebody whom the customer has paid before; the "
            f"median customer pays {count(repeats['recipients_a_customer'])} different recipients in the month."
        )
    if pauses:
        told.append(f"{percent(pauses['within_an_hour'])} of payments follow the one before within an hour.")
    if days:
        told.append(
            f"A customer’s days vary {number(days['dispersion'], 1)} times as much as chance around their own mean "
            "would let them."
        )
    return section(
        "habits",
        "Habits",
        says(" ".join(told)) if told else "",
        pair(
            _box(
                "Paid before, by day",
                shown("repeats_days", drawn, "Share of payments to known recipients by day", _FEW),
            ),
            _box(
                "Paid before, by customer",
                shown("repeats_customers", drawn, "Customers by share of payments to known recipients", _FEW),
            ),
        ),
        how(_memory(repeats)) if repeats else "",
        tag("h3", "The pause before a payment"),
        explained(
            "pauses",
            drawn,
            "Time since the customer's payment before",
            _FEW,
            "The dotted line is what each customer’s mean rate would give at moments of pure chance. People go out "
            "and pay several times, then sleep: more at the short end, less in the middle, and again more where the "
            "night lies.",
        ),
        pair(
            _box("Busy and quiet days", shown("busy", drawn, "Customer-days by number of payments", _FEW)),
            _box("Who is popular", shown("popularity", drawn, "Purchases by rank of the merchant", _FEW)),
        ),
        _popular(popular) if popular else "",
        _categories(found["categories"]),
    )


def _memory(repeats: dict[str, Any]) -> str:
    months = repeats["earlier_months"]
    if not months:
        return (
            "No earlier month is at hand, so at the start of this one everybody is a stranger, and the line rises "
            "while people return to where they have been."
        )
    word = "month before is" if months == 1 else f"{months} months before are"
    return f"Known means: paid by this customer earlier in the month or in the months at hand; the {word}."


def _categories(categories: list[dict[str, Any]]) -> Markup:
    if not categories:
        return Markup("")
    rows = [
        [
            cell(row["category"], counted(row["customers"], "customer")),
            count(row["rows"]),
            count(row["median"]),
            count(row["p95"]),
            percent(row["weekend"]),
            percent(row["night"]),
        ]
        for row in categories
    ]
    head = [
        "Category",
        "Payments",
        "Of a customer, median",
        "Of a customer, 95th percentile",
        "At the weekend",
        "At night",
    ]
    return tag("details", tag("summary", "How often people go where"), table(head, rows))


def _popular(popular: dict[str, Any]) -> Markup:
    slope = (
        f" The slope is {number(popular['slope'])}; Zipf’s law has −1.".replace("is -", "is −")
        if popular["slope"]
        else ""
    )
    rows = [
        [cell(row["recipient_entity"], row["category"]), count(row["rows"]), number(row["typical"])]
        for row in popular["top"]
    ]
    return tag(
        "div",
        how(
            f"{counted(popular['merchant_count'], 'merchant')} with {counted(popular['name_count'], 'name')} "
            "were paid in honest purchases. The most popular hundredth of the merchants has "
            f"{percent(popular['top_hundredth'])} of the purchases, "
            f"{percent(popular['seen_once'])} of them have one.{slope}"
        ),
        tag(
            "details", tag("summary", "The names met most often"), table(["Name", "Purchases", "Typical amount"], rows)
        ),
    )
