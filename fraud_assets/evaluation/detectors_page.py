"""The page about detectors without labels, in plain sentences; and its few lines for the asset's metadata."""

from __future__ import annotations

from typing import Any

from fraud_assets.counting import counted
from fraud_assets.evaluation.detectors_charts import NAMES, detectors_charts
from fraud_assets.evaluation.markup import Markup, cell, chart, how, says, section, shaded, shown, table, tag, tile
from fraud_assets.evaluation.page import page
from fraud_assets.evaluation.words import count, month_name, number, percent, spread, title, with_spread

#: What is compared: the key of the ratio in the verdict, and what with.
_COMPARED = {
    "times_the_best_single_feature": "Best single feature, chosen with the truth in hand",
    "share_of_the_champion": "Supervised champion, trained on reports",
}


def detectors_page(bank: str, month: str, verdict: dict[str, Any]) -> str:
    """The verdict of :func:`fraud_assets.evaluation.detectors.judge_detectors` as a page that opens offline."""
    heading = f"{bank}, {month_name(month)}"
    if verdict["status"] == "empty":
        return page("Anomaly report", heading, [tag("p", f"Nothing to judge: {verdict['reason']}.")], [], {})
    drawn = detectors_charts(verdict)
    parts = [
        ("ladder", "Ranking", _ladder(verdict, drawn)),
        ("types", "Fraud types", _types(verdict, drawn)),
        ("severity", "Severity", _severity(drawn)),
        ("honest", "Honest", _honest(drawn)),
        ("days", "Days", _days(verdict["in_time"], drawn)),
        ("cities", "Cities", _cities(verdict["by_city"])),
    ]
    top = [tag("p", " ".join(sentences(verdict)), css="lede"), _tiles(verdict)]
    footer = "All figures of this page, and more, are in metrics.json beside it."
    return page("Anomaly report", heading, top, parts, drawn, footer=footer)


def sentences(verdict: dict[str, Any]) -> list[str]:
    """What to know of a verdict, in two or three sentences."""
    anomalies, found = verdict["anomalies"], verdict["average_precision"]["anomaly_score"]
    precision = "" if anomalies["precision"] is None else f"; {percent(anomalies['precision'])} of them are fraud"
    called = (
        f"{counted(anomalies['count'], 'payment is called an anomaly', 'payments are called anomalies')} "
        f"({percent(anomalies['share_of_rows'])})"
    )
    said = [
        (
            "Three detectors looked for unusual payments without any label. Together they reach an average precision "
            f"of {number(found['value'], 3)} on {counted(verdict['rows'], 'payment')}, of which "
            f"{counted(verdict['frauds'], 'is fraud', 'are fraud')} in {counted(verdict['campaigns'], 'campaign')}."
        ),
        f"{called}{precision}, and {percent(anomalies['recall'])} of all fraud is among them.",
    ]
    missed = [name.partition(",")[0].lower() for key, name in _COMPARED.items() if verdict["reached"][key] is False]
    if missed:
        said.append(f"Not held: what was asked beside the {' and the '.join(missed)}.")
    return said


def detectors_markdown(verdict: dict[str, Any]) -> str:
    """The sentences, what was asked and the ranking, for the asset's page in the UI."""
    if verdict["status"] == "empty":
        return f"Nothing to judge: {verdict['reason']}."
    lines = [f"{sentence}\n" for sentence in sentences(verdict)]
    lines += ["| compared with | times its average precision | at least | |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in _asked(verdict)]
    lines += ["", "| ranking | average precision, 95 % interval |", "|---|---|"]
    for name, note, figures in _ranking(verdict):
        lines.append(f"| {name}{f' ({note})' if note else ''} | {figures} |")
    return "\n".join(lines)


def _ranking(verdict: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(name, what is to be known of it, average precision), the highest first."""
    single = verdict["best_single_feature"]
    notes = {"champion": "supervised, trained on reports", "ecdf": "empirical distributions (ECDF)"}
    if single:
        notes["best_single_feature"] = f"{single['feature']}, {single['direction']} values first"
    found = sorted(verdict["average_precision"].items(), key=lambda one: -one[1]["value"])
    return [(NAMES.get(name, title(name)), notes.get(name, ""), with_spread(one, _three)) for name, one in found]


def _asked(verdict: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """(compared with, times its average precision, what was asked, verdict)."""
    rows = []
    for key, name in _COMPARED.items():
        if verdict[key] is None:
            continue
        held = verdict["reached"][key]
        said = "not asked here" if held is None else "held" if held else "not held"
        least = f"{verdict['asked'][key]:g}" if verdict["are_asked"] else "–"
        rows.append((name, with_spread(verdict[key]), least, said))
    return rows


def _three(value: float | None) -> str:
    return number(value, 3)


def _tiles(verdict: dict[str, Any]) -> Markup:
    anomalies, found = verdict["anomalies"], verdict["average_precision"]["anomaly_score"]
    rate = number(verdict["frauds"] / verdict["rows"], 3)
    return tag(
        "div",
        tile("Average precision", number(found["value"]), spread(found), f"1 is perfect; a random order gives {rate}."),
        tile("Anomalies", count(anomalies["count"]), "", f"{percent(anomalies['share_of_rows'])} of all payments."),
        tile("Fraud found", percent(anomalies["recall"]), "", "of all fraud is called an anomaly."),
        tile("Anomalies right", percent(anomalies["precision"]), "", "of them are fraud; the others are merely odd."),
        css="tiles",
    )


def _ladder(verdict: dict[str, Any], drawn: dict[str, Any]) -> Markup:
    names = [row[0] for row in _ranking(verdict)]
    compared = [
        [name, cell(said, css="warn" if said == "not held" else ""), reached, least]
        for name, reached, least, said in _asked(verdict)
    ]
    why = (
        "Where wallets are robbed few reports arrive, so these detectors have to find fraud, and this is asked of them."
        if verdict["are_asked"]
        else "Nothing is asked of detectors here: this bank’s fraud is reported, so its supervised champion does the "
        "work and they stand beside it. Of wallets, which have nothing else, 1.5 times the best single feature and a "
        "quarter of the champion are asked."
    )
    return section(
        "ladder",
        f"{names[0]} ranks fraud highest",
        chart("ladder", drawn, "Average precision of every ranking, with 95% intervals"),
        how("How far up each ranking puts fraud, on the same payments; lines are 95% intervals."),
        table(["Ranking", "Average precision"], [[cell(name, note), value] for name, note, value in _ranking(verdict)]),
        tag("h3", "The three together against what was asked"),
        table(["Compared with", "Verdict", "Times its average precision", "At least"], compared) if compared else "",
        how(why),
    )


def _types(verdict: dict[str, Any], drawn: dict[str, Any]) -> Markup:
    unseen = [title(one["kind"]).lower() for one in verdict["by_type"] if not one["anomalies"]]
    return section(
        "types",
        "What is seen of each type of fraud",
        chart("types", drawn, "Share of each fraud type that is called an anomaly"),
        says(f"Nothing is seen of {', '.join(unseen)}.") if unseen else "",
        how("Fraud that does what everybody does looks usual; only what is unusual can be found without labels."),
    )


def _severity(drawn: dict[str, Any]) -> Markup:
    return section(
        "severity",
        "Fraud by severity",
        shown("severity", drawn, "Share of fraud called an anomaly, by severity", "No fraud has a severity."),
    )


def _honest(drawn: dict[str, Any]) -> Markup:
    return section(
        "honest",
        "Honest payments that are called anomalies",
        tag("h3", "By kind of unusual behaviour"),
        shown("honest", drawn, "Share of honest payments called anomalies, by kind", "There are no honest payments."),
        tag("h3", "By the fraud that they resemble"),
        shown("alike", drawn, "Share of honest look-alikes called anomalies", "There are no honest payments."),
    )


def _days(in_time: dict[str, Any], drawn: dict[str, Any]) -> Markup:
    dispersion = in_time["dispersion_of_hours"]
    text = "" if dispersion is None else f"Hourly counts vary {number(dispersion, 1)} times as much as chance alone "
    text += "" if dispersion is None else "would make them (1: no clusters). Days are UTC."
    return section(
        "days", "Anomalies by day", shown("days", drawn, "Anomalies by day", "There are no anomalies."), how(text)
    )


def _cities(cities: list[dict[str, Any]]) -> Markup:
    most = max((one["share"] for one in cities), default=0.0) or 1.0
    rows = [
        [
            one["city"] or "Unknown",
            count(one["rows"]),
            count(one["anomalies"]),
            shaded(percent(one["share"]), one["share"] / most, "194,65,45"),
            count(one["frauds"]),
        ]
        for one in cities
    ]
    return section(
        "cities", "Where anomalies are", table(["City", "Payments", "Anomalies", "Share of payments", "Frauds"], rows)
    )
