"""What the page says of one campaign of each type."""

from __future__ import annotations

from typing import Any

from fraud_assets.counting import counted
from fraud_assets.evaluation.markup import Markup, chart, how, pair, section, tag
from fraud_assets.evaluation.words import title

#: Whole numbers from here on are ids, of which every digit counts and none is grouped.
_AN_ID = 10**12


def campaigns_section(document: dict[str, Any], drawn: dict[str, Any]) -> Markup:
    plans = document["campaigns"]
    if not plans:
        return section("campaigns", "Campaigns", tag("p", "No campaign has rows in this month.", css="absent"))
    return section(
        "campaigns",
        "A campaign of each type",
        how(
            "Of each type a campaign of typical size, red, with everything else that its victims did at the time, "
            "grey, by local time and amount. Circles were approved, crosses declined, hollow diamonds are pending, "
            "triangles are money that came in."
        ),
        pair(*(_campaign(k, plan, drawn) for k, plan in enumerate(plans))),
    )


def _campaign(k: int, plan: dict[str, Any], drawn: dict[str, Any]) -> Markup:
    people = counted(plan["victims"], "customer")
    if plan["drawn_victims"] < plan["victims"]:
        people += f", {plan['drawn_victims']} of them drawn"
    facts = [counted(plan["rows"], "row"), people]
    if plan["skill"]:
        facts.append(f"{plan['skill']} skill")
    if plan["parent"]:
        facts.append(f"from {title(plan['parent']).lower()}")
    told = []
    for label, values in (
        ("Plan (means from which numbers are drawn)", plan["parameters"]),
        ("Evidence of the last row", plan["evidence"]),
    ):
        if values:
            told.append(tag("dt", label))
            told.append(
                tag("dd", ", ".join(f"{title(name).lower()} {_plain(value)}" for name, value in values.items()))
            )
    return tag(
        "div",
        tag("h3", title(plan["fraud_type"])),
        tag("p", "; ".join(facts) + ".", css="note"),
        chart(f"campaign_{k}", drawn, f"Timeline of a campaign of {title(plan['fraud_type'])}"),
        tag("details", tag("summary", "Plan and evidence"), tag("dl", *told)) if told else "",
    )


def _plain(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value) if abs(value) >= _AN_ID else f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    if isinstance(value, list):
        return " to ".join(_plain(part) for part in value)
    return str(value)
