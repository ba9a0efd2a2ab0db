"""The command line: a bank's first months from nothing (``demo``), and its labelled data as one CSV (``export``)."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

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
    except KeyboardInterrupt:
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
    return parser


def _demo(options: argparse.Namespace) -> int:
    from fraud_assets.demo import run_demo

    scenario = Scenario.load(options.scenario)
    months = [scenario.month(key) for key in options.months or ()]
    finished = run_demo(scenario, months or [scenario.first + k for k in range(DEMO_MONTHS)])
    return 0 if finished else 1


def _export(options: argparse.Namespace) -> int:
    from fraud_assets.assets.exports import DEFAULT_KEY, months_in_lake, write_labeled_csv

    scenario = Scenario.load(options.scenario)
    lake = LakeResource().lake
    check_lake_reachable(lake)
    months = options.months or months_in_lake(lake, scenario)
    begun = time.monotonic()
    written = write_labeled_csv(lake, scenario, months, options.key or DEFAULT_KEY)
    print(
        f"{written.uri}: {written.rows:,} rows of {', '.join(months)}, {written.bytes / 1e6:,.0f} MB"
        f" in {time.monotonic() - begun:.0f} s, SHA-256 {written.sha256}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
