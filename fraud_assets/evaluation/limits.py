"""What this model cannot see: sentences drawn from the figures of a report, for people who act on it."""

from __future__ import annotations

from typing import Any

from fraud_assets.counting import counted
from fraud_assets.evaluation.words import title

#: Share found below which a type goes unseen, by a list of the usual length and by the decisions alike.
_HARDLY_SEEN = 0.15


def cannot_see(report: dict[str, Any]) -> list[str]:
    """Sentences, the most consequential first.

    Parameters
    ----------
    report
        The document of :func:`fraud_assets.evaluation.report.evaluate`, without ``cannot_see``.
    """
    per = report["settings"]["alerts_per_10000"]
    said = [
        f"{title(row['fraud_type'])}: of {counted(row['frauds'], 'row')} in {counted(row['campaigns'], 'campaign')} "
        f"{row['recall_at_budget']['value']:.0%} are among the {per:g} highest scores of 10,000, and the month’s own "
        f"decisions found {row['recall_of_decisions']['value']:.0%}."
        for row in report["fraud_types"]
        if row["frauds"] >= 5
        and max(row["recall_at_budget"]["value"], row["recall_of_decisions"]["value"]) < _HARDLY_SEEN
    ]
    if report["labels"] == "reports":
        said.append(
            "Fraud that nobody has reported. There is no truth for these payments: every figure here takes a "
            "payment without a report for an honest one, so precision is understated and recall is overstated."
        )
    else:
        judged = [row for row in report["label_delay"] if row["days"] is not None and row["is_known"]]
        if judged and judged[-1]["share_of_truth_known"] is not None:
            last = judged[-1]
            when = f"{last['days']} days after" if last["days"] else "At the end of"
            said.append(
                f"Fraud that is never reported. {when} the month the bank knew of "
                f"{last['share_of_truth_known']:.0%} of its frauds; the model learns from such reports alone."
            )
    if report["did_without"]:
        families = [
            title(family) + (" altogether" if null == total else f" ({null} of {total} features)")
            for family, (null, total) in report["did_without"].items()
        ]
        said.append(f"What the bank has no data for: {', '.join(families)}. These features are null everywhere.")
    campaigns = report["campaigns"]
    if campaigns:
        total = (
            campaigns["lost_before_first_alert"]
            + campaigns["at_or_after_first_alert"]
            + campaigns["lost_never_alerted"]
        )
        if campaigns["alerted"] < campaigns["campaigns"]:
            said.append(
                f"{campaigns['campaigns'] - campaigns['alerted']:,} of {counted(campaigns['campaigns'], 'campaign')} "
                "went by without a single alarm"
                + (f"; they hold {campaigns['lost_never_alerted'] / total:.0%} of the loss." if total else ".")
            )
        if total:
            said.append(
                f"The first payments of a campaign: {campaigns['lost_before_first_alert'] / total:.0%} of the loss "
                "fell before the first alarm, when there was little to see."
            )
        if campaigns["campaigns"] < 100:
            said.append(
                f"The finer differences. {counted(campaigns['campaigns'], 'campaign is', 'campaigns are')} few: "
                "intervals are wide, and one month neither makes nor breaks a model."
            )
    if report["tested"]["frauds"] < 300:
        said.append(f"With {counted(report['tested']['frauds'], 'fraud row')} no figure of this page is firm.")
    said.append(
        "What it would change. The month is replayed as it was: a customer refused here would have come back, and "
        "a criminal stopped here would have tried something else."
    )
    return said
