"""What the report says of the scores: ladder, curves, fraud types, calibration, label delay, blind spots."""

from __future__ import annotations

from typing import Any

from fraud_assets.evaluation.calibration import EXPECTED_RANGE, leaning
from fraud_assets.evaluation.markup import Markup, cell, chart, how, says, section, table, tag
from fraud_assets.evaluation.words import (
    best_and_worst,
    count,
    delay_name,
    number,
    percent,
    signed,
    spread,
    title,
    with_spread,
)

Report = dict[str, Any]


def ladder_section(report: Report, drawn: dict[str, Any]) -> Markup:
    rungs = report["ladder"][::-1]
    per = report["settings"]["alerts_per_10000"]
    champion = next(k for k, rung in enumerate(rungs) if rung["is_champion"])
    rows = []
    for rung in rungs:
        gain = rung["gain_over_rung_below"]
        at = rung["budgets"][f"{per:g}"]
        rows.append(
            [
                cell(title(rung["name"]), rung["note"] or ""),
                cell(number(rung["average_precision"]["value"], 3), spread(rung["average_precision"])),
                cell(signed(gain["value"], 3), spread(gain, signed)) if gain else cell("–"),
                cell(number(rung["roc_auc"]["value"], 3), spread(rung["roc_auc"])),
                cell(percent(at["recall"]), spread(rung["recall_at_budget"], percent)),
                cell(percent(at["precision"])),
                cell(number(rung["average_precision_at_true_prevalence"], 3)),
            ]
        )
    more = table(
        [
            "Candidate",
            "Partial ROC area, 1%",
            *[f"Found, {label.replace('%', '')}% disturbed" for label in rungs[0]["recall_at_fpr"]],
            "Value found",
            "Daily list: victims",
            "Brier skill",
            "Calibration slope",
        ],
        [
            [
                title(rung["name"]),
                number(rung["partial_auc_1%"], 3),
                *[percent(value) for value in rung["recall_at_fpr"].values()],
                percent(rung["value_detection_at_budget"]),
                percent(rung["daily_customer_precision"]["value"]),
                number(rung["calibration"]["brier_skill"], 3),
                number(rung["calibration"]["slope"]),
            ]
            for rung in rungs
        ],
        champion,
    )
    head = [
        "Candidate",
        "Average precision",
        "Gain on the one below",
        "ROC area",
        f"Fraud found, {per:g} of 10,000",
        "Alerts right",
        f"AP at {percent(report['settings']['true_prevalence'])} fraud",
    ]
    best = rungs[0]["daily_customer_precision"]["best_possible"]
    days = report["settings"]["daily_customers"]
    return section(
        "ladder",
        "A ladder of models",
        says(_verdict(report, rungs, champion)),
        chart("ladder", drawn, "Average precision of each candidate with its interval"),
        how(
            "Average precision summarises how pure the top of the list is, over all lengths of the list. Each "
            "candidate saw the same months and is judged on the same payments. Bars are 95% intervals: they show "
            "how much a figure would move with another draw of customers and campaigns. The gain is a paired "
            "difference, on the same draws, and so far tighter than the two bars suggest."
        ),
        table(head, rows, champion),
        tag(
            "details",
            tag("summary", "More measures"),
            more,
            how(
                f"“Daily list” is the share of victims among the {days:,} customers with the day’s highest scores; "
                f"on this month’s days even a perfect list would reach only {percent(best)}. “Value found” is the "
                "share of the stolen money within the alert budget."
            ),
        ),
    )


def _verdict(report: Report, rungs: list[dict[str, Any]], champion: int) -> str:
    """Is the champion ahead of the next one, and is anyone ahead of it? ``rungs`` from the highest down."""
    name, parts = title(report["champion"]), []
    gain = rungs[champion]["gain_over_rung_below"]
    if gain and gain["low"] is not None:
        sure = "more than chance would give" if gain["low"] > 0 else "which could be chance"
        parts.append(f"{name} is ahead of {title(rungs[champion + 1]['name'])} by {with_spread(gain)}, {sure}.")
    if champion > 0 and rungs[0]["gain_over_champion"]["low"] is not None:
        lead = rungs[0]["gain_over_champion"]
        sure = "more than chance would give" if lead["low"] > 0 else "which could be chance"
        parts.append(
            f"This month {title(rungs[0]['name'])} did better than the champion by {with_spread(lead)}, {sure}."
        )
    return " ".join(parts)


def curves_section(drawn: dict[str, Any]) -> Markup:
    if "precision_recall" not in drawn:
        return Markup("")
    left = tag(
        "div",
        tag("h3", "Precision and recall"),
        chart("precision_recall", drawn, "Precision against recall"),
        how(
            "From left to right the list of suspects gets longer: more fraud is found, and more alerts are false. "
            "Higher is better. Where fraud is rare, this is the curve to look at."
        ),
    )
    right = tag(
        "div",
        tag("h3", "ROC"),
        chart("roc", drawn, "ROC curve"),
        how(
            "How much fraud is found for each honest payment that is disturbed. The axis is logarithmic because a "
            "bank works at the far left: one percent of honest payments is already far more than people can look "
            "at."
        ),
    )
    return section("curves", "Finding more, disturbing more", tag("div", left, right, css="pair"))


def types_section(report: Report, drawn: dict[str, Any]) -> Markup:
    rows = report["fraud_types"]
    if not rows:
        return Markup("")
    listed = table(
        ["Type", "Found within budget", "Found by decisions", "Money within budget", "Rows", "Campaigns"],
        [
            [
                title(row["fraud_type"]),
                cell(percent(row["recall_at_budget"]["value"]), spread(row["recall_at_budget"], percent)),
                cell(percent(row["recall_of_decisions"]["value"]), spread(row["recall_of_decisions"], percent)),
                percent(row["value_recall_at_budget"]),
                count(row["frauds"]),
                count(row["campaigns"]),
            ]
            for row in rows
        ],
    )
    split = report["status_split"]
    return section(
        "types",
        "Which fraud it finds",
        says(best_and_worst(rows)),
        chart("fraud_types", drawn, "Recall of each type of fraud"),
        how(
            "The bar is the share of each type’s rows among the highest scores that the alert budget allows; the "
            "diamond is the share that the month’s decisions flagged or rejected. Types differ because some look "
            "like ordinary life. With few campaigns the interval is wide whatever the number of rows, since the "
            "rows of a campaign stand or fall together."
        ),
        listed,
        tag("h3", "Attempts that were declined, and payments that went through"),
        table(
            ["Status", "Rows", "Fraud", "Average precision", "Found within budget"],
            [
                [
                    title(row["status"]),
                    count(row["rows"]),
                    count(row["frauds"]),
                    number(row["average_precision"], 3),
                    percent(row["recall_at_budget"]),
                ]
                for row in split
            ],
        ),
    )


def calibration_section(report: Report, drawn: dict[str, Any]) -> Markup:
    found = report["calibration"]
    top = found["top_percent_detail"]
    text = (
        f"Among the 1% highest scores the model expected {count(top['expected'])} frauds and there were "
        f"{count(top['observed'])}: expected over observed is {with_spread(top)}{_told(top['value'])}. "
    )
    if found["slope"] is not None:
        lean = (
            "about right" if 0.8 <= found["slope"] <= 1.25 else "too extreme" if found["slope"] < 0.8 else "too timid"
        )
        text += f"The slope is {number(found['slope'])}, {lean} (1 is ideal). "
    text += f"Brier skill is {number(found['brier_skill'], 3)}; anything above 0 beats always saying the average."
    return section(
        "calibration",
        "Do the probabilities mean what they say?",
        says(text),
        chart("reliability", drawn, "Said probability against observed share"),
        how(
            "Payments are grouped by score so that each group holds about a tenth of the fraud that was expected. "
            "On the dotted line a payment said to be fraud with 10% probability is fraud in one case of ten. Below "
            "it the model cries wolf; above it, it is too calm. Decisions by expected cost are only as good as "
            "this line."
        ),
    )


def _told(ratio: float | None) -> str:
    """The verdict beside the figure, as the slope has one."""
    if ratio is None:
        return ""
    lean = leaning(ratio)
    low, high = EXPECTED_RANGE
    verdict = f"the scores are {lean}" if lean else "about right"
    return f", {verdict} (1 is ideal, {low:g} to {high:g} is asked for)"


def delay_section(report: Report, drawn: dict[str, Any]) -> Markup:
    rows = []
    for row in report["label_delay"]:
        if not row["is_known"]:
            rows.append([cell(delay_name(row["days"]), row["as_of"][:10]), "still to come", "–", "–", "–", "–"])
            continue
        rows.append(
            [
                cell(delay_name(row["days"]), row["as_of"][:10] if row["days"] is not None else ""),
                cell(
                    count(row["frauds"]), f"{count(row['false_reports'])} wrongly" if row.get("false_reports") else ""
                ),
                percent(row["share_of_truth_known"]) if "share_of_truth_known" in row else "–",
                number(row["average_precision"], 3),
                percent(row["recall_at_budget"]),
                percent(row["precision_at_budget"]),
            ]
        )
    return section(
        "delay",
        "What the bank would have believed",
        chart("label_delay", drawn, "Figures by the labels known at each time"),
        how(
            "A bank learns of fraud late, and of some never. The same scores are judged here by the labels known "
            f"at the end of the month and later. {believed(report['label_delay'])}"
        ),
        table(
            [
                "Labels as of",
                "Called fraud",
                "Share of all fraud known",
                "Average precision",
                "Fraud found",
                "Alerts right",
            ],
            rows,
        ),
    )


def believed(rows: list[dict[str, Any]]) -> str:
    """In which way the earliest labels deceive, from the figures; nothing without a truth to hold them against."""
    first, last = rows[0], rows[-1]
    if last["days"] is not None or not first["is_known"] or not first["frauds"] or not last["frauds"]:
        return "Alerts whose fraud is not yet reported count as false."
    worse: list[str] = []
    better: list[str] = []
    for key, name in (
        ("average_precision", "its average precision"),
        ("recall_at_budget", "the share of fraud that it finds"),
        ("precision_at_budget", "the share of its alerts that are right"),
    ):
        if abs(first[key] - last[key]) >= 0.005:
            (worse if first[key] < last[key] else better).append(name)
    said = []
    if worse:
        looks = "looks" if len(worse) == 1 else "look"
        why = "since alerts whose fraud is not yet reported count as false"
        said.append(f"{' and '.join(worse)} {looks} worse than in truth, {why}")
    if better:
        looks = "looks" if len(better) == 1 else "look"
        why = "since the fraud that is hard to find is also what nobody reports"
        said.append(f"{' and '.join(better)} {looks} better, {why}")
    return f"Early on {'; '.join(said)}." if said else "Early on it looks as good as in truth."


def blind_section(report: Report) -> Markup:
    listed = tag("ul", *(tag("li", text) for text in report["cannot_see"]), css="blind")
    return section("blind", "What this model cannot see", listed)
