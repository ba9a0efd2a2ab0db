"""The command line: a bank's first months from nothing (``demo``), its labelled data as one CSV (``export``), and what
its world was asked to be beside what it is (``realised``)."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from dagster import DagsterExecutionInterruptedError

from fraud_assets.lake.preflight import check_lake_reachable
from fraud_assets.lake.resource import LakeResource
from fraud_assets.lake.store import LakeError
from fraud_assets.scenario import Scenario, ScenarioError

DEMO_MONTHS = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code. Errors that the user can mend are one sentence on stderr."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (ScenarioError, LakeError, ValueError) as error:
        print(f"fraud-assets: {error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, DagsterExecutionInterruptedError):  # the second is what Dagster makes of the first
        print("\nfraud-assets: stopped; what was written is whole, the rest is as it was before", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fraud-assets", description="Simulated banks, features and fraud models as Dagster assets."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    demo = commands.add_parser("demo", help="run the chain of a bank for its first months, and say what came out")
    demo.add_argument("--scenario", default="us_bank")
    demo.add_argument("--months", nargs="+", metavar="MONTH", help="such as 2024-01; default: the first three")
    demo.set_defaults(run=_demo)
    export = commands.add_parser(
        "export", help="stream the labelled transactions of some months to one CSV in the lake"
    )
    export.add_argument("--scenario", default="us_bank")
    export.add_argument(
        "--months", nargs="+", metavar="MONTH", help="such as 2024-01; default: all that are in the lake"
    )
    export.add_argument("--key", help="where under the lake's root; default: data/synthetic_transactions_labeled.csv")
    export.set_defaults(run=_export)
    realised = commands.add_parser(
        "realised", help="print what a scenario asks for beside what its tables in the lake show, as Markdown"
    )
    realised.add_argument("--scenario", default="us_bank")
    realised.add_argument("--months", nargs="+", metavar="MONTH", help="default: all that are in the lake")
    realised.set_defaults(run=_realised)
    return parser


def _demo(options: argparse.Namespace) -> int:
    from fraud_assets.demo import run_demo

    scenario = Scenario.load(options.scenario)
    months = sorted({scenario.month(key) for key in options.months or ()})
    finished = run_demo(scenario, months or [scenario.first + k for k in range(DEMO_MONTHS)])
    return 0 if finished else 1


def _export(options: argparse.Namespace) -> int:
    from fraud_assets.assets.exports import DEFAULT_KEY, chosen_months, write_labeled_csv

    scenario = Scenario.load(options.scenario)
    lake = LakeResource().lake
    check_lake_reachable(lake)
    months = chosen_months(lake, scenario, options.months)
    begun = time.monotonic()
    written = write_labeled_csv(lake, scenario, months, options.key or DEFAULT_KEY)
    print(
        f"{written.uri}: {written.rows:,} rows of {', '.join(months)}, {written.bytes / 1e6:,.0f} MB"
        f" in {time.monotonic() - begun:.0f} s, SHA-256 {written.sha256}"
    )
    return 0


def _realised(options: argparse.Namespace) -> int:
    from fraud_assets.assets.exports import chosen_months, tables_in_lake
    from fraud_assets.simulation.realised import figures, table

    scenario = Scenario.load(options.scenario)
    lake = LakeResource().lake
    check_lake_reachable(lake)
    months = chosen_months(lake, scenario, options.months)
    ledger, truth = (tables_in_lake(lake, scenario, asset, months) for asset in ("transactions", "labeled_anomalies"))
    customers = tables_in_lake(lake, scenario, "customers", months[-1:])
    with lake.naming_what_is_broken([*ledger, *truth, *customers]):
        found = figures(
            scenario,
            [scenario.month(month) for month in months],
            lake.scan_parquet(ledger),
            lake.scan_parquet(truth),
            lake.scan_parquet(customers),
        )
    print(f"# {scenario.title}, {months[0]} to {months[-1]}: asked and realised\n\n{table(found)}", end="")
    return 0 if all(figure.holds for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
