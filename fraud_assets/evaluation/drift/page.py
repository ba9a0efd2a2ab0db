"""The drift report as a page, in plain sentences; its words are used in the asset's metadata too."""

from __future__ import annotations

from typing import Any

from fraud_assets.evaluation.drift.charts import drift_charts
from fraud_assets.evaluation.markup import Markup, cell, chart, how, join, pair, says, section, shown, table, tag, tile
from fraud_assets.evaluation.page import page
from fraud_assets.evaluation.words import count, month_name, number, percent, rounded, title

_OVER = "Drift report"
_LISTED = 30


def drift_page(document: dict[str, Any]) -> str:
    """The document of :func:`fraud_assets.evaluation.drift.measure_drift` as one HTML page that opens offline."""
    heading = f"{document['bank']}, {month_name(document['month'])}"
    if document["status"] == "empty":
        top = [
            tag("p", "There is nothing to compare this month with.", css="lede"),
            tag("p", f"{document['reason'][:1].upper()}{document['reason'][1:]}."),
            tag("p", "This is a result, not a failure: the report of a later month will have figures.", css="note"),
        ]
        return page(_OVER, heading, top, [], {})
    drawn = drift_charts(document)
    parts = [
        ("features", "Features", _features(document, drawn)),
        ("months", "Over months", _months(drawn)),
        ("score", "Score", _score(document, drawn)),
        ("adversary", "Adversary", _adversary(document, drawn)),
        ("alerts", "Alert rate", _alerts(document, drawn)),
        ("definitions", "Definitions", _definitions(document)),
    ]
    top = [tag("p", " ".join(sentences(document)), css="lede"), _tiles(document)]
    footer = "All figures of this page, and more, are in metrics.json beside it."
    return page(_OVER, heading, top, parts, drawn, footer=footer)


def sentences(document: dict[str, Any]) -> list[str]:
    """What to know of a month's drift, in two to four sentences."""
    if document["status"] == "empty":
        return [f"Nothing to compare with: {document['reason']}."]
    reference, alarms = document["reference"], document["alarms"]
    months = _months_in_words(reference["months"])
    whose = f"the months that {title(document['champion'])} learned from, {months}" if reference["is_training"] else ""
    said = [f"{month_name(document['month'])} is held against {whose or f'the months before it, {months}'}."]
    if not document["limits"]["there_are"]:
        known, needed = document["limits"]["comparisons"], document["limits"]["needed"]
        said.append(
            f"What is usual is not known yet: that takes {needed} comparisons among earlier months, and there "
            f"{'is' if known == 1 else 'are'} {known}. The figures stand without limits, and nothing is an alarm."
        )
        return said
    names, judged = alarms["features"], len(document["features"]) - len(document["filling"])
    if names:
        listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        said.append(
            f"{count(len(names))} of {count(judged)} features {'has' if len(names) == 1 else 'have'} moved more than"
            f" in any stable month: {listed}."
        )
    else:
        said.append(f"None of {count(judged)} features has moved more than stable months do.")
    if document["filling"]:
        said.append(
            f"{count(len(document['filling']))} more cannot be judged: they look back to before the bank’s first "
            "month, and are still filling."
        )
    for key, text in (
        ("score", "The champion’s score is spread differently."),
        ("adversary", "A model can tell the month from its reference better than stable months."),
        ("alert_rate", "The share of alerts is outside its control limits."),
    ):
        if alarms[key]:
            said.append(text)
    return said


def _tiles(document: dict[str, Any]) -> Markup:
    score, adversary, rate = document["score"], document["adversary"], document["alert_rate"]
    has_limits = document["limits"]["there_are"]
    return tag(
        "div",
        tile(
            "Features beyond limits",
            count(len(document["alarms"]["features"])) if has_limits else "–",
            f"of {count(len(document['features']) - len(document['filling']))}",
            "by PSI or KS, against limits from stable months." if has_limits else "too few months for limits yet.",
        ),
        tile(
            "Score PSI",
            number(score["psi"], 3) if score else "–",
            _limit(score["psi_limit"], 3) if score else "",
            (score["no_limit"] and "no limit yet.") or "0: the champion’s score is spread as before."
            if score
            else "there is no score to compare with.",
        ),
        tile(
            "Adversary’s ROC area",
            number(adversary["area"]) if adversary else "–",
            _limit(adversary["limit"]) if adversary else "",
            "0.5: nobody can tell the month from the reference.",
        ),
        tile(
            "Alert rate",
            percent(rate["rate"]),
            f"limits {percent(rate['low'])} to {percent(rate['high'])}" if rate["high"] is not None else "",
            "payments flagged or rejected." if rate["rate"] is not None else "no payment was scored.",
        ),
        css="tiles",
    )


def _limit(value: float | None, digits: int = 2) -> str:
    return "" if value is None else f"limit {number(value, digits)}"


def _features(document: dict[str, Any], drawn: dict[str, Any]) -> Markup:
    features, names = document["features"], document["alarms"]["features"]
    heading = f"{_first(names)} moved most" if names else "No feature moved more than usual"
    if not document["limits"]["there_are"]:
        heading = "What moved most, without limits yet"
    lines = [
        [
            cell(row["name"], _about(row)),
            cell(number(row["psi"], 4), _limit(row["psi_limit"], 4), css=_warn(row, "psi")),
            cell(number(row["ks"], 3), _limit(row["ks_limit"], 3), css=_warn(row, "ks")),
            number(row["usual"], 4),
            percent(row["missing"]),
            rounded(row["median"]),
        ]
        for row in features[:_LISTED]
    ]
    bins = [
        join([tag("h3", row["name"]), chart(f"bins-{k}", drawn, f"Shares of {row['name']} before and now")])
        for k, row in enumerate(features)
        if f"bins-{k}" in drawn
    ]
    absent = document["absent"]
    return section(
        "features",
        heading,
        chart("shift", drawn, "PSI of the features that are nearest to their limits, or beyond"),
        how(
            "How far each feature has gone towards its limit, by the worse of PSI and KS; the line is the limit, what "
            "a stable month more would stay below, and red is beyond it."
            if document["limits"]["there_are"]
            else "PSI is 0 where the values are spread as in the reference."
        ),
        pair(*bins),
        how("Blue: this month’s payments. Sand: the same tenths, or values, in the reference."),
        table(["Feature", "PSI", "KS", "Largest in stable months", "Missing", "Median"], lines),
        _filling(document),
        tag("p", f"Without any value in these months: {', '.join(absent)}.", css="note") if absent else "",
    )


def _about(row: dict[str, Any]) -> str:
    said = [title(row["family"])] if row["family"] else []
    return ", ".join([*said, "still filling"] if row["is_filling"] else said)


def _filling(document: dict[str, Any]) -> Markup | str:
    names = document["filling"]
    if not names:
        return ""
    text = (
        "Still filling, and so without a verdict: in the reference, or in the months that limits come from, these "
        "looked back to before the bank’s first month. They move as its memory fills up, whether or not payments "
        f"change: {', '.join(names)}."
    )
    return tag("p", text, css="note")


def _first(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _warn(row: dict[str, Any], key: str) -> str:
    limit = row[f"{key}_limit"]
    return "warn" if limit is not None and row[key] is not None and row[key] > limit else ""


def _months(drawn: dict[str, Any]) -> Markup:
    return section(
        "months",
        "The same features in earlier months",
        shown("months", drawn, "PSI by feature and month", "There are no two earlier months yet."),
        how(
            "Each earlier month against the up to six months before it, the last column against the reference: PSI, "
            "the redder the further. A bank’s first months move because histories are still growing; the limits know."
        ),
    )


def _score(document: dict[str, Any], drawn: dict[str, Any]) -> Markup:
    score = document["score"]
    if score is None:
        return section("score", "Score", tag("p", "There is no champion’s score to compare with.", css="absent"))
    heading = "The score is spread differently" if score["is_alarm"] else "The score is spread as usual"
    if score["psi_limit"] is None:
        heading = "How the score is spread"
    limit = _limit(score["psi_limit"], 4) or f"No limit yet, and so no alarm: {score['no_limit']}"
    months, rows = _months_in_words(score["reference"]["months"]), count(score["reference"]["rows"])
    whose = "days that it was not fitted on" if score["reference"]["is_held_out"] else "the first month to compare with"
    return section(
        "score",
        heading,
        says(f"PSI {number(score['psi'], 4)}, KS {number(score['ks'], 3)}. {limit}."),
        chart("score", drawn, "Shares of tenths of the score before and now"),
        how(
            "The month’s champion scores all months, so that the model is the same, but only payments that it was not "
            f"fitted on: it is surer of those it has seen. The reference is {rows} payments of {months}: {whose}. The "
            "limit comes from the months between the reference and this one."
        ),
    )


def _adversary(document: dict[str, Any], drawn: dict[str, Any]) -> Markup:
    found = document["adversary"]
    if found is None:
        return section(
            "adversary", "Adversary", tag("p", "There are too few customers, or features, for it.", css="absent")
        )
    heading = "A model can tell the month apart" if found["is_alarm"] else "The month is not told apart unusually well"
    if found["limit"] is None:
        heading = "How well a model tells the month apart"
    rows = [[row["name"], percent(row["share"])] for row in found["features"]]
    return section(
        "adversary",
        heading,
        chart("adversary", drawn, "ROC area of the adversary by month"),
        how(
            "A small model learns to tell this month’s payments from the reference’s on half of the customers and is "
            f"judged on the others. It sees {found['seen']} features, those that move least in stable months, and "
            "finds what none of them shows alone. The calendar and growing histories tell any month apart a little: "
            "therefore the limit."
        ),
        table(["What gives the month away", "Share of gain"], rows),
    )


def _alerts(document: dict[str, Any], drawn: dict[str, Any]) -> Markup:
    found = document["alert_rate"]
    heading = "The alert rate is out of control" if found["is_alarm"] else "The alert rate is within its limits"
    if found["high"] is None:
        heading = "The alert rate"
    text = (
        "Each month by its own champion. Limits come from the months before this one, at least two of them, and no "
        "month is taken to vary less than as many independent payments would."
    )
    absent = "No month has been scored yet."
    return section(
        "alerts", heading, shown("alert_rate", drawn, "Alert rate by month, with control limits", absent), how(text)
    )


def _definitions(document: dict[str, Any]) -> Markup:
    looked = document["sample"]["months"]
    limits = document["limits"]
    entries = {
        "Reference": f"{_months_in_words(document['reference']['months'])}: "
        + ("the champion’s training months." if document["reference"]["is_training"] else "the months before."),
        "PSI": "Population stability index over the reference’s tenths, or the values of a text, missing values apart; "
        "half a row is added to each. A value with many rows is inside a bin, and stays in it when it moves a little.",
        "KS": "The largest distance of two cumulative distributions (Kolmogorov and Smirnov), of known numbers; of "
        "hundredths of the reference, bordered alike, where a value has a twentieth of the rows.",
        "Limits": f"From {_months_in_words(limits['months'])}, each against the up to six months before it. A stable "
        f"month exceeds any limit of a kind by chance in {percent(limits['false_alarms'])} of reports.",
        "Rows": f"{document['sample']['rule']}. "
        + "; ".join(f"{month}: {count(s['looked_at'])} of {count(s['rows'])}" for month, s in looked.items()),
    }
    terms = Markup("".join(tag("dt", term) + tag("dd", text) for term, text in entries.items()))
    return section("definitions", "Definitions", tag("dl", terms))


def _months_in_words(keys: list[str]) -> str:
    names = [month_name(key) for key in keys]
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
