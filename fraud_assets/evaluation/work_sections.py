"""What the report says of the work and the money: budget, days, policies, customers, look-alikes, definitions."""

from __future__ import annotations

from typing import Any

from fraud_assets.evaluation.markup import Markup, cell, chart, how, join, says, section, table, tag
from fraud_assets.evaluation.words import (
    count,
    money,
    number,
    percent,
    policy,
    spread,
    title,
    with_spread,
)

Report = dict[str, Any]


_USUAL_COSTS = (
    " These costs are not the bank’s own: its scenario names none in learning.costs, and these are the usual ones,"
    " thought of in dollars; what is saved is worth no more than they are."
)


def budget_section(report: Report, drawn: dict[str, Any]) -> Markup:
    champion = next(rung for rung in report["ladder"] if rung["is_champion"])
    parts = [
        f"{percent(at['recall'])} with {per} alerts per 10,000 ({percent(at['precision'])} of them right)"
        for per, at in champion["budgets"].items()
    ]
    return section(
        "budget",
        "What more people would find",
        says(f"Share of fraud found: {'; '.join(parts)}."),
        chart("budget", drawn, "Recall and precision against the alert budget"),
        how(
            "If people could look at more payments, the blue line says what they would find and the sand-coloured "
            "one how many of their cases would be real. The dotted line is today’s budget."
        ),
    )


def days_section(report: Report, drawn: dict[str, Any]) -> Markup:
    daily = report["daily"]
    long = sum(row["queue"] for row in daily) / len(daily)
    caught = sum(row["queue_frauds"] for row in daily)
    alerts = [row["alerts"] for row in daily]
    return section(
        "days",
        "Day by day",
        says(
            f"A queue of about {number(long, 0 if long >= 10 else 1)} payments a day holds {caught / len(daily):.1f} "
            "frauds on average. The month’s decisions, which use fixed thresholds, gave between "
            f"{min(alerts):,} and {max(alerts):,} alerts a day."
        ),
        chart("daily", drawn, "The queue of each day"),
        how(
            "Each column is a day’s queue, filled with the day’s highest scores up to the budget: blue was fraud, "
            "grey was not. The red dash marks how much fraud there was that day. Days are UTC."
        ),
    )


def money_section(report: Report, drawn: dict[str, Any]) -> Markup:
    currency, costs = report["settings"]["currency"], report["settings"]["costs"]

    def cash(value: float | None) -> str:
        return money(value, currency)

    policies = {row["policy"]: row for row in report["policies"]}
    ours = policies["decisions"]
    rows = [
        [
            policy(row["policy"], report["labels"]),
            cell(cash(row["savings"]["value"]), spread(row["savings"], cash)),
            percent(row["share_of_ideal"]).replace("-", "−"),
            cell(cash(row["decisions_ahead_by"]["value"]), spread(row["decisions_ahead_by"], cash))
            if row["decisions_ahead_by"]
            else cell("–"),
            count(row["reviews"]),
            count(row["refusals"]),
        ]
        for row in report["policies"]
    ]
    simple = max(
        (row for row in report["policies"] if row["policy"] == "review_largest_amounts"),
        key=lambda row: row["savings"]["value"],
    )
    parts = [
        says(
            f"The month’s decisions saved {with_spread(ours['savings'], cash)}, {percent(ours['share_of_ideal'])} "
            f"of what {policy('ideal', report['labels']).lower()} would save. Reviewing the largest amounts, "
            f"without any model, saves {cash(simple['savings']['value'])}."
        ),
        chart("policies", drawn, "Net savings of each policy"),
        how(
            "Savings are counted against approving everything. An approved fraud costs "
            f"{percent(costs['loss_share'])} of its amount and a fee of {currency} {costs['chargeback_fee']:g}; a "
            f"refused honest payment that would have gone through costs {percent(costs['margin'])} of its amount and "
            f"{currency} {costs['friction']:g} of goodwill; a review costs {currency} {costs['review']:g} and finds "
            "out the truth." + ("" if report["settings"].get("are_costs_own", True) else _USUAL_COSTS)
        ),
        table(["Policy", "Saved", "Share of ideal", "Decisions are ahead by", "Reviews", "Refusals"], rows),
    ]
    losses = report["campaigns"]
    if losses:
        parts += [
            tag("h3", "Campaigns: before and after the first alarm"),
            tag(
                "p",
                f"There was an alarm in {count(losses['alerted'])} of {count(losses['campaigns'])} campaigns. "
                f"At what an approved fraud costs, {cash(losses['lost_before_first_alert'])} were gone before it; "
                f"{cash(losses['at_or_after_first_alert'])} came with it or later, and stopping the campaign at "
                "once would have kept them.",
            ),
            chart("campaigns", drawn, "Loss before and after the first alarm of a campaign"),
        ]
    return section("money", "Money", *parts)


def groups_section(report: Report) -> Markup:
    per = report["settings"]["alerts_per_10000"]
    parts = []
    for column, rows in report["groups"].items():
        if not rows:
            continue
        lines = []
        for row in rows:
            ratio = row["false_alarm_ratio"]
            is_disturbed = row["is_uneven"] and ratio > 1  # whom it disturbs less has no cause for complaint
            rate = row["false_positive_rate"]
            lines.append(
                [
                    title(row["value"]),
                    cell(percent(row["recall"]["value"]), spread(row["recall"], percent)),
                    cell(_per_10000(rate["value"]), spread(rate, _per_10000)),
                    cell("–" if ratio is None else f"× {ratio:.2f}", css="warn" if is_disturbed else ""),
                    count(row["frauds"]),
                    count(row["rows"]),
                ]
            )
        head = [title(column), "Fraud found", "False alarms per 10,000", "Against everyone", "Fraud", "Payments"]
        parts.append(join([tag("h3", f"By {title(column).lower()}"), table(head, lines)]))
    return section(
        "groups",
        "Who is found, who is disturbed",
        how(
            f"At the same threshold for everyone, the {per:g} highest scores of 10,000. “Against everyone” compares "
            "a group’s false alarms with everybody’s; red is above 1.25 by more than chance. A group can "
            "be disturbed more because it is attacked more, or because the model knows it less."
        ),
        *parts,
    )


def _per_10000(rate: float | None) -> str:
    alarms = None if rate is None else rate * 10_000
    return number(alarms, 1) if alarms is not None and alarms < 10 else count(alarms)


def look_alikes_section(report: Report, drawn: dict[str, Any]) -> Markup:
    if report["labels"] != "truth":
        return Markup("")
    natures = table(
        ["What it was", "Payments", "Approved", "Flagged", "Rejected", "Within budget"],
        [
            [
                title(row["nature"]),
                *(count(row[key]) for key in ("rows", "approved", "flagged", "rejected", "in_budget")),
            ]
            for row in report["natures"]
        ],
    )
    parts = [
        how(
            "Honest payments that resemble fraud (a new phone, a first rent, a subscription of one dollar) and "
            "honest mistakes. A model that never stumbles over them has probably been shown something that a bank "
            "does not know."
        )
    ]
    if "look_alikes" in drawn:
        parts += [
            chart("look_alikes", drawn, "False alarms on look-alikes"),
            how("Share of each kind of look-alike among the highest scores that the alert budget allows."),
        ]
    return section("look-alikes", "Look-alikes and accidents", *parts, natures)


def assumptions_section(report: Report) -> Markup:
    settings = report["settings"]
    entries = {
        "Labels": "The truth of the simulation, which no model has seen."
        if report["labels"] == "truth"
        else f"Fraud reports received by {report['known_until'][:10]}; a payment without one counts as honest.",
        "Alert budget": f"{settings['alerts_per_10000']:g} of 10,000 payments, highest scores first.",
        "Intervals": f"95%, from {settings['replicates']} bootstrap replicates over customers and campaigns: rows "
        "of the same campaign, or of the same customer, are drawn together. Differences between candidates use the "
        "same replicates.",
        "Average precision": "The precision at each fraud found, averaged; ties share a place. At the true "
        f"prevalence, honest payments are re-weighted so that {percent(settings['true_prevalence'])} of payments "
        "are fraud.",
        "Alert": "A payment that was flagged for review or rejected.",
        "Went through": "Not declined at the time: approved or pending. Only such payments can lose money.",
        "Partial ROC area": "The ROC area left of 1% of honest payments, scaled so that 0.5 is chance and 1 is "
        "perfect.",
    }
    terms = Markup("".join(tag("dt", term) + tag("dd", text) for term, text in entries.items()))
    return section("assumptions", "Definitions and assumptions", tag("dl", terms))
