"""What features are worth: average precision with all of them, with some, and without each family, on months unseen.

What lives here: the figures of variants that were scored on the same rows, and how they are shown. What does not:
fitting them (``detection.study.variants``).
"""

from __future__ import annotations

from typing import Any

import polars as pl

from fraud_assets.counting import counted
from fraud_assets.evaluation.intervals import Resampler, clusters, interval
from fraud_assets.evaluation.markup import Markup, how, says, section, table
from fraud_assets.evaluation.ranking import Steps
from fraud_assets.evaluation.report import plain
from fraud_assets.evaluation.settings import Settings
from fraud_assets.evaluation.words import count, formatted, number, percent, signed, title, with_spread


def compare_variants(rows: pl.DataFrame, settings: Settings, reference: str) -> dict[str, Any]:
    """Each variant's average precision over all months, and by how much it is behind the reference's.

    Parameters
    ----------
    rows
        A row a payment: month (its key), customer_id, is_fraud, campaign_id (null outside campaigns), and a
        ``score_<variant>`` column each.
    reference
        The variant that the others are set against.

    Returns
    -------
    A document: ``months``, ``rows``, ``frauds``, ``reference`` and ``variants``, a list in the order of the columns of
    name, average_precision, recall_at_budget and ``behind`` (the reference's average precision less the variant's),
    with 95 % intervals by a paired bootstrap over campaigns and customers.
    """
    is_fraud = rows["is_fraud"].to_numpy()
    draws = Resampler(
        clusters(rows["customer_id"].to_numpy(), rows["campaign_id"].fill_null(-1).to_numpy(), is_fraud),
        settings.replicates,
        settings.seed,
    )
    budget = settings.alerts_per_10000 / 10_000
    names = [column.removeprefix("score_") for column in rows.columns if column.startswith("score_")]
    values, drawn = {}, {}
    found: list[dict[str, Any]] = []
    for name in names:
        score = rows[f"score_{name}"].to_numpy()
        steps, ranking = Steps.of(score, is_fraud), draws.ranking(score, is_fraud, budget)
        values[name], drawn[name] = float(steps.average_precision()[0]), ranking.average_precision
        recall = interval(float(steps.caught_at_budget(budget)[0][0]), ranking.recall_at_budget)
        found.append(
            {
                "name": name,
                "average_precision": interval(values[name], drawn[name]).document(),
                "recall_at_budget": recall.document(),
            }
        )
    for variant in found:
        name = variant["name"]
        behind = interval(values[reference] - values[name], drawn[reference] - drawn[name])
        variant["behind"] = None if name == reference else behind.document()
    document: dict[str, Any] = plain(
        {
            "months": rows["month"].unique().sort().to_list(),
            "rows": rows.height,
            "frauds": int(is_fraud.sum()),
            "reference": reference,
            "variants": found,
        }
    )
    return document


def worth_table(document: dict[str, Any]) -> str:
    """The document as a Markdown table, those that lose most first."""
    payments = counted(document["rows"], "payment")
    lines = [
        f"{', '.join(document['months'])}: {payments}, {document['frauds']:,} of them fraud.",
        "",
        f"| features | average precision (95 %) | behind {document['reference']} (95 %) | recall at the budget |",
        "|---|---|---|---|",
    ]
    for variant in sorted(document["variants"], key=_lost):
        behind = "" if variant["behind"] is None else formatted(variant["behind"], "+.3f")
        reached = formatted(variant["average_precision"], ".3f")
        lines.append(f"| {variant['name']} | {reached} | {behind} | {formatted(variant['recall_at_budget'], '.3f')} |")
    return "\n".join(lines) + "\n"


def worth_section(document: dict[str, Any] | None) -> Markup:
    """The document as a section of the report; nothing where nobody has asked for it."""
    if document is None:
        return Markup("")
    months = document["months"]
    rows = [
        [
            title(variant["name"]),
            with_spread(variant["average_precision"], lambda value: number(value, 3)),
            with_spread(variant["behind"], lambda value: signed(value, 3)),
            with_spread(variant["recall_at_budget"], percent),
        ]
        for variant in sorted(document["variants"], key=_lost)
    ]
    return section(
        "worth",
        "What features are worth",
        says(
            f"Boosted trees on some of the features, trained before each of {', '.join(months)} and tried on it: "
            f"{counted(document['rows'], 'payment')}, {count(document['frauds'])} of them fraud."
        ),
        table(["Features", "Average precision", f"Behind {document['reference']}", "Found at the alert budget"], rows),
        how("The loss when a family is left out is what it adds to all the others, not what it would be worth alone."),
    )


def _lost(variant: dict[str, Any]) -> float:
    return float("-inf") if variant["behind"] is None else -float(variant["behind"]["value"])
