"""Features: what the bank knew just before each payment."""

# No postponed annotations here: Dagster takes the context's annotation as it stands.

import dagster as dg
import polars as pl

from fraud_assets.assets.common import Chain, type_name
from fraud_assets.features import population, registry
from fraud_assets.features.build import build_features
from fraud_assets.lake.resource import LakeResource
from fraud_assets.lake.streaming import lazy_chunks
from fraud_assets.months import FEATURE_LOOKBACK

_KINDS = {"python", "polars", "parquet"}
_ROOMS = ("features", "knowledge.py")


def feature_assets(chain: Chain) -> list[dg.AssetsDefinition]:
    """``population_statistics`` and ``transaction_features``."""

    @dg.asset(
        **chain.settings("population_statistics", "features", kinds=_KINDS, rooms=_ROOMS),
        deps=chain.keys("transactions"),
    )
    def population_statistics(context: dg.AssetExecutionContext, lake: LakeResource) -> pl.DataFrame:
        """How often, and with what amounts, each kind of payment occurred in the three months before."""
        month = chain.month(context)
        return population.population_statistics(month, chain.table(lake, "transactions", month.back(FEATURE_LOOKBACK)))

    @dg.asset(
        **chain.settings("transaction_features", "features", kinds=_KINDS, rooms=_ROOMS, columns=_columns()),
        ins=chain.reads("customers", "population_statistics"),
        deps=chain.keys("transactions", "incident_reports"),
    )
    def transaction_features(
        context: dg.AssetExecutionContext,
        lake: LakeResource,
        customers: pl.LazyFrame,
        population_statistics: pl.LazyFrame,
    ) -> pl.LazyFrame:
        """A payment of the month, with everything that was known just before it, from this month and three back."""
        month = chain.month(context)
        months = [*month.back(FEATURE_LOOKBACK), month]
        chunks = build_features(
            chain.scenario,
            month,
            chain.table(lake, "transactions", months),
            customers,
            chain.table(lake, "incident_reports", months),
            population_statistics,
        )
        return lazy_chunks(registry.schema(), chunks)

    return [population_statistics, transaction_features]


def _columns() -> dg.TableSchema:
    dtypes, texts = registry.schema(), registry.describe()
    return dg.TableSchema(
        [dg.TableColumn(name, type=type_name(dtypes[name]), description=texts[name]) for name in dtypes]
    )
