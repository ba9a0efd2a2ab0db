"""``demo``: the chain of a bank for its first months, from nothing."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from fraud_assets.cli.options import add_months, add_scenario

if TYPE_CHECKING:
    from fraud_assets.cli.options import Commands


def add(commands: Commands) -> None:
    """The parser of the command."""
    parser = commands.add_parser("demo", help="run the chain of a bank for its first months, and say what came out")
    add_scenario(parser)
    add_months(parser, default="the first three")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the months in their order."""
    from fraud_assets.lake.streaming import default_threads
    from fraud_assets.scenario import load_bank

    # What these have to say is said before seconds are spent on loading Dagster.
    default_threads()
    scenario = load_bank(options.scenario)
    from dagster import DagsterExecutionInterruptedError

    from fraud_assets.demo import demo_months, run_demo

    months = demo_months(scenario, options.months or ())
    try:
        finished = run_demo(scenario, months)
    except DagsterExecutionInterruptedError:  # what Dagster makes of a KeyboardInterrupt
        raise KeyboardInterrupt from None
    return 0 if finished else 1
