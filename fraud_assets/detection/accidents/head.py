"""The head for duplicates and wrong amounts: how likely a payment is to be reported as such an accident.

What lives here: reading the rows that a month's head is fitted on, the fit, and its figures on later rows. A mistyped
recipient is told by the names around it, not by these features: that is ``recipients``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from fraud_assets.detection.arrays import Mask, Matrix, Vector
from fraud_assets.detection.boosting import Boosting
from fraud_assets.detection.calibration import Calibration
from fraud_assets.detection.encoding import Encoder, is_text, require
from fraud_assets.detection.judging import average_precision
from fraud_assets.detection.sample import Past, Sample, corrected, is_kept, kept_share
from fraud_assets.detection.slices import Interval, Slices, split
from fraud_assets.knowledge import accidents_known_at
from fraud_assets.months import Month

#: Kinds of reports that this head learns.
LEARNED = ("duplicate", "wrong_amount")
#: Families of the features that an accident shows in: what is paid, how fast after what, and where. Devices, merchants
#: and networks tell who pays, and the customer of an accident is who they say.
FAMILIES = ("transaction", "velocity", "behaviour", "geography")
#: An accident from this probability on: more likely than not.
THRESHOLD = 0.5
#: Reports below which a kind is not learned: of the training slice, and of the tuning slice.
FEWEST_TO_TRAIN, FEWEST_TO_TUNE = 20, 5
#: Rows of each slice that are used, about; every reported accident is. With 20,000 what was called a wrong amount swung
#: between a third and four fifths of them from month to month; 50,000 were no better, and half as dear again.
MOST_ROWS = 30_000
#: Shallow trees and long steps: an accident is two or three conditions together. With depth 6 and steps of .08 the
#: average precision was the same, for twice the time. Leaves may be light: a young bank has a few dozen reports among
#: thousands of rows, which the candidates' bound would not let the first trees set apart.
CHANGES: dict[str, Any] = {"max_depth": 4, "learning_rate": 0.2, "colsample_bytree": 0.5, "min_child_weight": 0.1}


@dataclass(frozen=True)
class Recognizer:
    """One kind: its trees, the share of other rows that they saw, and the calibration.

    ``figures`` are those of the comparing slice; average precision, precision and recall are None without a report
    there.
    """

    model: Boosting
    kept: float
    calibration: Calibration
    figures: dict[str, float | None]

    def probability(self, codes: Matrix) -> Vector:
        """That the payment will be reported as this kind, float64, shape (rows,)."""
        return self.calibration.apply(corrected(self.model.raw_scores(codes), self.kept))

    def document(self) -> dict[str, Any]:
        return {
            "kept_share_of_other_rows": self.kept,
            "parameters": self.model.parameters,
            "model": self.model.document(),
            "calibration": self.calibration.document(),
            "figures": self.figures,
        }

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> Recognizer:
        return cls(
            Boosting.load(document["model"]),
            document["kept_share_of_other_rows"],
            Calibration.load(document["calibration"]),
            document["figures"],
        )


@dataclass(frozen=True)
class AccidentHead:
    """What was learned of each kind from the months before one.

    ``reasons`` says of each kind of :data:`LEARNED` that has no recognizer why; ``sizes`` holds the rows of each slice,
    those used, and the reports by kind.
    """

    month: str
    reasons: dict[str, str]
    slices: Slices | None
    sizes: dict[str, dict[str, int]]
    encoder: Encoder | None
    recognizers: dict[str, Recognizer]

    @classmethod
    def empty(cls, month: Month, reason: str, slices: Slices | None = None) -> AccidentHead:
        return cls(str(month), dict.fromkeys(LEARNED, reason), slices, {}, None, {})

    @classmethod
    def fit(
        cls,
        features: pl.LazyFrame,
        reports: pl.LazyFrame,
        month: Month,
        first_month: Month,
        feature_names: Sequence[str],
    ) -> AccidentHead:
        """The head for the rows of ``month``, from the months before it.

        Nine in ten accidents are reported within three days, so that the week left out before the cut suffices: no
        correction for reports to come is needed.

        Parameters
        ----------
        features
            Rows of earlier months: transaction_id, event_time and the features. Rows outside the slices are not looked
            at.
        reports
            ``incident_reports`` of earlier months; what reached the bank after the cut is not looked at.
        month, first_month
            The month whose payments will be scored, and the first there is.
        feature_names
            The features to learn from: those of :data:`FAMILIES`.

        Returns
        -------
        A recognizer for each kind with enough reports, and the reason for each other one.

        Raises
        ------
        ValueError
            If the table lacks one of the features.
        """
        slices = split(month, first_month)
        if slices is None:
            return cls.empty(month, f"{month} is the first month: there is no earlier one to learn from")
        require(features.collect_schema().names(), feature_names)
        rows = _Rows(features, accidents_known_at(reports, slices.cut).collect(), slices)
        sizes = rows.sizes()
        reasons = {kind: why for kind in LEARNED if (why := _too_few(sizes, kind))}
        if len(reasons) == len(LEARNED):
            return cls(str(month), reasons, slices, sizes, None, {})
        frames = rows.read(sizes, feature_names)
        encoder = Encoder.fit(frames["train"], feature_names)
        codes = {name: encoder.codes(frame) for name, frame in frames.items()}
        recognizers = {}
        for kind in LEARNED:
            if kind not in reasons:
                train, tune, compare = (
                    Sample(codes[name], frame[kind].to_numpy(), frame["weight"].to_numpy(), np.empty(0))
                    for name, frame in frames.items()
                )
                recognizers[kind] = _recognizer(Past(train, tune, encoder), compare)
        return cls(str(month), reasons, slices, sizes, encoder, recognizers)

    def probabilities(self, frame: pl.DataFrame) -> dict[str, Vector]:
        """Of each kind that was learned: the probability of each row of a feature frame; each row for itself.

        Raises
        ------
        ValueError
            If the frame lacks one of the features.
        """
        if self.encoder is None:
            return {}
        codes = self.encoder.codes(frame)
        return {kind: recognizer.probability(codes) for kind, recognizer in self.recognizers.items()}

    def document(self) -> dict[str, Any]:
        return {
            "month": self.month,
            "reasons": self.reasons,
            "threshold": THRESHOLD,
            "slices": self.slices.document() if self.slices else None,
            "sizes": self.sizes,
            "encoder": self.encoder.document() if self.encoder else None,
            "recognizers": {kind: found.document() for kind, found in self.recognizers.items()},
        }

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> AccidentHead:
        return cls(
            document["month"],
            document["reasons"],
            Slices.load(document["slices"]) if document["slices"] else None,
            document["sizes"],
            Encoder.load(document["encoder"]) if document["encoder"] else None,
            {kind: Recognizer.load(found) for kind, found in document["recognizers"].items()},
        )


@dataclass(frozen=True)
class _Rows:
    """The rows of the slices with a flag a kind, and ``is_fraud`` for all that stay whole in the sampling."""

    features: pl.LazyFrame
    known: pl.DataFrame
    slices: Slices

    @property
    def intervals(self) -> dict[str, Interval]:
        return {"train": self.slices.train, "tune": self.slices.tune, "compare": self.slices.compare}

    def labelled(self) -> pl.LazyFrame:
        told = self.known.group_by("transaction_id").agg((pl.col("kind") == kind).any().alias(kind) for kind in LEARNED)
        flags = pl.col(LEARNED).fill_null(value=False)
        rows = self.features.join(told.lazy(), on="transaction_id", how="left", maintain_order="left")
        return rows.with_columns(flags).with_columns(is_fraud=pl.any_horizontal(LEARNED))

    def sizes(self) -> dict[str, dict[str, int]]:
        """Rows, accidents, and reports of each kind, by slice."""
        figures = {"rows": pl.lit(value=True), "accidents": pl.col("is_fraud"), **{k: pl.col(k) for k in LEARNED}}
        counts = (
            self.labelled()
            .select(
                (interval.contains() & rows).sum().alias(f"{name} {what}")
                for name, interval in self.intervals.items()
                for what, rows in figures.items()
            )
            .collect(engine="streaming")
            .row(0, named=True)
        )
        return {name: {what: int(counts[f"{name} {what}"]) for what in figures} for name in self.intervals}

    def read(self, sizes: dict[str, dict[str, int]], names: Sequence[str]) -> dict[str, pl.DataFrame]:
        """Each slice's accidents and a share of its other rows; ``weight`` is how many rows each one stands for.

        Puts the number of rows that are used into ``sizes``.
        """
        schema = self.features.collect_schema()
        columns = [pl.col(n) if is_text(schema[n]) else pl.col(n).cast(pl.Float32) for n in names]
        is_used = pl.any_horizontal(
            interval.contains() & is_kept(kept_share(sizes[name]["rows"], sizes[name]["accidents"], MOST_ROWS))
            for name, interval in self.intervals.items()
        )
        rows = self.labelled().filter(is_used).select("event_time", "is_fraud", *LEARNED, *columns)
        read = rows.collect(engine="streaming")
        frames = {}
        for name, interval in self.intervals.items():
            frame, size = read.filter(interval.contains()), sizes[name]
            size["used"] = frame.height
            stands_for = (size["rows"] - size["accidents"]) / max(1, frame.height - size["accidents"])
            frames[name] = frame.with_columns(weight=pl.when("is_fraud").then(1.0).otherwise(stands_for))
        return frames


def _too_few(sizes: dict[str, dict[str, int]], kind: str) -> str | None:
    train, tune = sizes["train"][kind], sizes["tune"][kind]
    if train >= FEWEST_TO_TRAIN and tune >= FEWEST_TO_TUNE:
        return None
    needed = f"{FEWEST_TO_TRAIN} and {FEWEST_TO_TUNE} are needed"
    return f"{train} of this kind reported to train and {tune} to tune with; {needed}"


def _recognizer(past: Past, compare: Sample) -> Recognizer:
    train, tune = past.train, past.tune
    model = Boosting.grow(past, CHANGES)
    others = ~train.labels
    kept = float(others.sum() / train.weights[others].sum())
    raw = corrected(model.raw_scores(tune.codes), kept)
    calibration = Calibration.fit(raw, tune.labels.astype(np.float64), tune.weights)
    found = Recognizer(model, kept, calibration, {})
    return Recognizer(model, kept, calibration, _judged(found.probability(compare.codes), compare))


def _judged(probability: Vector, rows: Sample) -> dict[str, float | None]:
    """What the bank itself can see of it on the comparing slice."""
    labels, weights = rows.labels, rows.weights
    said: Mask = probability >= THRESHOLD
    hits, told, alarms = float(labels[said].sum()), float(labels.sum()), float(weights[said].sum())
    return {
        "reported": told,
        "said": alarms,
        "average_precision": average_precision(labels, probability, weights) if told else None,
        "precision": hits / alarms if told and alarms else None,
        "recall": hits / told if told else None,
        "expected_over_reported": float((probability * weights).sum()) / told if told else None,
    }
