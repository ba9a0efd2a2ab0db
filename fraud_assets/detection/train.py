"""Training the candidates of a month from what was known at its first instant.

What lives here: reading the slices into arrays, fitting, calibrating and measuring every candidate of the registry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fraud_assets.counting import counted
from fraud_assets.detection.arrays import Mask, Vector
from fraud_assets.detection.calibration import Calibration
from fraud_assets.detection.candidates import CANDIDATES
from fraud_assets.detection.encoding import Encoder, is_text, require
from fraud_assets.detection.judging import curves, metrics
from fraud_assets.detection.labels import DelayCurve, label
from fraud_assets.detection.sample import Past, Sample, corrected, is_kept, kept_share
from fraud_assets.detection.slices import Interval, Slices, split
from fraud_assets.detection.trained import CandidateSet, TrainedModel, digest, scored_batches
from fraud_assets.knowledge import known_at
from fraud_assets.months import Month
from fraud_assets.scenario import Learning


def train_candidates(
    features: pl.LazyFrame,
    reports: pl.LazyFrame,
    month: Month,
    first_month: Month,
    learning: Learning,
    feature_names: Sequence[str],
    *,
    code_version: str,
) -> CandidateSet:
    """The candidates for the rows of ``month``, from the months before it.

    Parameters
    ----------
    features
        Rows of earlier months: transaction_id, customer_id, event_time, amount (major units), status and the features,
        sorted by (customer_id, event_time) within each month. Rows outside the slices are not looked at.
    reports
        ``incident_reports`` of earlier months; what reached the bank after the cut is not looked at.
    month, first_month
        The month to be scored, and the first there is.
    learning
        Alert budget and costs.
    feature_names
        The features to learn from.
    code_version
        Version of the code that made the features and runs the training; part of each model's identity.

    Returns
    -------
    Every candidate of the registry, fitted, calibrated and measured on the comparing slice; or an
    empty set that says why: no earlier month, or a slice without rows, without a reported fraud or with nothing else.

    Raises
    ------
    ValueError
        If the table lacks one of the features.
    """
    slices = split(month, first_month)
    if slices is None:
        return CandidateSet.empty(str(month), f"{month} is the first month: there is no earlier one to learn from")
    require(features.collect_schema().names(), feature_names)
    known = known_at(reports, slices.cut).collect()
    rows = LabelledRows(features, known, slices, tuple(feature_names))
    sizes = {name: rows.size(getattr(slices, name)) for name in ("train", "tune", "compare")}
    for name, size in sizes.items():
        if 0 < size["frauds"] < size["rows"]:
            continue
        days = getattr(slices, name)
        when = f"from {days.start:%Y-%m-%d} to {days.end:%Y-%m-%d}"
        reason = f"no fraud among the {counted(size['rows'], 'row')} to {name} with {when} was reported before the cut"
        if not size["rows"]:
            reason = f"there are too few months to learn from yet: no payments to {name} with {when}"
        elif size["frauds"]:
            reason = (
                f"all {size['rows']:,} rows to {name} with {when} are reported as fraud, none is left to tell it from"
            )
        return CandidateSet.empty(str(month), reason, slices)

    delays = DelayCurve.estimate(reports, slices.train.start, slices.cut, learning.never_reported)
    train_kept = kept_share(sizes["train"]["rows"], sizes["train"]["frauds"])
    train_frame = rows.read(slices.train, train_kept)
    encoder = Encoder.fit(train_frame, feature_names)
    hasher = hashlib.sha256(digest({"slices": slices.document(), "encoder": encoder.document()}).encode())
    train, kept = rows.sample(train_frame, encoder, sizes["train"], hasher)
    del train_frame
    rows = replace(rows, names=encoder.features)
    tune_frame = rows.read(slices.tune, kept_share(sizes["tune"]["rows"], sizes["tune"]["frauds"]), "reported_type")
    tune, _ = rows.sample(tune_frame, encoder, sizes["tune"], hasher)
    targets = tune.labels * delays.factor(tune.ages, tune_frame["reported_type"])
    del tune_frame
    sizes["train"]["used"], sizes["tune"]["used"] = len(train.labels), len(tune.labels)

    origin = {
        "month": str(month),
        "training_window": " to ".join(slices.train.document()),
        "data_sha256": hasher.hexdigest(),
        "feature_set_hash": digest({"features": list(feature_names)}),
        "learning_hash": digest(learning.model_dump(mode="json")),
        "code_version": code_version,
    }
    models: dict[str, TrainedModel] = {}
    past = Past(train, tune, encoder)
    for name, kind in CANDIDATES.items():
        model = kind.model.fit(past)
        calibration = Calibration.fit(corrected(model.raw_scores(tune.codes), kept), targets, tune.weights)
        models[name] = TrainedModel(name, encoder, model, kept, calibration, origin)
    del train, past

    judged = compare(features, known, slices, models)
    factors = delays.factor(judged.ages, judged.reported_type)
    figures, shapes = {}, {}
    for name, trained in models.items():
        probability = trained.calibration.apply(judged.raw[name])
        figures[name] = judged.metrics(name, probability, factors, learning)
        shapes[name] = curves(judged.is_fraud, judged.raw[name], probability, factors)
    return CandidateSet(str(month), None, slices, models, figures, shapes, sizes, delays, origin)


@dataclass(frozen=True)
class Compared:
    """The comparing slice: one entry a row, the same rows for every model."""

    is_fraud: Mask
    customer: NDArray[np.int64]
    amount: Vector
    ages: Vector
    days: NDArray[np.int64]
    reported_type: pl.Series
    is_live: Mask
    raw: dict[str, Vector]

    def metrics(self, name: str, probability: Vector, factors: Vector, learning: Learning) -> dict[str, float]:
        """The figures of one model; see :func:`~fraud_assets.detection.judging.metrics`."""
        return metrics(self.is_fraud, self.is_live, self.raw[name], probability, self.amount, factors, learning)


def compare(features: pl.LazyFrame, known: pl.DataFrame, slices: Slices, models: dict[str, TrainedModel]) -> Compared:
    """The raw scores of the models on the comparing slice, streamed."""
    wanted = sorted({name for model in models.values() for name in model.encoder.features})
    rows = label(features.filter(slices.compare.contains()), known).select(
        "customer_id",
        "event_time",
        "is_fraud",
        "reported_type",
        pl.col("amount").cast(pl.Float64).alias("__amount"),
        (pl.col("status") != "declined").fill_null(value=True).alias("__is_live"),
        *wanted,
    )
    kept: list[pl.DataFrame] = []
    raw: dict[str, list[Vector]] = {name: [] for name in models}
    for frame, scores, _ in scored_batches(rows, models):
        kept.append(frame.select("customer_id", "event_time", "is_fraud", "reported_type", "__amount", "__is_live"))
        for name, score in scores.items():
            raw[name].append(score)
    table = pl.concat(kept)
    return Compared(
        table["is_fraud"].to_numpy(),
        table["customer_id"].to_numpy(),
        table["__amount"].to_numpy(),
        _ages(table, slices),
        table["event_time"].dt.epoch("d").cast(pl.Int64).to_numpy(),
        table["reported_type"],
        table["__is_live"].to_numpy(),
        {name: np.concatenate(scores) for name, scores in raw.items()},
    )


@dataclass(frozen=True)
class LabelledRows:
    """The labelled rows and how they are read."""

    features: pl.LazyFrame
    known: pl.DataFrame
    slices: Slices
    names: tuple[str, ...]

    def size(self, interval: Interval) -> dict[str, int]:
        counted = label(self.features.filter(interval.contains()), self.known).select(
            rows=pl.len(), frauds=pl.col("is_fraud").sum()
        )
        return {name: int(value) for name, value in counted.collect(engine="streaming").row(0, named=True).items()}

    def read(self, interval: Interval, share: float, *more: str) -> pl.DataFrame:
        """The rows of an interval, that share of the honest ones, with their features and further columns."""
        schema = self.features.collect_schema()
        columns = [pl.col(n) if is_text(schema[n]) else pl.col(n).cast(pl.Float32) for n in self.names]
        rows = label(self.features.filter(interval.contains()), self.known).filter(is_kept(share))
        return rows.select("transaction_id", "event_time", "is_fraud", *more, *columns).collect(engine="streaming")

    def sample(
        self, frame: pl.DataFrame, encoder: Encoder, size: dict[str, int], hasher: hashlib._Hash
    ) -> tuple[Sample, float]:
        """The frame as arrays, and the share of the slice's honest rows that it really holds."""
        codes, labels = encoder.codes(frame), frame["is_fraud"].to_numpy()
        for part in (codes, labels, frame["transaction_id"].to_numpy()):
            hasher.update(np.ascontiguousarray(part).data)
        honest = size["rows"] - size["frauds"]
        kept = (len(labels) - size["frauds"]) / honest if honest else 1.0
        return Sample(codes, labels, np.where(labels, 1.0, 1 / kept if kept else 1.0), _ages(frame, self.slices)), kept


def _ages(frame: pl.DataFrame, slices: Slices) -> Vector:
    """Days from the event to the cut."""
    seconds = (pl.lit(slices.cut) - pl.col("event_time")).dt.total_seconds()
    return frame.select(seconds / 86_400.0).to_series().to_numpy()
