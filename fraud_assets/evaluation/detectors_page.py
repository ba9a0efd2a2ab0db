"""The page about detectors without labels, in plain sentences; and its few lines for the asset's metadata."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fraud_assets.evaluation.markup import Markup, join, table, tag
from fraud_assets.evaluation.page import page
from fraud_assets.evaluation.words import formatted

NAMES = {
    "anomaly_score": "The three detectors together",
    "isolation_forest": "Isolation forest",
    "one_class_svm": "One-class SVM",
    "ecdf": "Tail probabilities (ECDF)",
    "best_single_feature": "Best single feature, chosen with the truth in hand",
    "champion": "Supervised champion, trained on reports",
}


def detectors_page(bank: str, month: str, verdict: dict[str, Any]) -> str:
    """The verdict of :func:`fraud_assets.evaluation.detectors.judge_detectors` as one HTML page."""
    heading = f"{bank}, {month}"
    if verdict["status"] == "empty":
        return page("Anomaly report", heading, [tag("p", f"Nothing to judge: {verdict['reason']}.")], [], {})
    top = [tag("p", sentence) for sentence in sentences(verdict)]
    parts = [
        ("ladder", "Ranking", _ladder(verdict)),
        ("types", "Fraud types", _kinds("What is seen of each type of fraud", verdict["by_type"])),
        ("severity", "Severity", _kinds("And by severity", verdict["by_severity"])),
        ("honest", "Honest", _kinds("Honest payments by kind of unusual behaviour", verdict["honest_by_kind"])),
        ("alike", "Look-alikes", _kinds("Honest payments that resemble a fraud", verdict["honest_by_look_alike"])),
        ("days", "Days", _days(verdict["in_time"])),
        ("cities", "Cities", _cities(verdict["by_city"])),
    ]
    return page("Anomaly report", heading, top, parts, {})


def sentences(verdict: dict[str, Any]) -> list[str]:
    """What to know of a verdict, in two or three sentences."""
    anomalies, found = verdict["anomalies"], verdict["average_precision"]["anomaly_score"]["value"]
    precision = "" if anomalies["precision"] is None else f"; {anomalies['precision']:.0%} of them are fraud"
    quality = (
        f"Without any label the detectors reach an average precision of {found:.3f} on {verdict['rows']:,} payments, "
        f"of which {verdict['frauds']:,} are fraud in {verdict['campaigns']} campaigns."
    )
    quantity = (
        f"{anomalies['count']:,} payments are called anomalies ({anomalies['share_of_rows']:.2%}){precision}, and "
        f"{anomalies['recall']:.0%} of all fraud is among them."
    )
    said = [quality, quantity]
    for key, name in (("times_the_best_single_feature", "best single feature"), ("share_of_the_champion", "champion")):
        ratio, asked = verdict[key], verdict["asked"][key]
        if ratio is not None:
            said.append(f"That is {formatted(ratio, '.2f')} times what the {name} reaches; at least {asked} was asked.")
    return said


def detectors_markdown(verdict: dict[str, Any]) -> str:
    """The sentences and the ranking, for the asset's page in the UI."""
    if verdict["status"] == "empty":
        return f"Nothing to judge: {verdict['reason']}."
    lines = [f"| {name} | {ap} |" for name, ap in _ranking(verdict)]
    head = ["| ranking | average precision, 95 % interval |", "|---|---|"]
    return "\n".join([*(f"{sentence}\n" for sentence in sentences(verdict)), *head, *lines])


def _ranking(verdict: dict[str, Any]) -> Iterable[tuple[str, str]]:
    single = verdict["best_single_feature"]
    for name, estimate in verdict["average_precision"].items():
        which = f" ({single['feature']}, {single['direction']})" if name == "best_single_feature" else ""
        yield NAMES.get(name, name) + which, formatted(estimate, ".3f")


def _section(title: str, *inner: Any) -> Markup:
    return tag("section", tag("h2", title), *inner)


def _ladder(verdict: dict[str, Any]) -> Markup:
    rows = list(_ranking(verdict))
    return _section("Who ranks fraud how high", table(("ranking", "average precision, 95 % interval"), rows))


def _kinds(title: str, kinds: list[dict[str, Any]]) -> Markup:
    rows = [(k["kind"], f"{k['rows']:,}", f"{k['anomalies']:,}", f"{k['share']:.1%}") for k in kinds]
    return _section(title, table(("kind", "payments", "anomalies", "share"), rows))


def _days(in_time: dict[str, Any]) -> Markup:
    dispersion = in_time["dispersion_of_hours"]
    text = (
        "No anomalies."
        if dispersion is None
        else f"Hourly counts vary {dispersion:.1f} times as much as independent events would (1 = no clusters)."
    )
    rows = [(day["day"], f"{day['anomalies']:,}") for day in in_time["days"]]
    return _section("Anomalies in time", tag("p", text), table(("day", "anomalies"), rows))


def _cities(cities: list[dict[str, Any]]) -> Markup:
    rows = [
        (c["city"] or "unknown", f"{c['rows']:,}", f"{c['anomalies']:,}", f"{c['share']:.2%}", f"{c['frauds']:,}")
        for c in cities
    ]
    head = ("city", "payments", "anomalies", "share", "fraud")
    return _section("Where anomalies are", join([table(head, rows)]))
