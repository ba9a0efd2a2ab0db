"""The portrait as one page: headline, sections and charts, from the document of ``measure`` and nothing else."""

from __future__ import annotations

from typing import Any

from fraud_assets.counting import counted
from fraud_assets.evaluation.markup import Markup, tag, tile
from fraud_assets.evaluation.page import page
from fraud_assets.evaluation.plotting import Figure
from fraud_assets.evaluation.portrait import fraud_sections, life_sections, people_sections
from fraud_assets.evaluation.portrait.amount_charts import amount_charts
from fraud_assets.evaluation.portrait.campaign_charts import campaign_charts
from fraud_assets.evaluation.portrait.campaign_sections import campaigns_section
from fraud_assets.evaluation.portrait.fraud_charts import fraud_charts
from fraud_assets.evaluation.portrait.habit_charts import decline_charts, habit_charts
from fraud_assets.evaluation.portrait.place_charts import place_charts
from fraud_assets.evaluation.portrait.time_charts import time_charts
from fraud_assets.evaluation.words import count, month_name, percent, price


def render_portrait(document: dict[str, Any]) -> str:
    """The page, about 5.5 MB; it opens from disk without a network."""
    drawn = charts(document)
    return page(
        "Data portrait",
        f"{document['bank']}, {month_name(document['month'])}",
        [_lede(document), _tiles(document)],
        _sections(document, drawn),
        drawn,
        footer="All figures of this page are in metrics.json beside it. Land: Natural Earth, public domain.",
    )


def charts(document: dict[str, Any]) -> dict[str, Figure]:
    """Chart name -> Plotly figure; a chart without anything to show is left out."""
    drawn = {
        **time_charts(document),
        **amount_charts(document),
        **habit_charts(document),
        **place_charts(document),
        **decline_charts(document),
        **fraud_charts(document),
        **campaign_charts(document),
    }
    return {name: figure for name, figure in drawn.items() if figure is not None}


def _sections(document: dict[str, Any], drawn: dict[str, Figure]) -> list[tuple[str, str, Markup]]:
    return [
        ("day", "Day", life_sections.day_section(document, drawn)),
        ("month", "Week and month", life_sections.month_section(document, drawn)),
        ("amounts", "Amounts", life_sections.amounts_section(document, drawn)),
        ("habits", "Habits", life_sections.habits_section(document, drawn)),
        ("places", "Places", people_sections.places_section(document, drawn)),
        ("declines", "Declines", people_sections.declines_section(document, drawn)),
        ("people", "People", people_sections.people_section(document, drawn)),
        ("fraud", "Fraud", fraud_sections.fraud_section(document, drawn)),
        ("campaigns", "Campaigns", campaigns_section(document, drawn)),
        ("compared", "What fraud takes", fraud_sections.compared_section(document, drawn)),
        ("look-alikes", "Look-alikes", fraud_sections.look_alikes_section(document, drawn)),
        ("anomalies", "Anomalies", fraud_sections.anomalies_section(document, drawn)),
        ("knowledge", "Reports", fraud_sections.knowledge_section(document, drawn)),
    ]


def _lede(document: dict[str, Any]) -> Markup:
    ledger = document["ledger"]
    return tag(
        "p",
        f"Does it look like people, and like a bank? {counted(ledger['rows'], 'ledger row')} of "
        f"{counted(ledger['customers'], 'customer')}, drawn from as many sides as fit on a page: "
        "first honest life, then what is not. The second half is truth that no bank has.",
        css="lede",
    )


def _tiles(document: dict[str, Any]) -> Markup:
    ledger, repeats = document["ledger"], document["habits"]["repeats"]
    money = (ledger["currencies"] or [{"currency": "", "median": None, "mean": None}])[0]
    rate = ledger["fraud"] / ledger["rows"] if ledger["rows"] else None
    return tag(
        "div",
        tile(
            "Ledger rows",
            count(ledger["rows"]),
            counted(ledger["customers"], "customer"),
            f"at {counted(ledger['merchants'], 'merchant')}, refunds and fraud included.",
        ),
        tile(
            "Typical payment",
            price(money["median"], money["currency"]),
            f"{price(money['mean'], money['currency'])} on average",
            "is the median of honest payments.",
        ),
        tile(
            "Paid before",
            percent(repeats["known"] if repeats else None),
            f"{count(repeats['recipients_a_customer'])} recipients each" if repeats else "",
            "of honest payments go to a merchant or person whom the customer knows.",
        ),
        tile(
            "Fraud",
            percent(rate),
            counted(ledger["fraud"], "row"),
            f"of {counted(ledger['campaigns'], 'campaign')}." if ledger["fraud"] else "in this month.",
        ),
        css="tiles",
    )
