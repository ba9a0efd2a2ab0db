"""``gates``: months of a bank made in memory, each put before the gates."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from fraud_assets.cli.options import add_scenario, number_from_one

if TYPE_CHECKING:
    from fraud_assets.cli.options import Commands


def add(commands: Commands) -> None:
    """The parser of the command."""
    parser = commands.add_parser(
        "gates", help="make months of a bank in memory and put each before the gates: does its world hold?"
    )
    add_scenario(parser)
    parser.add_argument("--first", metavar="MONTH", help="such as 2024-01; default: the bank's first")
    parser.add_argument("--months", type=_how_many, default=6, help="how many in a row; default: 6")
    parser.add_argument(
        "--seeds", type=number_from_one, default=1, help="how many seeds, from the bank's own on; default: 1"
    )
    parser.set_defaults(run=run)


def _how_many(text: str) -> int:
    try:
        return number_from_one(text)
    except argparse.ArgumentTypeError as error:  # elsewhere ``--months`` are months
        raise argparse.ArgumentTypeError(f"{error}; from which month on is said by --first") from None


def run(options: argparse.Namespace) -> int:
    """Print a verdict a month and a table over all; exit code 1 if a gate failed."""
    from fraud_assets.proving import proof_table, prove
    from fraud_assets.scenario import Scenario

    scenario = Scenario.load(options.scenario)
    first = scenario.month(options.first) if options.first is not None else scenario.first
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
