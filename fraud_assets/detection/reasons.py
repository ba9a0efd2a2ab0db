"""Why a row was flagged: up to four reason codes.

What lives here: grouping what each feature adds to a score by family, and writing it down. Only for flagged and
rejected rows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fraud_assets.detection.arrays import Matrix, Vector
from fraud_assets.detection.trained import TrainedModel

MOST_REASONS = 4


def reasons(model: TrainedModel, codes: Matrix, families: Mapping[str, str]) -> pl.Series:
    """The reasons of each row, JSON text, strongest first.

    Parameters
    ----------
    model
        The model that scored the rows.
    codes
        The rows in the model's encoding, shape (rows, features).
    families
        Feature name -> family.

    Returns
    -------
    For each row a list of at most four objects: ``code`` (the family), ``weight`` (what the family adds to the score,
    on the model's scale: log-odds for regression and boosting), and of the family's strongest feature ``feature``,
    ``value`` and ``usual``, its median in training (for text the most frequent value). Families that speak against
    fraud are left out.
    """
    names = model.encoder.features
    family_of = [families.get(name, name) for name in names]
    groups = sorted(set(family_of))
    added = model.model.contributions(codes).astype(np.float64)
    rows, count = len(codes), min(MOST_REASONS, len(groups))
    sums = np.zeros((rows, len(groups)))
    strongest = np.zeros((rows, len(groups)), dtype=np.int64)
    for g, group in enumerate(groups):
        members = np.array([j for j, family in enumerate(family_of) if family == group])
        sums[:, g] = added[:, members].sum(axis=1)
        strongest[:, g] = members[np.argmax(added[:, members], axis=1)]
    top = np.argsort(-sums, axis=1, kind="stable")[:, :count].ravel()
    row = np.repeat(np.arange(rows), count)
    feature = strongest[row, top]
    long = pl.DataFrame(
        {
            "row": row,
            "weight": sums[row, top],
            "code": np.array([json.dumps(group) for group in groups])[top],
            "feature": np.array([json.dumps(name) for name in names])[feature],
            "value": _texts(model, feature, codes[row, feature].astype(np.float64)),
            "usual": _texts(model, feature, np.asarray(model.encoder.usual, dtype=np.float64)[feature]),
        }
    )
    entry = pl.format(
        '{{"code": {}, "weight": {}, "feature": {}, "value": {}, "usual": {}}}',
        "code",
        pl.col("weight").round(4),
        "feature",
        "value",
        "usual",
    )
    written = (
        long.filter(pl.col("weight") > 0)
        .group_by("row", maintain_order=True)
        .agg(entry.str.join(", ").alias("text"))
        .select("row", pl.format("[{}]", "text").alias("text"))
    )
    everyone = pl.DataFrame({"row": np.arange(rows)}).join(written, on="row", how="left", maintain_order="left")
    return everyone["text"].fill_null("[]")


def _texts(model: TrainedModel, feature: NDArray[np.int64], value: Vector) -> pl.Series:
    """Values as JSON text: numbers to six digits, the words behind codes, null where missing."""
    numbers = pl.Series(value).fill_nan(None).round_sig_figs(6)
    text = numbers.cast(pl.String).fill_null("null")
    for name, levels in model.encoder.levels.items():
        mine = np.flatnonzero(feature == model.encoder.features.index(name))
        words = [json.dumps(level) for level in levels] or ["null"]
        codes = np.nan_to_num(value[mine], nan=-1).astype(np.int64)
        found = np.where(codes >= 0, np.array(words)[np.maximum(codes, 0)], "null")
        text = text.scatter(mine, pl.Series(found, dtype=pl.String))
    return text
