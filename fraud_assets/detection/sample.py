"""The rows a model learns from, as arrays, and the exact correction for honest rows left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fraud_assets.detection.arrays import Mask, Matrix, Vector
from fraud_assets.detection.encoding import Encoder

#: Above this many rows in a slice, honest ones are sampled down to it.
MOST_ROWS = 2_000_000
_RESOLUTION = 1 << 24


@dataclass(frozen=True)
class Sample:
    """Rows of one slice.

    ``codes`` float32 (rows, features); ``labels`` bool; ``weights`` how many rows of the slice each one stands for;
    ``ages`` days from the event to the cut.
    """

    codes: Matrix
    labels: Mask
    weights: Vector
    ages: Vector


@dataclass(frozen=True)
class Past:
    """What a candidate is fitted on: the training rows, the later tuning rows, and what their columns mean."""

    train: Sample
    tune: Sample
    encoder: Encoder


def kept_share(rows: int, frauds: int, most: int = MOST_ROWS) -> float:
    """The share of honest rows to keep so that about ``most`` rows remain, every fraud among them."""
    honest = rows - frauds
    return 1.0 if rows <= most else max(1, most - frauds) / honest


def is_kept(share: float) -> pl.Expr:
    """True for frauds, and for honest rows by a hash of their number: the same rows on every machine, in any order."""
    if share >= 1:
        return pl.lit(True)
    # The high bits of a multiplication by an odd constant (Knuth's multiplicative hash, modulo 2^64).
    hashed = pl.col("transaction_id").cast(pl.UInt64) * pl.lit(0x9E3779B97F4A7C15, dtype=pl.UInt64) // (1 << 40)
    return pl.col("is_fraud") | (hashed < round(share * _RESOLUTION))


def thinned(labels: Mask, most: int) -> tuple[NDArray[np.int64], Vector]:
    """Every fraud and each k-th honest row, at most ``most``: their places in order, and what each stands for."""
    honest = np.flatnonzero(~labels)
    step = max(1, -(-len(honest) // most))
    used = np.sort(np.concatenate([honest[::step], np.flatnonzero(labels)]))
    return used, np.where(labels[used], 1.0, float(step))


def corrected(raw: Vector, kept: float) -> Vector:
    """The probability among all rows, from that among a sample that kept the share ``kept`` of the honest ones.

    p = b*s / (b*s - s + 1); Dal Pozzolo et al., Calibrating probability with undersampling, 2015.
    """
    return kept * raw / (kept * raw - raw + 1)
