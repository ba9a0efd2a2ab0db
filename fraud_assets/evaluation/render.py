"""The evaluation report as one page: its headline; the rest is put together from elsewhere.

The sections are in :mod:`fraud_assets.evaluation.sections`, the charts in :mod:`fraud_assets.evaluation.figures`, the
frame in :mod:`fraud_assets.evaluation.page`; all of them read the document of
:func:`fraud_assets.evaluation.report.evaluate` and nothing else.
"""

from __future__ import annotations

from typing import Any

from fraud_assets.counting import counted
from fraud_assets.evaluation import sections
from fraud_assets.evaluation.calibration import leaning
from fraud_assets.evaluation.figures import figures
from fraud_assets.evaluation.markup import Markup, tag, tile
from fraud_assets.evaluation.page import page
from fraud_assets.evaluation.words import count, money, month_name, number, percent, spread, title, with_spread

_OVER = "Evaluation report"


def render_html(report: dict[str, Any]) -> str:
    """The page of a document of ``evaluate`` or ``no_model``; it opens from disk without a network."""
    heading = f"{report['bank']}, {month_name(report['month'])}"
    if report["status"] == "empty":
        return page(_OVER, heading, _empty(report), [], {})
    drawn = figures(report)
    return page(
        _OVER,
        heading,
        [_lede(report), _tiles(report)],
        sections.all_sections(report, drawn),
        drawn,
        footer="All figures of this page, and more, are in metrics.json beside it.",
    )


def _lede(report: dict[str, Any]) -> Markup:
    tested = report["tested"]
    version = f" (version {report['version']})" if report["version"] else ""
    campaigns = f", in {counted(tested['campaigns'], 'campaign')}" if tested["campaigns"] else ""
    known = "" if report["labels"] == "truth" else " according to the reports received so far"
    return tag(
        "p",
        f"The champion, {title(report['champion'])}{version}, learned from {report['trained_on']}. It is tested "
        f"here on {counted(tested['rows'], 'payment')} of {counted(tested['customers'], 'customer')} in "
        f"{month_name(report['month'])}, none of which it had seen. {count(tested['frauds'])} of them "
        f"({percent(tested['fraud_rate'])}) {'was' if tested['frauds'] == 1 else 'were'} fraud{known}"
        f"{campaigns}.{_caution(report['calibration'])}",
        css="lede",
    )


def _caution(calibration: dict[str, Any]) -> str:
    """Said at once where the scores are not the probabilities that decisions take them for."""
    top = calibration["top_percent_detail"]
    if top["value"] is None or not (lean := leaning(top["value"])):
        return ""
    return (
        f" Its scores are {lean} as probabilities: among the 1% highest it expected {count(top['expected'])} frauds, "
        f"and there were {count(top['observed'])}."
    )


def _tiles(report: dict[str, Any]) -> Markup:
    headline, currency = report["headline"], report["settings"]["currency"]
    per = report["settings"]["alerts_per_10000"]

    def cash(value: float | None) -> str:
        return money(value, currency)

    ap, recall, savings = headline["average_precision"], headline["recall_at_budget"], headline["savings"]
    return tag(
        "div",
        tile(
            "Average precision",
            number(ap["value"]),
            spread(ap),
            f"1 is perfect; a random order gives {number(report['tested']['fraud_rate'], 3)}.",
        ),
        tile(
            "Fraud found",
            percent(recall["value"]),
            spread(recall, percent),
            f"by looking at the {per:g} highest scores of 10,000; {percent(headline['precision_at_budget'])} of "
            f"those are fraud.{_ceiling(report['tested'], per)}",
        ),
        tile(
            "Alerts",
            count(headline["alerts"]),
            "",
            f"payments flagged or rejected; {percent(headline['alert_precision'])} of them were fraud.",
        ),
        tile(
            "Money saved",
            cash(savings["value"]),
            spread(savings, cash),
            f"net of false alarms; {percent(headline['share_of_ideal'])} of what "
            f"{'perfect knowledge' if report['labels'] == 'truth' else 'whoever knew the reports'} would save. "
            f"{_against_amounts(report['policies'], currency)}",
        ),
        css="tiles",
    )


def _ceiling(tested: dict[str, Any], per: float) -> str:
    """What a perfect list would find, where there is more fraud than the list has places."""
    places = round(tested["rows"] * per / 10_000)
    if tested["frauds"] <= places:
        return ""
    return f" A perfect list of that length would find {percent(places / tested['frauds'])}."


def _against_amounts(policies: list[dict[str, Any]], currency: str) -> str:
    """How the decisions compare with reviewing the largest amounts: by how much, and whether that may be chance."""
    row = next(row for row in policies if row["policy"] == "review_largest_amounts")
    ahead = row["decisions_ahead_by"]
    behind = ahead["value"] < 0
    if behind:
        # The ends of an interval change places with its sign.
        ahead = {"value": -ahead["value"]} | {
            end: None if ahead[other] is None else -ahead[other] for end, other in (("low", "high"), ("high", "low"))
        }
    is_sure = ahead["low"] is not None and ahead["low"] > 0
    return (
        f"{with_spread(ahead, lambda value: money(value, currency))} {'less' if behind else 'more'} than reviewing "
        f"the largest amounts without a model{'' if is_sure else ', which may be chance'}."
    )


def _empty(report: dict[str, Any]) -> list[Markup]:
    return [
        tag("p", "There is no model to evaluate for this month.", css="lede"),
        tag("p", report["reason"]),
        tag("p", "This is a result, not a failure: the report of a later month will have figures.", css="note"),
    ]
