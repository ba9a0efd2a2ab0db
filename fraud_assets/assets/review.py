"""Looking back over several months, made when somebody asks: models side by side, and what features are worth."""

# No postponed annotations here: Dagster takes the context's annotation as it stands.

from typing import Any

import dagster as dg

from fraud_assets.assets.common import Chain
from fraud_assets.assets.comparison import NothingYet, compare_months
from fraud_assets.assets.worth import feature_worth
from fraud_assets.evaluation.comparison import comparison_table
from fraud_assets.evaluation.comparison_page import best_for, comparison_page
from fraud_assets.evaluation.pooled import champion_table
from fraud_assets.evaluation.worth import worth_table
from fraud_assets.lake.documents import Document
from fraud_assets.lake.paths import Place
from fraud_assets.lake.resource import LakeResource
from fraud_assets.lake.store import Lake
from fraud_assets.months import Month

#: On demand: not part of the monthly job.
MODEL_COMPARISON, FEATURE_WORTH = "model_comparison", "feature_worth"
#: Months looked back on, with the one that is made.
_MONTHS, _WORTH_MONTHS = 6, 3
_READ = (
    "transaction_features",
    "transactions",
    "labeled_anomalies",
    "incident_reports",
    "candidate_models",
    "champion",
)


def review_assets(chain: Chain) -> list[dg.AssetsDefinition]:
    """``model_comparison`` and ``feature_worth``."""
    scenario = chain.scenario

    def decided(lake: Lake, month: Month, most: int) -> list[str]:
        """The last months up to this one that are decided, in order, and this one."""
        before = [m for m in month.back(most - 1) if lake.exists(Place(scenario.name, "champion", m.key).value)]
        return [m.key for m in (*before, month)]

    @dg.asset(
        **chain.settings(
            MODEL_COMPARISON,
            "reports",
            kinds={"html", "json", "plotly"},
            rooms=["evaluation", "costs.py"],
            hidden=True,
            io_manager="document",
        ),
        deps=chain.keys(*_READ),
    )
    def model_comparison(context: dg.AssetExecutionContext, lake: LakeResource) -> Document:
        """Every candidate by month and over the last six months, with what a bank may care about most.

        Made on demand, from the months that are in the lake. Empty, with the reason, as long as none has a champion.
        """
        try:
            document = compare_months(lake.lake, scenario, decided(lake.lake, chain.month(context), _MONTHS))
        except NothingYet as why:
            return _empty(why)
        summary = f"{comparison_table(document)}\n{champion_table(document['champion'])}"
        metadata: dict[str, Any] = {"summary": dg.MetadataValue.md(summary)}
        leaders = best_for(document).items()
        metadata |= {f"best {figure.replace('_', ' ')}": name or "none is ahead" for figure, name in leaders}
        page = comparison_page(scenario.title, document).encode()
        return Document(document, files={"comparison.html": page}, metadata=metadata)

    @dg.asset(
        **chain.settings(
            FEATURE_WORTH,
            "reports",
            kinds={"xgboost", "json"},
            rooms=["features", "detection", "evaluation", "knowledge.py"],
            hidden=True,
            io_manager="document",
        ),
        deps=chain.keys(*_READ),
    )
    def feature_worth_asset(context: dg.AssetExecutionContext, lake: LakeResource) -> Document:
        """What each family of features is worth: average precision of the last three months without it.

        Made on demand, in minutes; the evaluation report of the month shows it when it is made again. Empty, with the
        reason, as long as there is nothing to learn from.
        """
        months = decided(lake.lake, chain.month(context), _WORTH_MONTHS)
        try:
            document = feature_worth(lake.lake, scenario, months, context.log.info)
        except NothingYet as why:
            return _empty(why)
        return Document(document, metadata={"worth": dg.MetadataValue.md(worth_table(document))})

    return [model_comparison, feature_worth_asset]


def _empty(why: NothingYet) -> Document:
    """A result without figures: of a month with nothing before it there is nothing to say, and nothing went wrong."""
    return Document({"status": "empty", "reason": str(why)}, metadata={"empty": str(why)})
