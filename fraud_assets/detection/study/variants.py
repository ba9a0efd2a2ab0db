"""What features are worth: the same boosted trees on some of the features, or taught the truth, tried on a later month.

What lives here: fitting the variants of a month on the same rows, and their scores on the month that none has seen.
What does not: the figures, which several months give together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from fraud_assets.detection.arrays import Matrix, Vector
from fraud_assets.detection.boosting import Boosting
from fraud_assets.detection.encoding import Encoder
from fraud_assets.detection.sample import Past, Sample, corrected, kept_share
from fraud_assets.detection.slices import split
from fraud_assets.detection.train import LabelledRows
from fraud_assets.knowledge import known_at
from fraud_assets.months import Month

#: Honest rows that a variant is fitted on, each counting for those left out.
MOST_ROWS = 200_000
_BATCH = 100_000


@dataclass(frozen=True)
class Variant:
    """Boosted trees on some features; ``taught_truth``: from what really happened instead of what was reported."""

    features: tuple[str, ...]
    taught_truth: bool = False


@dataclass(frozen=True)
class Fitted:
    """A variant's trees, the columns they read, and the share of honest rows that they saw."""

    model: Boosting
    columns: list[int]
    kept: float

    def scores(self, codes: Matrix) -> Vector:
        """The share of fraud among all rows, not only among those kept."""
        return corrected(self.model.raw_scores(codes[:, self.columns]), self.kept)


def without_each(families: Mapping[str, str]) -> dict[str, Variant]:
    """All features (``all``), and all but those of each family; ``families`` gives each feature's."""
    every = tuple(families)
    found = {"all": Variant(every)}
    for family in dict.fromkeys(families.values()):
        found[f"without {family}"] = Variant(tuple(name for name in every if families[name] != family))
    return found


def score_variants(
    variants: Mapping[str, Variant],
    features: pl.LazyFrame,
    reports: pl.LazyFrame,
    truth: pl.LazyFrame,
    unseen: pl.LazyFrame,
    month: Month,
    first_month: Month,
    *,
    most_rows: int = MOST_ROWS,
    progress: Callable[[str], None] = lambda _: None,
) -> pl.DataFrame | None:
    """Every variant's score of each row of a month, fitted on the months before.

    Parameters
    ----------
    variants
        By name.
    features, reports
        As for :func:`~fraud_assets.detection.train.train_candidates`.
    truth
        transaction_id of every fraud of those months; only for variants that are taught the truth.
    unseen
        The month's rows: transaction_id and the features.
    month, first_month
        The month to be scored, and the first there is.
    most_rows
        Honest rows to fit on.
    progress
        Is told what was done.

    Returns
    -------
    transaction_id and ``score_<variant>`` (share of fraud, uncalibrated), in the order of ``unseen``; None where there
    is nothing to learn from. Memory: the fitted rows, and the month's scores.
    """
    slices = split(month, first_month)
    if slices is None:
        return None
    names = tuple(dict.fromkeys(name for variant in variants.values() for name in variant.features))
    told = {False: known_at(reports, slices.cut).collect()}
    if any(variant.taught_truth for variant in variants.values()):
        told[True] = truth.select("transaction_id", reported_type=pl.lit(None, dtype=pl.String)).collect()
    fitted: dict[str, Fitted] = {}
    encoder: Encoder | None = None
    for taught, known in told.items():
        found = _past(LabelledRows(features, known, slices, names), encoder, most_rows)
        if found is None:
            return None
        past, kept = found
        encoder = past.encoder
        for name, variant in variants.items():
            if variant.taught_truth == taught:
                # The encoder has dropped what never varies.
                used = [k for k, feature in enumerate(encoder.features) if feature in variant.features]
                fitted[name] = Fitted(Boosting.fit(_part(past, used)), used, kept)
                progress(f"{month}: {name}")
    return None if encoder is None else _scores(fitted, encoder, unseen, list(variants))


def _past(rows: LabelledRows, encoder: Encoder | None, most_rows: int) -> tuple[Past, float] | None:
    """What to fit on, and the share of honest training rows in it; None where a slice has no fraud."""
    sizes = {part: rows.size(getattr(rows.slices, part)) for part in ("train", "tune")}
    if not all(size["frauds"] for size in sizes.values()):
        return None
    frames = {part: rows.read(getattr(rows.slices, part), kept_share(**sizes[part], most=most_rows)) for part in sizes}
    encoder = encoder or Encoder.fit(frames["train"], rows.names)
    train, kept = rows.sample(frames["train"], encoder, sizes["train"], hashlib.sha256())
    tune, _ = rows.sample(frames["tune"], encoder, sizes["tune"], hashlib.sha256())
    return Past(train, tune, encoder), kept


def _scores(fitted: Mapping[str, Fitted], encoder: Encoder, unseen: pl.LazyFrame, order: Sequence[str]) -> pl.DataFrame:
    parts = []
    wanted = unseen.select("transaction_id", *encoder.features)
    for frame in wanted.collect_batches(chunk_size=_BATCH, maintain_order=True, lazy=True):
        codes = encoder.codes(frame)
        scores = {f"score_{name}": fitted[name].scores(codes) for name in order}
        parts.append(frame.select("transaction_id").with_columns(**{k: pl.Series(v) for k, v in scores.items()}))
    return pl.concat(parts)


def _part(past: Past, used: list[int]) -> Past:
    """The rows with these columns alone."""
    every = past.encoder
    chosen = tuple(every.features[k] for k in used)
    levels = {name: values for name, values in every.levels.items() if name in chosen}
    encoder = Encoder(chosen, levels, tuple(every.usual[k] for k in used))
    return Past(_columns(past.train, used), _columns(past.tune, used), encoder)


def _columns(sample: Sample, used: list[int]) -> Sample:
    return Sample(np.ascontiguousarray(sample.codes[:, used]), sample.labels, sample.weights, sample.ages)
