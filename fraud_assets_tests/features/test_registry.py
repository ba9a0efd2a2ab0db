"""The registry refuses what would break the table, and its page is current."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from fraud_assets.features import registry, velocity
from fraud_assets.features.feature import Family, Feature
from fraud_assets.features.page import features_page
from fraud_assets.features.spans import span
from fraud_assets.features.views import DETECTOR_SCORES, VIEWS, view

PAGE = Path(__file__).parents[2] / "docs" / "features.md"


def family(*features: Feature) -> tuple[Family, ...]:
    return (replace(velocity.FAMILY, features=features),)


def made(**changes: object) -> Feature:
    return replace(velocity.FEATURES[0], **changes)  # type: ignore[arg-type]


def test_a_feature_that_reaches_too_far_back_is_refused() -> None:
    registry.register(family(made(window="54d", baseline="30d")))
    with pytest.raises(ValueError, match="c_count_5m: window, delay and baseline reach 85 days"):
        registry.register(family(made(window="54d", baseline="30d", delay="1d")))


def test_two_features_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="c_count_5m of family velocity exists already"):
        registry.register(family(made(), made()))


def test_a_feature_named_like_a_key_is_refused() -> None:
    with pytest.raises(ValueError, match="customer_id of family velocity exists already"):
        registry.register(family(made(name="customer_id")))


def test_a_feature_of_a_strange_type_is_refused() -> None:
    with pytest.raises(ValueError, match="c_count_5m: dtype is Date; it must be one of Int8"):
        made(dtype=pl.Date)


@pytest.mark.parametrize("text", ["24", "h", "1.5h", "3 w"])
def test_a_window_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not of the form 5m, 24h or 84d"):
        span(text)


def test_a_family_that_forgets_a_feature_is_named() -> None:
    with pytest.raises(ValueError, match=r"left out \['c_count_5m'\] and made \['c_count_5min'\]"):
        registry.check_columns(
            {
                ("c_count_5min" if name == "c_count_5m" else name): pl.Series([0]).to_numpy()
                for name in registry.REGISTRY
            }
        )


def test_every_column_of_the_table_is_described() -> None:
    described = registry.describe()
    assert list(described) == list(registry.schema())
    assert all(described.values())


def test_the_documentation_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == features_page(), (
        "run: python -m fraud_assets.features.page > docs/features.md"
    )


def test_the_view_of_the_earlier_system_has_its_groups_and_knows_no_strange_column() -> None:
    assert {group: len(columns) for group, columns in VIEWS["synfinance"].items()} == {
        "fraud": 32,
        "anomaly": 24,
        "interaction": 13,
    }
    columns = view("synfinance")
    assert len(set(columns)) == 69
    assert set(columns) - registry.REGISTRY.keys() == set(DETECTOR_SCORES)
    with pytest.raises(ValueError, match="view 'all' is none of synfinance"):
        view("all")
