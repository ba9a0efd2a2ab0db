"""The registry: every feature, in the order of the feature table.

A new family is one module with a ``FAMILY`` and one entry in ``FAMILIES``, after the families whose columns it reads.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from fraud_assets.features import (
    anomaly,
    behaviour,
    delivery,
    device,
    geography,
    interaction,
    merchant,
    network,
    transaction,
    velocity,
    wallet,
)
from fraud_assets.features.feature import Columns, Family, Feature

#: Nothing reaches further back: three months are at least 89 days, and late knowledge wants a margin.
REACH = timedelta(days=84)

FAMILIES: tuple[Family, ...] = (
    transaction.FAMILY,
    velocity.FAMILY,
    behaviour.FAMILY,
    geography.FAMILY,
    device.FAMILY,
    merchant.FAMILY,
    network.FAMILY,
    delivery.FAMILY,
    wallet.FAMILY,
    anomaly.FAMILY,
    interaction.FAMILY,
)

#: Columns before the features: the row's identity, and how much history its features could see.
KEYS: dict[str, tuple[pl.DataType, str]] = {
    "transaction_id": (pl.Int64(), "The ledger row"),
    "customer_id": (pl.Int64(), "Whose account"),
    "event_time": (pl.Datetime("us", "UTC"), "The ledger row's time; every feature is as of just before it"),
    "history_days": (
        pl.Int16(),
        "Whole days of history that existed before the row, at most 84; shorter in a bank's first months",
    ),
}


def register(families: tuple[Family, ...]) -> dict[str, Feature]:
    """The features of the families by name, checked.

    Raises
    ------
    ValueError
        If a name occurs twice or is a key's, or if a feature reaches further back than is read.
    """
    features: dict[str, Feature] = {}
    for family in families:
        for feature in family.features:
            if feature.name in features or feature.name in KEYS:
                raise ValueError(f"feature {feature.name} of family {family.name} exists already")
            if feature.family != family.name:
                raise ValueError(
                    f"feature {feature.name}: family is {feature.family!r}; it is declared in {family.name!r}"
                )
            if feature.reach > REACH:
                raise ValueError(
                    f"feature {feature.name}: window, delay and baseline reach {feature.reach.days} days back;"
                    f" at most {REACH.days} are read"
                )
            features[feature.name] = feature
    return features


#: Feature name -> feature.
REGISTRY: dict[str, Feature] = register(FAMILIES)


def feature_names(family: str | None = None) -> list[str]:
    """Names of all features, or of one family's, in the order of the feature table."""
    return [f.name for f in REGISTRY.values() if family in (None, f.family)]


def schema() -> dict[str, pl.DataType]:
    """Column name -> polars dtype of the feature table: the keys, then the features."""
    return {name: dtype for name, (dtype, _) in KEYS.items()} | {f.name: f.dtype() for f in REGISTRY.values()}


def describe() -> dict[str, str]:
    """Column name -> one sentence with its unit, for the keys and the features."""
    return {name: text for name, (_, text) in KEYS.items()} | {
        f.name: f"{f.definition} ({f.unit})" for f in REGISTRY.values()
    }


def check_columns(columns: Columns) -> None:
    """See that the families gave the registered columns.

    Raises
    ------
    ValueError
        If a family left out a registered feature or made one that is not registered.
    """
    if columns.keys() != REGISTRY.keys():
        missing, unknown = sorted(REGISTRY.keys() - columns.keys()), sorted(columns.keys() - REGISTRY.keys())
        raise ValueError(f"features: the families left out {missing} and made {unknown}, which are not registered")
