"""Population figures against plain loops."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import pytest

from fraud_assets.features.population import population_statistics
from fraud_assets.tables import PopulationStatistics
from fraud_assets_tests.features.ledgers import bank
from fraud_assets_tests.features.made import MAY
from fraud_assets_tests.features.reference import local, log_amount


def test_population_figures_agree_with_plain_loops() -> None:
    ledger = bank(1, customers=5, rows=600).transactions
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in ledger.to_dicts():
        if row["direction"] == "debit" and row["status"] == "approved" and row["event_time"] < MAY.start:
            for name in ("category", "channel", "method"):
                groups[name, row[name]].append(row)
            groups["hour", f"{local(row).hour:02d}"].append(row)
            groups["all", "all"].append(row)
    figures = population_statistics(MAY, ledger.lazy())
    PopulationStatistics.validate(figures)
    assert [(f["dimension"], f["value"]) for f in figures.to_dicts()] == sorted(groups)
    for f in figures.to_dicts():
        logs = [log_amount(row) for row in groups[f["dimension"], f["value"]]]
        mean = sum(logs) / len(logs)
        assert f["rows"] == len(logs)
        assert f["share"] == pytest.approx(len(logs) / len(groups["all", "all"]))
        assert f["log_amount_mean"] == pytest.approx(mean)
        assert f["log_amount_std"] == pytest.approx(math.sqrt(sum((x - mean) ** 2 for x in logs) / len(logs)), abs=1e-6)


def test_population_figures_do_not_depend_on_the_order_of_rows() -> None:
    ledger = bank(2, customers=5, rows=600).transactions
    shuffled = ledger.sample(fraction=1, shuffle=True, seed=3)
    assert population_statistics(MAY, shuffled.lazy()).equals(population_statistics(MAY, ledger.lazy()))


def test_without_history_there_is_an_explicit_empty_table() -> None:
    figures = population_statistics(MAY, bank(3, new=True).transactions.lazy())
    assert figures.is_empty()
    PopulationStatistics.validate(figures)
    assert figures.schema == population_statistics(MAY, bank(3).transactions.lazy()).schema
