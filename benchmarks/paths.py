"""Whether one event has the features it has in the month's table, on rows of a simulated bank.

    python -m benchmarks.paths [BANK ...] [--customers 500] [--rows 10000]

The bank's first four months are made for a few customers; the fourth month's features are built, and sampled rows of it
are computed again, one by one, by the path that a scoring service takes. Every value has to be the same.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from typing import Any

import polars as pl

from fraud_assets.features.activity import merchant_activity
from fraud_assets.features.build import build_features
from fraud_assets.features.context import Context
from fraud_assets.features.lookup import Lookups
from fraud_assets.features.population import population_statistics
from fraud_assets.features.sharing import shared_entities
from fraud_assets.features.single import Recent, features_of_event
from fraud_assets.months import FEATURE_LOOKBACK
from fraud_assets.scenario import Scenario
from fraud_assets.simulation.generator import SyntheticDataGenerator

BANKS = ("us_bank", "india_bank", "crypto_wallet")


def different(bank: str, customers: int, sampled: int) -> tuple[int, Counter[str]]:
    """Rows that were compared, and features whose values differ, with how often."""
    scenario = Scenario.load(bank)
    people = scenario.population.model_copy(update={"customers": customers})
    scenario = scenario.model_copy(update={"population": people})
    month = scenario.first + FEATURE_LOOKBACK
    months = [str(m) for m in [*month.back(FEATURE_LOOKBACK), month]]
    made = SyntheticDataGenerator(scenario)
    ledger, logins, reports = (
        made.generate(table, *months) for table in ("transactions", "logins", "incident_reports")
    )
    owners, merchants = made.generate("customers", months[-1]), made.generate("merchants", months[-1])
    population = population_statistics(month, ledger.lazy())
    tables: dict[str, Any] = {
        "devices": made.generate("devices", months[-2]).lazy(),
        "merchants": merchants.lazy(),
        "merchant_activity": merchant_activity(month, ledger.lazy(), reports.lazy(), population.lazy()).lazy(),
        "shared_entities": shared_entities(month, ledger.lazy(), reports.lazy(), owners.lazy(), logins.lazy()).lazy(),
    }
    chunks = build_features(
        scenario, month, ledger.lazy(), owners.lazy(), reports.lazy(), population.lazy(), logins=logins.lazy(), **tables
    )
    table = pl.concat([chunk() for chunk in chunks])
    sample = table.sample(min(sampled, table.height), seed=1).sort("customer_id")
    context, lookups = Context.of(scenario, month, population), Lookups.of(**tables)
    frauds = reports.filter(pl.col("kind") == "fraud")
    wrong: Counter[str] = Counter()
    for (customer,), rows in sample.group_by("customer_id", maintain_order=True):
        mine = pl.col("customer_id") == customer
        own = ledger.filter(mine)
        events = {row["transaction_id"]: row for row in own.to_dicts()}
        known = frauds.filter(mine)["reported_at"].to_list()
        recent = Recent.of(own, owners.filter(mine).row(0, named=True), known, logins.filter(mine))
        for expected in rows.to_dicts():
            event = events[expected["transaction_id"]]
            found = features_of_event(event, recent, context, lookups.at_event(event))
            wrong.update(name for name, value in found.items() if value != expected[name])
    return sample.height, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("banks", nargs="*", metavar="BANK", default=BANKS)
    parser.add_argument("--customers", type=int, default=500)
    parser.add_argument("--rows", type=int, default=10_000)
    options = parser.parse_args()
    for bank in options.banks:
        begun = time.process_time()
        rows, wrong = different(bank, options.customers, options.rows)
        verdict = f"differ: {dict(wrong)}" if wrong else "all values are the same"
        print(f"{bank}: {rows:,} rows, {verdict} ({time.process_time() - begun:.0f} s of processor time)", flush=True)


if __name__ == "__main__":
    main()
