"""Risk analysis: how risky each customer's month looks."""

# No postponed annotations here: Dagster takes the context's annotation as it stands.

import base64

import dagster as dg
import polars as pl

from fraud_assets.assets.common import Chain
from fraud_assets.evaluation.risk_picture import risk_markdown, risk_picture
from fraud_assets.features.risk import customer_risk as risk_of
from fraud_assets.lake.resource import LakeResource


def risk_assets(chain: Chain) -> list[dg.AssetsDefinition]:
    """``customer_risk``."""

    @dg.asset(
        **chain.settings("customer_risk", "features", kinds={"python", "polars", "parquet"}, rooms=("features",)),
        ins=chain.reads("transaction_features"),
    )
    def customer_risk(
        context: dg.AssetExecutionContext, lake: LakeResource, transaction_features: pl.LazyFrame
    ) -> pl.DataFrame:
        """A customer's month: how risky it looks, what drives that, and whether it grows since the month before.

        For people; no model reads it, as it knows the whole month.
        """
        month = chain.month(context)
        is_first = month == chain.scenario.first
        before = None if is_first else chain.table(lake, "transaction_features", [month - 1])
        risk = risk_of(transaction_features, before)
        picture = base64.b64encode(risk_picture(risk)).decode()
        summary = f"![Risk in small](data:image/png;base64,{picture})\n\n"
        summary += risk_markdown(chain.scenario.title, month.key, risk)
        context.add_output_metadata({"summary": dg.MetadataValue.md(summary)})
        return risk

    return [customer_risk]
