"""The command line: a bank's first months from nothing (``demo``), any table as one file (``export``), and what
its world was asked to be beside what it is (``realised``)."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import TextIO

from dagster import DagsterExecutionInterruptedError

from fraud_assets.lake.preflight import check_lake_reachable
from fraud_assets.lake.resource import LakeResource
from fraud_assets.lake.store import LakeError
from fraud_assets.lake.writing import Progress
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
        "export",
        help="one file of any table of the lake: CSV, JSON lines, Parquet, Excel or NumPy",
        description="Write a table over some months to one file, by default the labelled transactions as CSV. "
        "The file appears whole or not at all.",
    )
    export.add_argument("--scenario", default="us_bank")
    export.add_argument("--table", default="labeled_transactions", help="such as customers; default: %(default)s")
    export.add_argument(
        "--months", nargs="+", metavar="MONTH", help="such as 2024-01; default: all that are in the lake"
    )
    export.add_argument("--columns", nargs="+", metavar="COLUMN", help="in this order; default: all")
    export.add_argument(
        "--format", metavar="ENDING", help="csv, jsonl, parquet, xlsx or npz; default: as the file's name ends, or csv"
    )
    place = export.add_mutually_exclusive_group()
    place.add_argument(
        "--key", help="where under the lake's root; default: data/synthetic_transactions_labeled.csv, or such"
    )
    place.add_argument("--to", metavar="PLACE", help="a path on this machine, or s3://bucket/key")
    export.set_defaults(run=_export)
    realised = commands.add_parser(
        "realised", help="print what a scenario asks for beside what its tables in the lake show, as Markdown"
    )
    realised.add_argument("--scenario", default="us_bank")
    realised.add_argument("--months", nargs="+", metavar="MONTH", help="default: all that are in the lake")
    realised.set_defaults(run=_realised)
    gates = commands.add_parser(
        "gates", help="make months of a bank in memory and put each before the gates: does its world hold?"
    )
    gates.add_argument("scenario", metavar="SCENARIO", help="a shipped bank, or one in FRAUD_ASSETS_SCENARIOS")
    gates.add_argument("--first", metavar="MONTH", help="such as 2024-01; default: the bank's first")
    gates.add_argument("--months", type=_number_from_one, default=6, help="how many in a row; default: 6")
    gates.add_argument("--seeds", type=_number_from_one, default=1, help="how many seeds, from the bank's own on")
    gates.set_defaults(run=_gates)
    return parser


def _demo(options: argparse.Namespace) -> int:
    from fraud_assets.demo import run_demo

    scenario = Scenario.load(options.scenario)
    months = sorted({scenario.month(key) for key in options.months or ()})
    finished = run_demo(scenario, months or [scenario.first + k for k in range(DEMO_MONTHS)])
    return 0 if finished else 1


def _export(options: argparse.Namespace) -> int:
    from fraud_assets.assets.files import check_table, chosen_months, destination, export_table

    scenario = Scenario.load(options.scenario)
    lake = LakeResource().lake
    check_lake_reachable(lake)
    check_table(lake, scenario, options.table)
    months = chosen_months(lake, scenario, options.months, options.table)
    begun = time.monotonic()
    with destination(lake, scenario, options.table, key=options.key, to=options.to, ending=options.format) as target:
        written = export_table(
            lake, scenario, options.table, months, target, columns=options.columns, progress=_progress(sys.stderr)
        )
    size = f"{written.bytes / 1e6:,.0f} MB" if written.bytes >= 1e6 else f"{written.bytes / 1e3:,.0f} kB"
    print(
        f"{written.uri}: {written.rows:,} rows of {', '.join(months)}, {size}"
        f" in {time.monotonic() - begun:.0f} s, SHA-256 {written.sha256}"
    )
    return 0


def _progress(terminal: TextIO) -> Progress | None:
    """Rows so far, on one line of a terminal that is cleared at the end; nothing where there is none."""
    if not terminal.isatty():
        return None
    said = time.monotonic()

    def progress(rows: int) -> None:
        nonlocal said
        if time.monotonic() - said > 0.5:
            said = time.monotonic()
            terminal.write(f"\r{rows:,} rows \r")
            terminal.flush()

    return progress


def _realised(options: argparse.Namespace) -> int:
    from fraud_assets.assets.files import chosen_months, tables_in_lake
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


def _gates(options: argparse.Namespace) -> int:
    from fraud_assets.proving import proof_table, prove

    scenario = Scenario.load(options.scenario)
    first = scenario.month(options.first) if options.first else scenario.first
    scenario.month(str(first + (options.months - 1)))
    proofs = []
    for seed in range(scenario.seed, scenario.seed + options.seeds):
        for proof in prove(scenario.model_copy(update={"seed": seed}), first, options.months):
            proofs.append(proof)
            verdict = "failed" if proof.failed() else "held"
            print(f"{scenario.name}, seed {proof.seed}, {proof.month}: {verdict}", flush=True)
            for found, weight in ((proof.failed(), "failed"), (proof.doubtful(), "too few frauds to say")):
                for result in found:
                    print(f"  {result.name} ({weight}): {result.explanation}", flush=True)
    last = first + (options.months - 1)
    print(f"\n# {scenario.title}, {first} to {last}, seeds: {options.seeds}\n\n{proof_table(proofs)}", end="")
    return 1 if any(proof.failed() for proof in proofs) else 0


def _number_from_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


if __name__ == "__main__":
    sys.exit(main())
