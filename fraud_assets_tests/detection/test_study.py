"""A study tries everything on the same rows, and finds nothing where there is nothing to learn from."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from fraud_assets.detection.study import OPTIONS, REFERENCE, run_study, study_table
from fraud_assets.detection.study.search import GRID, SPACE, grid_points, random_points, tpe_points
from fraud_assets_tests.detection.synthetic import FEATURES, JANUARY, MARCH, bank

#: One of each group; the searches are tested without a model.
SOME = ("logistic", "histogram", "soft_voting", "stacking", "uncorrelated", "class_weights", "under_sampling")


@pytest.fixture(scope="module")
def study() -> dict[str, Any]:
    said: list[str] = []
    world = bank()
    features = world.features.with_columns(again=pl.col("noise") * 2)
    names = (*FEATURES, "again")
    found = run_study(features, world.reports, MARCH, JANUARY, names, only=SOME, most_rows=5_000, progress=said.append)
    assert len(said) == len(SOME) + 1
    return found


def test_every_option_is_judged_against_the_reference_with_an_interval(study: dict[str, Any]) -> None:
    by_name = {option["name"]: option for option in study["options"]}
    assert set(by_name) == {REFERENCE, *SOME}
    assert by_name[REFERENCE]["difference"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    for option in by_name.values():
        ap = option["average_precision"]
        assert ap["low"] < ap["value"] < ap["high"]
        assert ap["value"] > 2 * study["sizes"]["compare"]["frauds"] / study["sizes"]["compare"]["rows"]
        assert OPTIONS[option["name"]].title in study_table(study)
    json.dumps(study, allow_nan=False)


def test_what_an_option_chose_is_told(study: dict[str, Any]) -> None:
    found = {option["name"]: option["found"] for option in study["options"]}
    assert set(found["stacking"]["recipe"]) == {"logistic", "random_forest", REFERENCE}
    assert found["uncorrelated"]["features"] == list(FEATURES)
    assert found["class_weights"]["scale_pos_weight"] > 10


def test_the_first_month_has_nothing_to_study() -> None:
    found = run_study(bank().features, bank().reports, JANUARY, JANUARY, FEATURES)
    assert found["options"] == []
    assert study_table(found) == "2024-01 is the first month: there is no earlier one to learn from"


@pytest.mark.parametrize("search", [grid_points, random_points, tpe_points])
def test_a_search_stays_in_the_space_and_keeps_its_best(search: Any) -> None:
    tried: list[tuple[float, dict[str, Any]]] = []

    def objective(point: dict[str, Any]) -> float:
        assert all(value in SPACE[name] for name, value in point.items())
        tried.append((-abs(np.log(point["learning_rate"] / 0.1)) - 0.1 * abs(point["max_depth"] - 5), point))
        return tried[-1][0]

    best = search(objective, 12)
    assert len(tried) == 12
    assert (max(tried, key=lambda one: one[0])[1]) == best
    assert set(best) == set(GRID if search is grid_points else SPACE)


def test_the_parzen_estimator_learns_from_its_trials() -> None:
    def after(trials: int) -> float:
        found: list[float] = []

        def objective(point: dict[str, Any]) -> float:
            found.append(-sum(SPACE[name].index(value) for name, value in point.items()))
            return found[-1]

        tpe_points(objective, trials)
        return float(np.mean(found[-8:]))

    blind = -sum((len(values) - 1) / 2 for values in SPACE.values())
    assert after(40) > blind + 2
