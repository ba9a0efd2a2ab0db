"""The sections of the report in their order; each is written in plain sentences for a fraud analyst."""

from __future__ import annotations

from typing import Any

from fraud_assets.evaluation import score_sections, work_sections
from fraud_assets.evaluation.analysis.sections import analysis_sections
from fraud_assets.evaluation.markup import Markup
from fraud_assets.evaluation.worth import worth_section


def all_sections(report: dict[str, Any], drawn: dict[str, Any]) -> list[tuple[str, str, Markup]]:
    """(anchor, short name, HTML) of every section that has something to say."""
    made = [
        ("ladder", "Models", score_sections.ladder_section(report, drawn)),
        ("curves", "Curves", score_sections.curves_section(drawn)),
        ("types", "Fraud types", score_sections.types_section(report, drawn)),
        ("budget", "Alert budget", work_sections.budget_section(report, drawn)),
        ("days", "Day by day", work_sections.days_section(report, drawn)),
        ("calibration", "Calibration", score_sections.calibration_section(report, drawn)),
        ("money", "Money", work_sections.money_section(report, drawn)),
        ("groups", "Customers", work_sections.groups_section(report)),
        ("look-alikes", "Look-alikes", work_sections.look_alikes_section(report, drawn)),
        *analysis_sections(report, drawn),
        ("worth", "What features are worth", worth_section(report.get("feature_worth"))),
        ("delay", "Label delay", score_sections.delay_section(report, drawn)),
        ("blind", "Blind spots", score_sections.blind_section(report)),
        ("assumptions", "Definitions", work_sections.assumptions_section(report)),
    ]
    return [(anchor, name, html) for anchor, name, html in made if html]
