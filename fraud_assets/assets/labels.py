"""Labels of a simulated bank: the truth, and what of it the bank learns, and when."""

# No postponed annotations here: Dagster takes the context's annotation as it stands.

import dagster as dg
import polars as pl

from fraud_assets.assets.common import Chain
from fraud_assets.lake.resource import LakeResource
from fraud_assets.lake.streaming import lazy_chunks
from fraud_assets.months import REPORT_LOOKBACK
from fraud_assets.simulation import generator
from fraud_assets.simulation.fraud import reports
from fraud_assets.tables import LabeledAnomalies, polars_schema

_KINDS = {"python", "polars", "parquet"}


def label_assets(chain: Chain) -> list[dg.AssetsDefinition]:
    """``labeled_anomalies`` and ``incident_reports``."""

    @dg.asset(
        **chain.settings("labeled_anomalies", "labels", kinds=_KINDS, rooms=["simulation"], hidden=True),
        deps=chain.keys("transactions", "fraud_campaigns"),
    )
    def labeled_anomalies(context: dg.AssetExecutionContext) -> pl.LazyFrame:
        """A ledger row that is not ordinary: fraud, an accident or an unusual honest payment, with its truth.

        Truth, which no bank has: only evaluation, gates and exports may read it.
        """
        chunks = generator.label_chunks(chain.world, chain.month(context))
        return lazy_chunks(polars_schema(LabeledAnomalies), chunks, waiting=1, sharing=True)

    @dg.asset(
        **chain.settings("incident_reports", "labels", kinds=_KINDS, rooms=["simulation"]),
        deps=chain.keys("labeled_anomalies"),
    )
    def incident_reports(context: dg.AssetExecutionContext, lake: LakeResource) -> pl.LazyFrame:
        """Something the bank learned in this month about a transaction of this or an earlier month.

        Knowledge, late and incomplete: what models learn from.
        """
        month = chain.month(context)
        labeled = chain.table(lake, "labeled_anomalies", [*month.back(REPORT_LOOKBACK), month])
        return reports.incident_reports(chain.world, month, labeled)

    return [labeled_anomalies, incident_reports]
