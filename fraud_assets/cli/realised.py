"""``realised``: what worlds were asked to be beside what they are, one table for all banks."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from fraud_assets.cli.options import add_months, add_scenarios
from fraud_assets.counting import counted

if TYPE_CHECKING:
    import polars as pl

    from fraud_assets.cli.options import Commands
    from fraud_assets.months import Month
    from fraud_assets.scenario import Scenario
    from fraud_assets.simulation.realised import Figure

_MADE_MONTHS = 3
#: Customers from which on ranges are wide enough for chance.
_FEW = 500
#: Tables of which the last month holds all that the months before it do.
_OF_THE_LAST = ("customers", "devices", "merchants")


def add(commands: Commands) -> None:
    """The parser of the command."""
    parser = commands.add_parser(
        "realised", help="print what banks are asked to be beside what their tables show, as Markdown"
    )
    add_scenarios(parser)
    add_months(parser, default="all that are in the lake; with --in-memory the first three")
    parser.add_argument("--in-memory", action="store_true", help="make the months here instead of reading the lake")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the table; exit code 1 if a figure is not what was asked for."""
    from fraud_assets.scenario import Scenario
    from fraud_assets.simulation.realised import table

    measure = _made if options.in_memory else _from_lake
    found: dict[str, list[Figure]] = {}
    spans = []
    banks = [Scenario.load(name) for name in dict.fromkeys(options.scenario)]
    for scenario in banks:
        months, found[scenario.name] = measure(scenario, options.months)
        spans.append(f"{scenario.title}, {months[0]} to {months[-1]}")
    lines = [line for bank in found.values() for line in bank]
    amiss = sum(not line.holds for line in lines)
    print(f"# Asked and realised\n\n{'; '.join(spans)}.\n\n{table(found)}")
    for few in (bank for bank in banks if bank.population.customers < _FEW):
        print(
            f"{few.name} has {counted(few.population.customers, 'customer')}: with so few, chance alone"
            " takes some figures out of their ranges."
        )
    print(f"{len(lines):,} figures, {amiss or 'none'} not as asked for.")
    return 1 if amiss else 0


def _from_lake(scenario: Scenario, wanted: list[str] | None) -> tuple[list[Month], list[Figure]]:
    from fraud_assets.assets.files import chosen_months, months_in_lake, tables_in_lake
    from fraud_assets.lake.preflight import check_lake_reachable
    from fraud_assets.lake.root import open_lake
    from fraud_assets.simulation.realised import NEEDED, USED, figures

    lake = open_lake()
    check_lake_reachable(lake, writes=False)
    months = chosen_months(lake, scenario, wanted)
    there = [name for name in USED if name in NEEDED or set(months) <= set(months_in_lake(lake, scenario, name))]
    keys = {
        name: tables_in_lake(lake, scenario, name, months[-1:] if name in _OF_THE_LAST else months) for name in there
    }
    with lake.naming_what_is_broken([key for table in keys.values() for key in table]):
        tables = {name: lake.scan_parquet(parts) for name, parts in keys.items()}
        parsed = [scenario.month(month) for month in months]
        return parsed, figures(scenario, parsed, tables)


def _made(scenario: Scenario, wanted: list[str] | None) -> tuple[list[Month], list[Figure]]:
    from fraud_assets.proving import tables_of
    from fraud_assets.simulation.realised import figures

    chosen = (
        {scenario.month(month) for month in wanted} if wanted else {scenario.first + k for k in range(_MADE_MONTHS)}
    )
    months = sorted(chosen, key=lambda month: month.index)
    return months, figures(scenario, months, _together(scenario, months, [tables_of(scenario, m) for m in months]))


def _together(
    scenario: Scenario, months: Iterable[Month], made: list[dict[str, pl.LazyFrame]]
) -> Mapping[str, pl.LazyFrame]:
    """The tables of the months as one of each, with the reports that were filed in them."""
    import polars as pl

    from fraud_assets.simulation.fraud.reports import incident_reports

    labels = [tables["labeled_anomalies"] for tables in made]
    filed = [incident_reports(scenario, month, pl.concat(labels[: k + 1])) for k, month in enumerate(months)]
    whole = {name: made[-1][name] if name in _OF_THE_LAST else pl.concat([t[name] for t in made]) for name in made[-1]}
    return whole | {"incident_reports": pl.concat(filed)}
