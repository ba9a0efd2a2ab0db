"""``rollback``: back to an earlier champion."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fraud_assets.cli.options import Commands


def add(commands: Commands) -> None:
    """The parser of the command."""
    parser = commands.add_parser(
        "rollback",
        help="make an earlier model the champion again",
        description="Make the champion before, or a version of the registered model, the champion of the newest month, "
        "in the lake and in MLflow. Once more brings the other back.",
    )
    parser.add_argument("scenario", metavar="BANK", help="a shipped bank, or one in FRAUD_ASSETS_SCENARIOS")
    parser.add_argument("--to", metavar="VERSION", help="such as 3; default: the one with the alias previous")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Roll back, and say what that means."""
    from fraud_assets.scenario import load_bank

    bank = load_bank(options.scenario)  # a wrong name is said before seconds are spent on loading Dagster
    from fraud_assets.assets.rollback import roll_back
    from fraud_assets.definitions import default_resources
    from fraud_assets.lake.preflight import check_lake_reachable
    from fraud_assets.lake.root import open_lake

    lake = open_lake()
    check_lake_reachable(lake)
    document = roll_back(lake, bank, default_resources()["mlflow"], options.to)
    champion = document["champion"]
    print(
        f"{bank.name}: {champion['name']} of {champion['month']} is the champion again, from {document['month']} on.\n"
        f"Materialize {bank.name}/scored_transactions of {document['month']} and what follows it to score with it;"
        " the next month follows by itself."
    )
    return 0
