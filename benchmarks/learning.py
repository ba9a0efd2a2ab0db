"""How fast a month's candidates are trained, and with how much memory.

    python benchmarks/learning.py [--rows 1000000] [--features 120]

A made-up training window is drawn as the encoder's matrix, with a few thousand reported frauds among the rows. Each
candidate of the registry is fitted on it as every month fits it, unsampled, in a process of its own. Printed: seconds,
processor time, peak memory, and the ratio to a yardstick: one pass over the same matrix (the sum of its
columns). It fails if XGBoost takes more than 90 s or 4 GB, or all of them together more than five minutes.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time

import numpy as np

from fraud_assets.detection.candidates import CANDIDATES
from fraud_assets.detection.encoding import Encoder
from fraud_assets.detection.sample import Past, Sample

MOST_SECONDS = {"xgboost": 90.0}
MOST_SECONDS_TOGETHER = 300.0
MOST_GIGABYTES = 4.0
FRAUD_RATE = 0.0025
#: The tuning slice: 14 days beside a training window of about 5 months.
TUNING_SHARE = 0.1


def sample(rows: int, features: int, seed: int) -> Sample:
    """Features of every kind (counts, amounts, flags, missing values), some of which tell fraud."""
    rng = np.random.default_rng(seed)
    labels = rng.random(rows) < FRAUD_RATE
    codes = np.empty((rows, features), dtype=np.float32)
    for j in range(features):
        # A third of the frauds show in each feature that tells anything; half of the features tell nothing.
        push = labels & (rng.random(rows) < 0.33) if j % 2 else np.zeros(rows, dtype=bool)
        if j % 4 == 0:
            column = rng.poisson(2.0 + 3 * push)
        elif j % 4 == 1:
            column = np.exp(rng.normal(3 + push, 1.2, rows))
        elif j % 4 == 2:
            column = (rng.random(rows) < 0.1 + 0.3 * push).astype(np.float32)
        else:
            column = np.where(rng.random(rows) < 0.1, np.nan, rng.normal(push, 1.0, rows))
        codes[:, j] = column
    return Sample(codes, labels, np.ones(rows), np.ones(rows))


def fit(name: str, rows: int, features: int) -> None:
    """Fit one candidate, and print yardstick, seconds, processor seconds and gigabytes."""
    past = Past(
        sample(rows, features, 1),
        sample(int(rows * TUNING_SHARE), features, 2),
        Encoder(tuple(f"f{j}" for j in range(features)), {}, (0.0,) * features),
    )
    begun = time.monotonic()
    np.nansum(past.train.codes, axis=0)
    yardstick = time.monotonic() - begun
    begun, worked = time.monotonic(), time.process_time()
    model = CANDIDATES[name].model.fit(past)
    seconds, worked = time.monotonic() - begun, time.process_time() - worked
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(yardstick, seconds, worked, gigabytes, model.parameters.get("rounds", ""))


def main() -> int:
    """Each candidate in a process of its own; exit code 1 if one of them is too slow or too large."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--features", type=int, default=120)
    parser.add_argument("--candidate", choices=CANDIDATES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.candidate:
        fit(options.candidate, options.rows, options.features)
        return 0
    together, held = 0.0, True
    print(f"{options.rows:,} rows x {options.features} features")
    for name in CANDIDATES:
        command = [
            sys.executable,
            __file__,
            "--candidate",
            name,
            "--rows",
            options.rows,
            "--features",
            options.features,
        ]
        done = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True)  # noqa: S603
        yardstick, seconds, worked, gigabytes = (float(part) for part in done.stdout.split()[:4])
        rounds = " ".join(done.stdout.split()[4:])
        together += seconds
        held &= seconds <= MOST_SECONDS.get(name, MOST_SECONDS_TOGETHER) and gigabytes <= MOST_GIGABYTES
        print(
            f"  {name:<14}{seconds:>8.1f} s ({worked:.1f} s of processor time){gigabytes:>7.1f} GB"
            f"{seconds / yardstick:>9.0f} x the yardstick" + (f", {rounds} rounds" if rounds else ""),
            flush=True,
        )
    held &= together <= MOST_SECONDS_TOGETHER
    print(f"  together {together:.0f} s: {'within' if held else 'beyond'} the limits")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
