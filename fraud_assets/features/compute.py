"""The one definition: the features of a block's targets. A month and a single event both come through here."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from fraud_assets.features import registry
from fraud_assets.features.block import Block
from fraud_assets.features.context import Context
from fraud_assets.features.feature import Columns, Inputs

_INTEGERS: dict[type[pl.DataType], type[np.integer[Any]]] = {pl.Int8: np.int8, pl.Int16: np.int16, pl.Int32: np.int32}


def computed(block: Block, context: Context) -> Columns:
    """Every registered feature of the block's targets, by numpy alone, as the families give them.

    Returns
    -------
    Feature name -> numbers or truth values of shape (targets,), or one of a single event, NaN where missing.
    ``channel`` and ``category`` are codes, for which ``block.names`` has the strings.
    """
    columns: Columns = {}
    for family in registry.FAMILIES:
        columns |= family.compute(Inputs(block, context, columns))
    registry.check_columns(columns)
    return columns


def features_of_block(block: Block, context: Context) -> Columns:
    """The same in the order of the registry and of the features' types; integers that may be missing stay float64."""
    columns = computed(block, context)
    return {name: _typed(columns[name], feature.dtype) for name, feature in registry.REGISTRY.items()}


def _typed(values: npt.NDArray[Any], dtype: type[pl.DataType]) -> npt.NDArray[Any]:
    if dtype == pl.Float32:
        return values.astype(np.float32)
    if dtype in _INTEGERS and values.dtype.kind != "f":
        return values.astype(_INTEGERS[dtype])
    return values
