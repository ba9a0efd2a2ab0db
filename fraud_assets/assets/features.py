"""Features: what the bank knew just before each payment."""

# No postponed annotations here: Dagster takes the context's annotation as it stands.

import dagster as dg
import polars as pl

from fraud_assets.assets.common import Chain, type_name
from fraud_assets.assets.risk import risk_assets
from fraud_assets.features import activity, population, registry, sharing
from fraud_assets.features.build import build_features
from fraud_assets.features.lookup import devices_at_start
from fraud_assets.lake.resource import LakeResource
from fraud_assets.lake.streaming import lazy_chunks
from fraud_assets.months import FEATURE_LOOKBACK, Month

_KINDS = {"python", "polars", "parquet"}
_ROOMS = ("features", "knowledge.py")


def feature_assets(chain: Chain) -> list[dg.AssetsDefinition]:
    """``population_statistics``, ``merchant_activity``, ``shared_entities``, ``transaction_features`` and what
    ``risk`` makes of them."""
    return [_population(chain), _activity(chain), _sharing(chain), _features(chain), *risk_assets(chain)]


def _population(chain: Chain) -> dg.AssetsDefinition:
    @dg.asset(
        **chain.settings("population_statistics", "features", kinds=_KINDS, rooms=_ROOMS),
        deps=chain.keys("transactions"),
    )
    def population_statistics(context: dg.AssetExecutionContext, lake: LakeResource) -> pl.DataFrame:
        """How often, and with what amounts, each kind of payment occurred in the three months before."""
        month = chain.month(context)
        return population.population_statistics(month, chain.table(lake, "transactions", month.back(FEATURE_LOOKBACK)))

    return population_statistics


def _activity(chain: Chain) -> dg.AssetsDefinition:
    @dg.asset(
        **chain.settings("merchant_activity", "features", kinds=_KINDS, rooms=_ROOMS),
        ins=chain.reads("population_statistics"),
        deps=chain.keys("transactions", "incident_reports"),
    )
    def merchant_activity(
        context: dg.AssetExecutionContext, lake: LakeResource, population_statistics: pl.LazyFrame
    ) -> pl.DataFrame:
        """An hour at a merchant: what went on in it, and what was known of the merchant when it began."""
        month = chain.month(context)
        months = [*month.back(FEATURE_LOOKBACK), month]
        return activity.merchant_activity(
            month,
            chain.table(lake, "transactions", months),
            chain.table(lake, "incident_reports", months),
            population_statistics,
        )

    return merchant_activity


def _sharing(chain: Chain) -> dg.AssetsDefinition:
    @dg.asset(
        **chain.settings("shared_entities", "features", kinds=_KINDS, rooms=_ROOMS),
        ins=chain.reads("customers"),
        deps=chain.keys("transactions", "logins", "incident_reports"),
    )
    def shared_entities(context: dg.AssetExecutionContext, lake: LakeResource, customers: pl.LazyFrame) -> pl.DataFrame:
        """A device, network address or payee of several customers, or a customer of a ring, as known the day before."""
        month = chain.month(context)
        months = [*month.back(FEATURE_LOOKBACK), month]
        return sharing.shared_entities(
            month,
            chain.table(lake, "transactions", months),
            chain.table(lake, "incident_reports", months),
            customers,
            chain.table(lake, "logins", months),
        )

    return shared_entities


def _features(chain: Chain) -> dg.AssetsDefinition:
    @dg.asset(
        **chain.settings("transaction_features", "features", kinds=_KINDS, rooms=_ROOMS, columns=_columns()),
        ins=chain.reads("customers", "merchants", "population_statistics", "merchant_activity", "shared_entities"),
        deps=chain.keys("transactions", "logins", "devices", "incident_reports"),
    )
    def transaction_features(
        context: dg.AssetExecutionContext,
        lake: LakeResource,
        customers: pl.LazyFrame,
        merchants: pl.LazyFrame,
        population_statistics: pl.LazyFrame,
        merchant_activity: pl.LazyFrame,
        shared_entities: pl.LazyFrame,
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
            logins=chain.table(lake, "logins", months),
            devices=_devices_known(chain, lake, month),
            merchants=merchants,
            merchant_activity=merchant_activity,
            shared_entities=shared_entities,
            without=chain.scenario.absent,
        )
        return lazy_chunks(registry.schema(), chunks)

    return transaction_features


def _devices_known(chain: Chain, lake: LakeResource, month: Month) -> pl.LazyFrame:
    """Devices as they stood when the month began."""
    if month > chain.scenario.first:
        return chain.table(lake, "devices", [month - 1])
    return devices_at_start(month, chain.table(lake, "devices", [month]))


def _columns() -> dg.TableSchema:
    dtypes, texts = registry.schema(), registry.describe()
    return dg.TableSchema(
        [dg.TableColumn(name, type=type_name(dtypes[name]), description=texts[name]) for name in dtypes]
    )
