"""Raw tables of a simulated bank: who and what there is, and what happened.

Each is a pure function of scenario and month and reads none of the others: what follows what in the graph is how the
world is made, not what is loaded. So any month can be made alone, in any order.
"""

# No postponed annotations here: Dagster takes the context's annotation as it stands.

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg
import polars as pl

from fraud_assets.assets.common import Chain
from fraud_assets.lake.streaming import lazy_chunks
from fraud_assets.months import Month
from fraud_assets.scenario import Scenario
from fraud_assets.simulation import generator
from fraud_assets.simulation.fraud import links
from fraud_assets.simulation.fraud.families import check as check_fraud_types
from fraud_assets.tables import TABLES, polars_schema

Chunks = Callable[[Scenario, Month], list[Callable[[], pl.DataFrame]]]


@dataclass(frozen=True)
class _Table:
    name: str
    chunks: Chunks
    follows: tuple[str, ...] = ()
    hidden: bool = False
    #: Columns of text that chunks give as one of a few words, see ``lazy_chunks``.
    coded: Callable[[Scenario], dict[str, pl.Enum]] | None = None
    #: What else there is to say about a month, as Markdown.
    told: Callable[[Scenario, Month], str] | None = None


_TABLES = (
    _Table("fraud_campaigns", generator.campaign_chunks, hidden=True, told=links.told),
    _Table("merchants", generator.merchant_chunks),
    _Table("customers", generator.customer_chunks, ("fraud_campaigns",)),
    _Table("devices", generator.device_chunks, ("customers", "fraud_campaigns")),
    _Table("logins", generator.login_chunks, ("customers", "devices", "fraud_campaigns")),
    _Table(
        "transactions",
        generator.coded_transaction_chunks,
        ("customers", "devices", "merchants", "fraud_campaigns"),
        coded=generator.transaction_words,
    ),
)


def raw_assets(chain: Chain) -> list[dg.AssetsDefinition]:
    """The six raw tables.

    Raises
    ------
    ScenarioError
        If a fraud type of the scenario does not fit its family.
    """
    check_fraud_types(chain.world)
    return [_asset(chain, table) for table in _TABLES]


def _asset(chain: Chain, table: _Table) -> dg.AssetsDefinition:
    settings = chain.settings(
        table.name, "raw", kinds={"python", "polars", "parquet"}, rooms=["simulation"], hidden=table.hidden
    )

    @dg.asset(**settings, deps=chain.keys(*table.follows), description=inspect.getdoc(TABLES[table.name]))
    def raw(context: dg.AssetExecutionContext) -> pl.LazyFrame:
        month = chain.month(context)
        if table.told is not None:
            context.add_output_metadata({"links": dg.MetadataValue.md(table.told(chain.world, month))})
        chunks = table.chunks(chain.world, month)
        coded = table.coded(chain.world) if table.coded else None
        return lazy_chunks(polars_schema(TABLES[table.name]), chunks, coded=coded, waiting=1, sharing=True)

    return raw
