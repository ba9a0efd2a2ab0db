"""The page on which candidates stand side by side over several months, for whatever a bank cares about most."""

from __future__ import annotations

from typing import Any

from fraud_assets.counting import counted
from fraud_assets.evaluation import words
from fraud_assets.evaluation.comparison import CHAMPION
from fraud_assets.evaluation.markup import Markup, cell, chart, how, says, section, table, tag
from fraud_assets.evaluation.page import page
from fraud_assets.evaluation.plotting import BLUE, SERIES, Figure, axis, bars, figure
from fraud_assets.evaluation.words import count, money, number, percent, policy, signed, spread, title, with_spread

#: What a bank may care about most, the figure that says so, and how it is written.
_PRIORITIES = {
    "average_precision": "Find the most fraud whatever the number of alerts",
    "recall_at_budget": "Find the most fraud with the alerts that people can look at",
    "card_precision": "Waste the least time of the people who call customers",
    "savings": "Lose the least money",
}
_NOT_CHOSEN = ("prevalence", "small_tree")  # yardsticks, no contenders


def comparison_page(bank: str, document: dict[str, Any]) -> str:
    """The document of :func:`fraud_assets.assets.comparison.compare_months` as one HTML page."""
    months = [month["month"] for month in document["months"]]
    heading = f"{bank}, {months[0]} to {months[-1]}" if len(months) > 1 else f"{bank}, {months[0]}"
    figures = {
        f"month-{key}": drawn for key in _PRIORITIES if (drawn := _by_month(document, key)) is not None and months[1:]
    }
    pooled, champion = document["pooled"], document["champion"]
    top = [
        tag(
            "p",
            f"{counted(pooled['rows'], 'payment')} of {counted(len(months), 'month')}, "
            f"{count(pooled['frauds'])} of them fraud. Every candidate was trained before the month that it is judged "
            "on; all are judged on the same rows. Intervals are 95 %, by campaign and customer.",
        ),
        says(_choice(document)),
    ]
    parts = [
        ("priorities", "Priorities", _priorities(document)),
        ("together", "Together", _together(document)),
        ("months", "Month by month", _months(document, figures)),
        ("pairs", "Pair by pair", _pairs(document)),
        ("champions", "Champions", _champions(document)),
        ("calibration", "Calibration", _calibration(champion)),
        ("alerts", "Alerts", _alerts(champion)),
        ("money", "Money", _money(champion, document["settings"]["currency"], document["labels"])),
        ("types", "Fraud types", _types(champion)),
        ("alike", "Look-alikes", _look_alikes(champion)),
    ]
    return page("Comparison of models", heading, top, parts, figures)


def best_for(document: dict[str, Any]) -> dict[str, str | None]:
    """The candidate that leads in each figure over all months; None where it leads nobody, or not all yardsticks."""
    found = document["pooled"]["candidates"]
    contenders = [name for name in found if name not in (*_NOT_CHOSEN, CHAMPION)]
    leaders: dict[str, str | None] = {}
    for key in _PRIORITIES if contenders else ():
        reached = {name: of[key]["value"] or 0.0 for name, of in found.items() if name != CHAMPION}
        best = max(contenders, key=reached.__getitem__)
        others = [value for name, value in reached.items() if name != best]
        leaders[key] = best if all(reached[best] > value for value in others) else None
    return leaders


def _write(document: dict[str, Any], key: str) -> words.Write:
    if key == "savings":
        return lambda value: money(value, document["settings"]["currency"])
    return percent if key in {"recall_at_budget", "card_precision"} else lambda value: number(value, 3)


def _choice(document: dict[str, Any]) -> str:
    leaders = best_for(document)
    named = {name for name in leaders.values() if name is not None}
    said = [f"{title(name)} if the aim is to {_PRIORITIES[key].lower()}" for key, name in leaders.items() if name]
    level = [_PRIORITIES[key].lower() for key, name in leaders.items() if name is None]
    alike = f" No candidate is ahead of all others if it is to {' or to '.join(level)}." if level else ""
    if not named:
        return "No candidate is ahead of all others in any figure."
    if len(named) > 1:
        return f"It depends on what counts: {'; '.join(said)}.{alike}{_chance(document, leaders)}"
    which = "every figure that tells them apart" if level else "every figure"
    return f"{title(named.pop())} leads in {which}.{alike}{_chance(document, leaders)}"


def _chance(document: dict[str, Any], leaders: dict[str, str | None]) -> str:
    """Said where the lead in average precision, of which the pairs tell, may be chance."""
    leader = leaders["average_precision"]
    leads = [pair for pair in document["paired"] if pair["better"] == leader and pair["worse"] != CHAMPION]
    unsure = [title(pair["worse"]) for pair in leads if (pair["ahead_by"]["low"] or 0) <= 0]
    return f" In average precision the lead over {', '.join(unsure)} may be chance." if unsure else ""


def _priorities(document: dict[str, Any]) -> Markup:
    found, rows = document["pooled"]["candidates"], []
    for key, name in best_for(document).items():
        write = _write(document, key)
        best = found[name][key] if name else max((of[key] for of in found.values()), key=lambda of: of["value"] or 0.0)
        held = found.get(CHAMPION, found[name] if name else {key: best})[key]
        choice = title(name) if name else "any: none is ahead of all others"
        rows.append([_PRIORITIES[key], cell(choice, ""), with_spread(best, write), with_spread(held, write)])
    return section(
        "priorities",
        "What counts most, and who is best at it",
        table(["If the aim is to", "choose", "It reached", "The champions of the months reached"], rows),
        how("Intervals that overlap widely mean that the choice hardly matters; the pairs below say by how much."),
    )


def _together(document: dict[str, Any]) -> Markup:
    found = document["pooled"]["candidates"]
    names = sorted(found, key=lambda name: -(found[name]["average_precision"]["value"] or 0.0))
    rows = [
        [title(name), *(with_spread(found[name][key], _write(document, key)) for key in _PRIORITIES)] for name in names
    ]
    place = names.index(CHAMPION) if CHAMPION in names else None
    return section(
        "together",
        "All months together",
        table(["Candidate", *_heads(document)], rows, place),
        how(
            "What the champion saved is by its own decisions, with thresholds fixed before each month, as in the "
            "month’s evaluation report; a candidate’s is by what it would have decided with the month’s best use of as "
            "many reviews. So the champion and the candidate that it is may differ a little."
        ),
    )


def _heads(document: dict[str, Any]) -> list[str]:
    settings = document["settings"]
    return [
        "Average precision",
        f"Found at {settings['alerts']:g} alerts in 10,000",
        f"Victims among the daily {settings['customers']}",
        "Saved",
    ]


def _months(document: dict[str, Any], figures: dict[str, Figure]) -> Markup:
    heads = _heads(document)
    drawn = [
        Markup(tag("h3", head) + chart(f"month-{key}", figures, f"{head} by month"))
        for key, head in zip(_PRIORITIES, heads, strict=True)
        if f"month-{key}" in figures
    ]
    tables = []
    for month in document["months"]:
        rows = [
            [title(name), *(with_spread(of[key], _write(document, key)) for key in _PRIORITIES)]
            for name, of in month["candidates"].items()
        ]
        tables.append(
            tag("h3", f"{month['month']}: {counted(month['frauds'], 'fraud')}") + table(["Candidate", *heads], rows)
        )
    return section("months", "Month by month", *drawn, *(Markup(text) for text in tables))


def _by_month(document: dict[str, Any], key: str) -> Figure | None:
    names = [name for name in document["pooled"]["candidates"] if name != "prevalence"]
    colors = dict(zip([name for name in names if name != CHAMPION], SERIES[1:], strict=False)) | {CHAMPION: BLUE}
    months = [month["month"] for month in document["months"]]
    data = []
    for name in names:
        estimates = [month["candidates"][name][key] for month in document["months"]]
        if any(estimate["value"] is None for estimate in estimates):
            return None
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": months,
                "y": [estimate["value"] for estimate in estimates],
                "name": title(name),
                "line": {"color": colors[name], "width": 3 if name == CHAMPION else 1.6},
                "error_y": bars(estimates, colors[name]) | {"thickness": 1, "width": 3},
            }
        )
    form = ",.0f" if key == "savings" else ".2f" if key == "average_precision" else ".0%"
    return figure(data, 360, xaxis=axis(type="category"), yaxis=axis(tickformat=form, rangemode="tozero"))


def _pairs(document: dict[str, Any]) -> Markup:
    rows = [
        [title(pair["better"]), title(pair["worse"]), with_spread(pair["ahead_by"], lambda v: signed(v, 3))]
        for pair in document["paired"]
    ]
    return section(
        "pairs",
        "Pair by pair, average precision over all months",
        table(["Ahead", "Behind", "By"], rows),
        how(
            "The same replicates for both of a pair: an interval that leaves out zero says that the lead is no chance."
        ),
    )


def _champions(document: dict[str, Any]) -> Markup:
    rows = [
        [one["month"], title(one["name"]), one["trained_for"], one["decision"], cell(one["why"], css="told")]
        for one in document["champions"]
    ]
    return section(
        "champions",
        "Who scored each month, and why",
        table(["Month", "Champion", "Version of", "Decision", "Why"], rows),
    )


def _calibration(champion: dict[str, Any]) -> Markup:
    found = champion["calibration"]
    top = found["top_percent_detail"]
    rows = [
        ["Expected over observed frauds, 1 % highest scores", with_spread(top, number)],
        ["Slope (1 is ideal, below is overconfident)", number(found["slope"])],
        ["Brier skill (0: no better than the average)", with_spread(found["brier_skill"], lambda v: number(v, 3))],
        *(
            [f"Average precision, {title(name)}", with_spread(of, lambda v: number(v, 3))]
            for name, of in champion["yardsticks"].items()
        ),
    ]
    return section("calibration", "Do the probabilities mean what they say", table(["Figure", "Champions"], rows))


def _alerts(champion: dict[str, Any]) -> Markup:
    threshold, queue = champion["threshold"], champion["queue"]
    rows = [
        [row["month"], *(percent(row[key]) for key in ("rows_over_score", "reviews", "refusals"))]
        for row in [*threshold["months"], {"month": "All"} | threshold["pooled"]]
    ]
    return section(
        "alerts",
        "How many alerts fixed thresholds gave, in shares of the budget",
        table(["Month", "Payments over the score", "Reviews ordered", "Refusals"], rows),
        how(
            "Thresholds were fixed before the month. Reviews stop below the budget where a further one would cost more "
            f"than it saves. The daily queue was full on {queue['days_filled']} of {queue['days']} days."
        ),
    )


def _money(champion: dict[str, Any], currency: str, labels: str) -> Markup:
    rows = [
        [
            policy(row["policy"], labels),
            count(row["reviews"]),
            count(row["refusals"]),
            with_spread(row["savings"], lambda value: money(value, currency)),
            percent(row["share_of_ideal"]),
        ]
        for row in champion["policies"]
    ]
    return section(
        "money",
        "What each policy would have saved",
        table(["Policy", "Reviews", "Refusals", "Saved", "Of the ideal"], rows),
    )


def _types(champion: dict[str, Any]) -> Markup:
    rows = [
        [
            title(row["fraud_type"]),
            count(row["frauds"]),
            count(row["campaigns"]),
            cell(percent(row["recall_at_budget"]["value"]), spread(row["recall_at_budget"], percent)),
        ]
        for row in champion["fraud_types"]
    ]
    return section(
        "types", "What is found of each type of fraud", table(["Type", "Frauds", "Campaigns", "Found"], rows)
    )


def _look_alikes(champion: dict[str, Any]) -> Markup:
    rows = [
        [
            title(row["lookalike_of"]),
            count(row["rows"]),
            with_spread(row["false_positive_rate"], percent),
            number(row["times_the_usual"], 1),
        ]
        for row in champion["look_alikes"]
    ]
    return section(
        "alike",
        "Honest payments that resemble a fraud",
        table(["Like", "Payments", "False alarms", "Times those of others"], rows)
        if rows
        else tag("p", "Nothing is known of look-alikes.", css="absent"),
    )
