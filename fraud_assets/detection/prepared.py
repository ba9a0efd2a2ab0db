"""Feature rows as a model outside this package wants them: numbers alone, scaled, split by time, with their labels.

What lives here: :class:`Preparation`, fitted on training rows and kept as plain JSON, and the rows that it makes of the
months (:func:`prepare`). What does not: the candidates of the chain, which prepare for themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from fraud_assets.detection.encoding import Encoder, is_text, require
from fraud_assets.detection.labels import DelayCurve
from fraud_assets.detection.logistic import Term, fit_terms
from fraud_assets.detection.sample import is_kept
from fraud_assets.detection.slices import Slices, split
from fraud_assets.detection.stream import streamed
from fraud_assets.knowledge import known_at
from fraud_assets.months import Month

#: Training rows that the scale is fitted on, at most; of more of them a part, by a hash of their numbers.
MOST_FITTED = 300_000
#: Rows that are prepared at a time.
BATCH = 50_000
#: Values of the column ``split``. The week before the month is in none: too young for its frauds to be known.
SPLITS = ("train", "tune", "compare", "test")
#: Columns before the prepared ones.
KEYS: dict[str, pl.DataType] = {
    "transaction_id": pl.Int64(),
    "customer_id": pl.Int64(),
    "event_time": pl.Datetime("us", "UTC"),
    "split": pl.Enum(SPLITS),
    "y": pl.Int8(),
    "weight": pl.Float32(),
}


@dataclass(frozen=True)
class Preparation:
    """From features to columns of numbers without gaps.

    A number becomes ``arcsinh((x - median) / interquartile range)``, standardized over the training rows, and 0 where
    it is missing; ``<feature>__missing`` says that it was. A text becomes a column of 0 and 1 for each value,
    ``<feature>__<value>``. A feature that was the same in all training rows has no column.
    """

    encoder: Encoder
    terms: tuple[Term, ...]

    @classmethod
    def fit(cls, frame: pl.DataFrame, features: Sequence[str]) -> Preparation:
        """From training rows alone.

        Raises
        ------
        ValueError
            If the frame lacks one of the features.
        """
        encoder = Encoder.fit(frame, features)
        terms = fit_terms(encoder.codes(frame), encoder)
        # Flags stay 0 and 1, as other libraries' encoders make them.
        return cls(encoder, tuple(t if t.kind == "value" else replace(t, mean=0.0) for t in terms))

    @property
    def columns(self) -> list[str]:
        """Names of the prepared columns, in their order."""
        return [self._name(term) for term in self.terms]

    def apply(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The prepared columns of feature rows, Float32, in the rows' order; each row for itself.

        Raises
        ------
        ValueError
            If the frame lacks one of the features.
        """
        codes = self.encoder.codes(frame)
        return pl.DataFrame([pl.Series(self._name(term), term.column(codes).astype(np.float32)) for term in self.terms])

    def document(self) -> dict[str, Any]:
        return {
            "columns": self.columns,
            "encoder": self.encoder.document(),
            "terms": [vars(term) for term in self.terms],
        }

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> Preparation:
        return cls(Encoder.load(document["encoder"]), tuple(Term(**term) for term in document["terms"]))

    def _name(self, term: Term) -> str:
        feature = self.encoder.features[term.feature]
        if term.kind == "value":
            return feature
        return f"{feature}__{'missing' if term.kind == 'missing' else self.encoder.levels[feature][term.level]}"


@dataclass(frozen=True)
class Prepared:
    """Rows of all splits, in the order of the features; and what they were prepared with.

    ``rows`` has the columns ``KEYS``, ``y_truth`` if it was asked for, and those of the preparation.
    """

    rows: pl.LazyFrame
    preparation: Preparation
    slices: Slices
    fitted_on: int


def prepare(
    features: pl.LazyFrame,
    reports: pl.LazyFrame,
    month: Month,
    first_month: Month,
    feature_names: Sequence[str],
    known_until: datetime,
    frauds: pl.LazyFrame | None = None,
) -> Prepared:
    """The rows that models of a month are fitted and tried on.

    Parameters
    ----------
    features
        Feature rows of the month and of those before it.
    reports
        ``incident_reports`` of all months up to ``known_until``.
    known_until
        Frauds of the month itself are those reported before it; of the months before, those reported before the month.
    frauds
        transaction_id of the month's true frauds, for the column ``y_truth``: 0 or 1 in the test, null elsewhere.

    Returns
    -------
    ``y`` is 1 for a reported fraud. ``weight`` is 1, and for a fraud how many it stands for, since others of its age
    are yet to be reported (:class:`~fraud_assets.detection.labels.DelayCurve`). The rows are made while they are read.

    Raises
    ------
    ValueError
        If there is no earlier month, or no row to fit on, or the table lacks a feature.
    """
    slices = split(month, first_month)
    if slices is None:
        raise ValueError(f"{month} is the first month: there is no earlier one to learn from; take a later one")
    schema = features.collect_schema()
    require(schema.names(), feature_names)
    train = _fitting_rows(features, slices, feature_names)
    if train.is_empty():
        raise ValueError(f"{month}: there are no rows to train on from {' to '.join(slices.train.document())}")
    preparation = Preparation.fit(train, feature_names)
    delays = DelayCurve.estimate(reports, slices.train.start, slices.cut)
    rows = _labelled(features, reports, slices, month, known_until)
    types: dict[str, pl.DataType] = dict(KEYS)
    if frauds is not None:
        types["y_truth"] = pl.Int8()
        true = frauds.select("transaction_id", y_truth=pl.lit(1, dtype=pl.Int8)).unique("transaction_id")
        rows = rows.join(true, on="transaction_id", how="left", maintain_order="left").with_columns(
            y_truth=pl.when(pl.col("split") == "test").then(pl.col("y_truth").fill_null(0))
        )

    def chunks() -> Iterator[pl.DataFrame]:
        for frame in rows.collect_batches(chunk_size=BATCH, maintain_order=True, lazy=True):
            age = (pl.col("as_of") - pl.col("event_time")).dt.total_seconds() / 86_400.0
            factors = delays.factor(frame.select(age).to_series().to_numpy())
            weight = pl.Series("weight", np.where(frame["y"].to_numpy() == 1, factors, 1.0))
            keys = frame.with_columns(weight).select(pl.col(name).cast(dtype) for name, dtype in types.items())
            yield keys.hstack(preparation.apply(frame))

    made = {name: pl.Float32() for name in preparation.columns}
    return Prepared(streamed(chunks, types | made), preparation, slices, train.height)


def _fitting_rows(features: pl.LazyFrame, slices: Slices, names: Sequence[str]) -> pl.DataFrame:
    rows = features.filter(slices.train.contains())
    total = int(rows.select(pl.len()).collect(engine="streaming").item())
    # Frauds are not favoured here: the scale is that of all rows.
    kept = rows.with_columns(is_fraud=pl.lit(value=False)).filter(is_kept(min(1.0, MOST_FITTED / max(1, total))))
    schema = features.collect_schema()
    columns = [pl.col(n) if is_text(schema[n]) else pl.col(n).cast(pl.Float32) for n in names]
    return kept.select(columns).collect(engine="streaming")


def _labelled(
    features: pl.LazyFrame, reports: pl.LazyFrame, slices: Slices, month: Month, known_until: datetime
) -> pl.LazyFrame:
    """The rows with ``split``, ``y`` and the instant ``as_of`` which that was known."""
    at = pl.col("event_time")
    part = pl.coalesce(
        pl.when(at >= month.start).then(pl.lit("test")),
        *(pl.when(getattr(slices, name).contains()).then(pl.lit(name)) for name in SPLITS[:-1]),
    )
    is_past = at < slices.cut
    as_of = pl.when(is_past).then(pl.lit(slices.cut)).otherwise(pl.lit(known_until))
    known = known_at(reports, known_until).select("transaction_id", "reported_at")
    return (
        features.filter((at >= slices.train.start) & (at < month.end))
        .with_columns(split=part, as_of=as_of)
        .filter(pl.col("split").is_not_null())
        .join(known, on="transaction_id", how="left", maintain_order="left")
        .with_columns(y=(pl.col("reported_at") < pl.col("as_of")).fill_null(value=False).cast(pl.Int8))
    )
