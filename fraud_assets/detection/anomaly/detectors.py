"""The detectors of a month, fitted on earlier months, and their documents.

What lives here: which payments they are fitted on, and how their scores become ranks that can be compared and combined.
No label is read: rows of fraud are in the sample as they are in life.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from fraud_assets.counting import counted
from fraud_assets.detection.anomaly.aspects import aspects_of
from fraud_assets.detection.anomaly.kinds import Detector, Forest, OneClass, TailSum
from fraud_assets.detection.anomaly.surprises import Surprises
from fraud_assets.detection.anomaly.tails import Tail
from fraud_assets.detection.arrays import Vector
from fraud_assets.detection.trained import digest
from fraud_assets.months import Month

DETECTORS: dict[str, type[Detector]] = {"isolation_forest": Forest, "one_class_svm": OneClass, "ecdf": TailSum}
#: Earlier payments that are looked at, chosen by their numbers: enough to tell one in ten thousand.
SAMPLE_ROWS = 50_000
#: Fewer say nothing about what is rare.
FEWEST_ROWS = 1_000
#: Days of history without which everything about a customer is new; such rows are left out of the sample.
SETTLED_DAYS = 14
_RESOLUTION = 1 << 24


@dataclass(frozen=True)
class DetectorSet:
    """The detectors of a month, or the reason why there are none.

    Attributes
    ----------
    rate
        Share of ordinary payments that may be called anomalies.
    surprises
        From features to surprises.
    detectors, tails
        By name: the detector, and the tail of its scores among the payments it was fitted on.
    combined
        The tail of the sum of the detectors' surprises.
    origin
        Month, months looked at, rows, code version.
    """

    month: str
    reason: str | None
    rate: float
    surprises: Surprises
    detectors: dict[str, Detector]
    tails: dict[str, Tail]
    combined: Tail | None
    origin: dict[str, Any]

    @classmethod
    def empty(cls, month: str, reason: str, rate: float) -> DetectorSet:
        return cls(month, reason, rate, Surprises({}, {}), {}, {}, None, {})

    def detected(self, surprises: Vector) -> dict[str, Vector]:
        """Each detector's surprise at the rows, and that of all together as ``anomaly_score``, nats, shape (rows,)."""
        if self.combined is None:
            raise ValueError(f"there are no detectors for {self.month}: {self.reason}")
        found = {name: self.tails[name].at(of.scores(surprises)) for name, of in self.detectors.items()}
        return found | {"anomaly_score": self.combined.at(_total(found))}

    @property
    def identity(self) -> str:
        return digest({"rate": self.rate, **self.origin})

    def document(self) -> dict[str, Any]:
        return {
            "month": self.month,
            "reason": self.reason,
            "rate": self.rate,
            "origin": self.origin,
            "surprises": self.surprises.document(),
            "detectors": {
                name: {"model": of.document(), "tail": self.tails[name].document()}
                for name, of in self.detectors.items()
            },
            "combined": self.combined.document() if self.combined else None,
        }

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> DetectorSet:
        """The set of a document.

        Raises
        ------
        ValueError
            If the package knows no detector of a name.
        """
        if unknown := sorted(set(document["detectors"]) - set(DETECTORS)):
            raise ValueError(f"the document names detector {unknown[0]!r}; this version knows {', '.join(DETECTORS)}")
        made = document["detectors"]
        return cls(
            document["month"],
            document["reason"],
            document["rate"],
            Surprises.load(document["surprises"]),
            {name: DETECTORS[name].load(of["model"]) for name, of in made.items()},
            {name: Tail.load(of["tail"]) for name, of in made.items()},
            Tail.load(document["combined"]) if document["combined"] else None,
            dict(document["origin"]),
        )


def fit_detectors(features: pl.LazyFrame, month: Month, rate: float, *, code_version: str) -> DetectorSet:
    """The detectors for the payments of a month.

    Parameters
    ----------
    features
        Feature rows of earlier months, with transaction_id and history_days; without rows where there is none.
    month
        The month to be scored, of which nothing is looked at.
    rate
        Share of ordinary payments that may be called anomalies, for example 0.005.
    code_version
        Of the code that makes the features and fits; part of the identity.

    Returns
    -------
    The detectors, or an empty set that says why: no earlier month, or too few payments in them, or all alike.
    """
    schema = features.collect_schema()
    past = features.filter(pl.col("event_time") < month.start) if "event_time" in schema else features.head(0)
    rows = int(past.select(pl.len()).collect(engine="streaming").item()) if len(schema) else 0
    if rows < FEWEST_ROWS:
        why = f"{counted(rows, 'payment')} before it; {FEWEST_ROWS} are needed to say what is rare"
        return DetectorSet.empty(str(month), f"{month}: {why}", rate)
    aspects = aspects_of({name for name, dtype in schema.items() if dtype.is_numeric()})
    wanted = sorted({name for of in aspects.values() for name in of})
    # In the order of their hashes: the first so many of them are as good a sample as any.
    sample = (
        past.with_columns(__hash=_hashed())
        .filter(pl.col("__hash") < round(min(1.0, SAMPLE_ROWS / rows) * _RESOLUTION))
        .select("history_days", "__hash", "transaction_id", *wanted)
        .collect(engine="streaming")
        .sort("__hash", "transaction_id")
    )
    settled = sample.filter(pl.col("history_days") >= SETTLED_DAYS)
    sample = settled if settled.height >= FEWEST_ROWS else sample
    surprises = Surprises.fit(sample, aspects)
    if not surprises.aspects:
        why = f"{rows} payments before it are the same in every feature that tells what is unusual"
        return DetectorSet.empty(str(month), f"{month}: {why}", rate)
    seen = surprises.at(sample)
    detectors = {name: kind.fit(seen) for name, kind in DETECTORS.items()}
    scores = {name: of.scores(seen) for name, of in detectors.items()}
    tails = {name: Tail.of(found, extended=True) for name, found in scores.items()}
    total = _total({name: tails[name].at(found) for name, found in scores.items()})
    origin = {
        "month": str(month),
        "rows": rows,
        "rows_used": sample.height,
        "sample_sha256": digest({"surprises": surprises.document()}),
        "code_version": code_version,
    }
    return DetectorSet(str(month), None, rate, surprises, detectors, tails, Tail.of(total, extended=True), origin)


def _total(found: Mapping[str, Vector]) -> Vector:
    total: Vector = sum(found.values(), start=0.0)  # type: ignore[arg-type]  # arrays add to a number
    return total


def _hashed() -> pl.Expr:
    """A number below 2^24 by a hash of the payment's: the same on every machine, in any order."""
    # The high bits of a multiplication by an odd constant (Knuth's multiplicative hash, modulo 2^64).
    return pl.col("transaction_id").cast(pl.UInt64) * pl.lit(0x9E3779B97F4A7C15, dtype=pl.UInt64) // (1 << 40)
