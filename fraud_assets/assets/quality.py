"""Data quality: what of a month's tables wants a person's attention before anything is believed of them."""

# No postponed annotations here: Dagster takes the context's annotation as it stands.

import base64
import json
from typing import Any

import dagster as dg
import polars as pl

from fraud_assets.assets.common import Chain, at_hand
from fraud_assets.evaluation import quality
from fraud_assets.evaluation.quality.tables import MOST_ROWS
from fraud_assets.features.registry import KEYS, REGISTRY
from fraud_assets.ingest import FILES_TABLES
from fraud_assets.lake.documents import Document
from fraud_assets.lake.paths import Place
from fraud_assets.lake.resource import LakeResource
from fraud_assets.months import REPORT_DELAY, REPORT_LOOKBACK, Month
from fraud_assets.tables import TABLES

_NAME = "data_quality_report"
#: Followed within the month: table, column, target, its key.
_LINKS = (
    ("transactions", "customer_id", "customers", "customer_id"),
    ("transactions", "merchant_id", "merchants", "merchant_id"),
    ("transactions", "device_id", "devices", "device_id"),
    ("transactions", "terminal_id", "devices", "device_id"),
    ("logins", "customer_id", "customers", "customer_id"),
    ("logins", "device_id", "devices", "device_id"),
    ("devices", "customer_id", "customers", "customer_id"),
    ("devices", "merchant_id", "merchants", "merchant_id"),
    ("labeled_anomalies", "transaction_id", "transactions", "transaction_id"),
    ("transaction_features", "transaction_id", "transactions", "transaction_id"),
)
#: What comes after features, or is a plan of the simulation, is no data that a bank receives.
_LEFT_OUT = ("fraud_campaigns", "customer_risk", "scored_transactions")


def quality_assets(chain: Chain) -> list[dg.AssetsDefinition]:
    """``data_quality_report``."""
    names = [*_tables(chain), "transaction_features"]

    @dg.asset(
        **chain.settings(
            _NAME, "reports", kinds={"html", "json", "plotly"}, rooms=["evaluation"], hidden=True, io_manager="document"
        ),
        deps=chain.keys(*names),
    )
    def data_quality_report(context: dg.AssetExecutionContext, lake: LakeResource) -> Document:
        """What is missing, constant, repeated, far out or refers to nothing, and how complete the labels are.

        Compared with the month before, where its report is in the lake. Made again when later months are there, it
        knows of later reports of fraud.
        """
        document = measure_quality(chain, lake, chain.month(context))
        picture = base64.b64encode(quality.quality_picture(document)).decode()
        summary = f"![Quality in small](data:image/png;base64,{picture})\n\n{quality.quality_markdown(document)}"
        return Document(
            document,
            files={"report.html": quality.quality_page(document).encode()},
            metadata={"summary": dg.MetadataValue.md(summary), **quality.quality_figures(document)},
        )

    return [data_quality_report]


def measure_quality(chain: Chain, lake: LakeResource, month: Month) -> dict[str, Any]:
    """The document of :func:`fraud_assets.evaluation.quality.quality_document` about a month in the lake."""

    def scan(name: str) -> pl.LazyFrame:
        return chain.table(lake, name, [month])

    schemas = _tables(chain)
    tables = [quality.profile(name, scan(name), schema.primary_key()) for name, schema in schemas.items()]
    features = scan("transaction_features")
    tables.append(quality.profile("transaction_features", features, ["transaction_id"]))
    numbers = [name for name, dtype in features.collect_schema().items() if name not in KEYS and dtype.is_numeric()]
    sampled = features.select(numbers).gather_every(-(-tables[-1]["rows"] // MOST_ROWS) or 1)
    before = Place(chain.scenario.name, _NAME, (month - 1).key).value
    return quality.quality_document(
        chain.scenario.title,
        month.key,
        tables,
        [*(quality.link(t, scan(t), c, to, [scan(to)], key) for t, c, to, key in _LINKS), *_across(chain, lake, month)],
        _labels(chain, lake, month),
        quality.twins(sampled.collect(engine="streaming"), [name for name in numbers if name in REGISTRY]),
        json.loads(lake.lake.read_bytes(before)) if lake.lake.exists(before) else None,
    )


def _tables(chain: Chain) -> dict[str, Any]:
    """The tables of the bank, with their keys: a bank of files has some of its own."""
    own = FILES_TABLES if chain.scenario.source == "files" else {}
    return {name: schema for name, schema in {**TABLES, **own}.items() if name not in _LEFT_OUT}


def _across(chain: Chain, lake: LakeResource, month: Month) -> list[dict[str, Any]]:
    """References that lead to earlier months: refunds to their payment, reports to what they are about."""
    ledger = at_hand(lake.lake, chain.scenario.name, (month - k for k in range(1, REPORT_LOOKBACK + 1)), "transactions")
    ledgers = [chain.table(lake, "transactions", [other]) for other in [month, *ledger]]
    first = min([month, *ledger])
    refunds = chain.table(lake, "transactions", [month])
    reports = chain.table(lake, "incident_reports", [month]).filter(pl.col("event_time") >= first.start)
    column, key = "original_transaction_id", "transaction_id"
    note = f"looked for in {month} and {month - 1}" if ledger else ""
    originals = quality.link("transactions", refunds, column, "transactions", ledgers[:2], key, note)
    if originals["orphans"] and not ledger:
        unknown = f"{originals['orphans']} lead before {month}, where the lake has nothing"
        originals |= {"orphans": 0, "rows": 0, "examples": [], "unknown": unknown}
    return [
        originals,
        quality.link("incident_reports", reports, key, "transactions", ledgers, key, f"about payments since {first}"),
    ]


def _labels(chain: Chain, lake: LakeResource, month: Month) -> dict[str, Any]:
    """The labels of the month and of the three before, by the reports up to three months after it."""
    bank = chain.scenario
    before = at_hand(lake.lake, bank.name, (month - k for k in range(1, REPORT_DELAY + 1)), "labeled_anomalies")
    after = at_hand(lake.lake, bank.name, (month + k for k in range(1, REPORT_DELAY + 1)), "incident_reports")
    followed = [*before[::-1], month]
    known = [other for other in followed if lake.lake.exists(Place(bank.name, "incident_reports", other.key).parquet)]
    return quality.label_completeness(
        chain.table(lake, "labeled_anomalies", followed) if bank.has_truth else None,
        chain.table(lake, "incident_reports", [*known, *after]),
        [month, *after][-1].end,
        months=[other.key for other in followed],
    )
