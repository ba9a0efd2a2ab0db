"""The portrait of a month: pictures by which a person judges whether the data look like people and like a bank."""

# No postponed annotations here: Dagster takes the context's annotation as it stands.

import base64

import dagster as dg
import polars as pl

from fraud_assets.assets.common import Chain, at_hand
from fraud_assets.evaluation import portrait
from fraud_assets.lake.documents import Document
from fraud_assets.lake.resource import LakeResource
from fraud_assets.months import REPORT_DELAY, REPORT_LOOKBACK

#: Tables of which earlier months are drawn beside this one, where they are in the lake.
_REMEMBERED = ("transactions", "labeled_anomalies", "incident_reports")


def portrait_assets(chain: Chain) -> list[dg.AssetsDefinition]:
    """``data_portrait``."""

    @dg.asset(
        **chain.settings(
            "data_portrait",
            "reports",
            kinds={"html", "json", "plotly"},
            rooms=["evaluation"],
            hidden=True,
            io_manager="document",
        ),
        ins=chain.reads("transactions", "labeled_anomalies", "fraud_campaigns", "customers", "devices"),
        deps=chain.keys("incident_reports"),
    )
    def data_portrait(
        context: dg.AssetExecutionContext,
        lake: LakeResource,
        transactions: pl.LazyFrame,
        labeled_anomalies: pl.LazyFrame,
        fraud_campaigns: pl.LazyFrame,
        customers: pl.LazyFrame,
        devices: pl.LazyFrame,
    ) -> Document:
        """The month in pictures: when, where, how and to whom people pay, and what fraud does among them.

        A page to judge realism by. Up to six earlier months that are in the lake are drawn beside it, and reports of
        later ones are counted in. Truth is on it, so nothing that a model sees may come from here.
        """
        month = chain.month(context)
        back, on = month.back(REPORT_LOOKBACK)[::-1], (month + k for k in range(1, REPORT_DELAY + 1))
        earlier = at_hand(lake.lake, chain.scenario.name, back, *_REMEMBERED)[::-1]
        later = at_hand(lake.lake, chain.scenario.name, on, "incident_reports")
        tables = portrait.Tables(
            transactions=transactions,
            labeled_anomalies=labeled_anomalies,
            fraud_campaigns=fraud_campaigns,
            customers=customers,
            devices=devices,
            incident_reports=chain.table(lake, "incident_reports", [*earlier, month, *later]),
            earlier_transactions=chain.table(lake, "transactions", earlier),
            earlier_anomalies=chain.table(lake, "labeled_anomalies", earlier),
        )
        document = portrait.measure(portrait.Sitter.of(chain.world, month, earlier, [month, *later][-1]), tables)
        picture = base64.b64encode(portrait.portrait_picture(document)).decode()
        summary = f"![The month in small](data:image/png;base64,{picture})\n\n{portrait.portrait_markdown(document)}"
        return Document(
            document,
            files={"portrait.html": portrait.render_portrait(document).encode()},
            metadata={"summary": dg.MetadataValue.md(summary), **portrait.portrait_figures(document)},
        )

    return [data_portrait]
