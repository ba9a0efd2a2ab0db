"""The charts of the report, by name."""

from __future__ import annotations

from typing import Any

from fraud_assets.evaluation import score_charts, work_charts
from fraud_assets.evaluation.analysis.charts import analysis_charts
from fraud_assets.evaluation.plotting import Figure


def figures(report: dict[str, Any]) -> dict[str, Figure]:
    """Chart name -> Plotly figure (``data``, ``layout``); a chart without anything to show is left out."""
    drawn = {
        "ladder": score_charts.ladder(report),
        "precision_recall": score_charts.precision_recall(report),
        "roc": score_charts.roc(report),
        "fraud_types": score_charts.fraud_types(report),
        "budget": work_charts.budget(report),
        "daily": work_charts.daily(report),
        "reliability": score_charts.reliability(report),
        "policies": work_charts.policies(report),
        "campaigns": work_charts.campaigns(report),
        "look_alikes": score_charts.look_alikes(report),
        "label_delay": score_charts.label_delay(report),
        **(analysis_charts(report["analysis"]) if report.get("analysis") else {}),
    }
    return {name: figure for name, figure in drawn.items() if figure is not None}
