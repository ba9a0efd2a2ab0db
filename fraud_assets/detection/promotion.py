"""May a challenger take the champion's place: the rules, each with the figure that it was judged by.

What lives here: the rules of a promotion and their limits. Both models are judged on the same rows. A rule for which
there are too few frauds passes nobody and refuses nobody.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from fraud_assets.counting import counted
from fraud_assets.detection.arrays import Mask, Vector
from fraud_assets.detection.judging import average_precision, interval
from fraud_assets.detection.train import Compared
from fraud_assets.scenario import Learning

#: The difference in average precision may not lie below this: the lower end of its 95 % interval where the slice holds
#: enough frauds for so narrow an interval, else the difference itself. With the two hundred frauds of a young bank the
#: interval is ten times as wide, and the first champion, which has seen least, would stay for ever. For the same reason
#: a refit of the champion's own kind is then refused only where it is shown to be worse, in precision or in money: it
#: is no new idea, it has seen more, and a coin would decide.
AP_TOLERANCE, ENOUGH_FOR_INTERVAL = 0.005, 1000
#: Points of value detection, and of recall by reported type, that may be lost.
VALUE_TOLERANCE, RECALL_TOLERANCE = 0.02, 0.10
#: Reported frauds from which a recall by type, or the calibration, is judged at all; for a group, false alarms.
ENOUGH = 50
#: Expected over observed frauds; only an interval wholly outside refuses, and only whoever is further out than the
#: champion: a few dozen frauds come in campaigns, and a quiet fortnight puts every model above the band.
CALIBRATION_BAND = (0.8, 1.25)
#: The factor by which a group's false alarms may lie further from everybody's than they do under the champion. Groups
#: that shop differently have different rates whoever scores them, so the change is judged, and never one towards
#: even-handedness; only an interval wholly beyond refuses.
FAIRNESS_FACTOR = 1.25


@dataclass(frozen=True)
class Rule:
    """One condition of a promotion; ``passed`` is None where the data cannot tell."""

    rule: str
    passed: bool | None
    figure: str


@dataclass(frozen=True)
class Trial:
    """A challenger (``new``) against the champion (``old``), with the figures of both."""

    rows: Compared
    new: str
    old: str
    new_figures: Mapping[str, Any]
    old_figures: Mapping[str, Any]
    learning: Learning
    is_refit: bool

    def rules(
        self, difference: Vector, saved: Vector, caught: Vector, groups: pl.DataFrame | None = None
    ) -> list[Rule]:
        """Every rule.

        Parameters
        ----------
        difference
            Replicates of the difference in average precision, paired.
        saved
            What the challenger saves more than the champion, row by row (major units).
        caught
            The fraud, in money, that the challenger's decisions were against more than the champion's, row by row.
        groups
            customer_id and a column for each grouping of people.
        """
        alerted = {name: self._alerted(name) for name in (self.new, self.old)}
        return [
            self._precision(difference),
            *self._money(saved, caught),
            *self._types(alerted),
            self._calibration(),
            *(self._groups(alerted, groups) if groups is not None else ()),
        ]

    def _precision(self, difference: Vector) -> Rule:
        rows = self.rows
        low, high = interval(difference)
        point = average_precision(rows.is_fraud, rows.raw[self.new]) - average_precision(
            rows.is_fraud, rows.raw[self.old]
        )
        if self._enough:
            judged, by = low, "its lower end"
        elif self.is_refit:
            judged, by = high, f"its upper end, as a refit is: {self._few}"
        else:
            judged, by = point, f"the difference: {self._few}"
        return Rule(
            f"average precision not worse by more than {AP_TOLERANCE}",
            judged >= -AP_TOLERANCE,
            f"difference {point:+.4f}, 95 % interval {low:+.4f} to {high:+.4f}, judged by {by}",
        )

    def _money(self, saved: Vector, caught: Vector) -> list[Rule]:
        new, old = self.new_figures, self.old_figures
        more, spread = float(saved.sum()), self._spread(saved)
        lost = float(self.rows.amount[self.rows.is_fraud].sum()) or 1.0
        found, width = float(caught.sum()) / lost, self._spread(caught) / lost
        doubt = self.is_refit and not self._enough
        by = f", judged by its upper end, as a refit is: {self._few}" if doubt else ""
        return [
            Rule(
                "net savings better",
                more + (spread if doubt else 0.0) > 0,
                f"{new['net_savings']:.2f} against {old['net_savings']:.2f}, difference {more:+.2f}, 95 % interval"
                f" {more - spread:+.2f} to {more + spread:+.2f}{by}",
            ),
            Rule(
                f"value detection not down by more than {VALUE_TOLERANCE * 100:.0f} points",
                found + (width if doubt else 0.0) >= -VALUE_TOLERANCE,
                f"{new['value_detection']:.3f} against {old['value_detection']:.3f}, 95 % interval of the difference"
                f" {found - width:+.3f} to {found + width:+.3f}{by}",
            ),
        ]

    def _spread(self, values: Vector) -> float:
        """Half the 95 % interval of a sum over customers, each of them there a Poisson(1) number of times."""
        _, place = np.unique(self.rows.customer, return_inverse=True)  # a customer's rows come and go together
        return 1.96 * float(np.sqrt(np.sum(np.bincount(place, values) ** 2)))

    @property
    def _enough(self) -> bool:
        return int(self.rows.is_fraud.sum()) >= ENOUGH_FOR_INTERVAL

    @property
    def _few(self) -> str:
        return f"{counted(int(self.rows.is_fraud.sum()), 'fraud')}, {ENOUGH_FOR_INTERVAL} needed for the lower end"

    def _types(self, alerted: Mapping[str, Mask]) -> Iterator[Rule]:
        kinds = self.rows.reported_type
        for kind in sorted(kinds.drop_nulls().unique().to_list()):
            of_kind = (kinds == kind).fill_null(False).to_numpy() & self.rows.is_fraud
            count = int(of_kind.sum())
            mine, theirs = (float(alerted[name][of_kind].mean()) for name in (self.new, self.old))
            yield Rule(
                f"recall of {kind} not down by more than {RECALL_TOLERANCE * 100:.0f} points",
                mine >= theirs - RECALL_TOLERANCE if count >= ENOUGH else None,
                f"{mine:.3f} against {theirs:.3f}, {counted(count, 'fraud')}" + _needed(count),
            )

    def _calibration(self) -> Rule:
        ratio, old = (float(of["expected_over_observed"]) for of in (self.new_figures, self.old_figures))
        count = int(self.rows.is_fraud.sum())
        least, most = self.new_figures["expected_over_observed_interval"]
        fits = least <= CALIBRATION_BAND[1] and most >= CALIBRATION_BAND[0]
        return Rule(
            f"calibration within {CALIBRATION_BAND[0]} to {CALIBRATION_BAND[1]}, or no further out than the champion's",
            bool(fits or _from_even(ratio) <= _from_even(old)) if count >= ENOUGH else None,
            f"expected over observed {ratio:.3f}, 95 % interval {least:.3f} to {most:.3f}, against {old:.3f},"
            f" {counted(count, 'fraud')}" + _needed(count),
        )

    def _groups(self, alerted: Mapping[str, Mask], groups: pl.DataFrame) -> Iterator[Rule]:
        people = pl.DataFrame({"customer_id": self.rows.customer}).join(
            groups, on="customer_id", how="left", maintain_order="left"
        )
        honest = ~self.rows.is_fraud
        false = {name: honest & alarm for name, alarm in alerted.items()}
        for column in people.columns[1:]:
            values = people[column].cast(pl.String)
            for value in sorted(values.drop_nulls().unique().to_list()):
                inside = (values == value).fill_null(False).to_numpy()
                # Half an alarm more: a group without one has a rate below everybody's, not none.
                here = {name: int((inside & alarm).sum()) + 0.5 for name, alarm in false.items()}
                most = int(max(here.values()))
                share = {
                    name: (here[name] / ((inside & honest).sum() + 1)) / ((alarm.sum() + 0.5) / (honest.sum() + 1))
                    for name, alarm in false.items()
                }
                further = _from_even(share[self.new]) - _from_even(share[self.old])
                # Counts of alarms as Poisson's, on the log scale.
                spread = 1.96 * float(np.sqrt(sum(1 / count for count in here.values())))
                low, value_of, high = (float(np.exp(further + d)) for d in (-spread, 0.0, spread))
                yield Rule(
                    f"false alarms of {column} {value} no further from everybody's by more than {FAIRNESS_FACTOR}",
                    low <= FAIRNESS_FACTOR if most >= ENOUGH else None,
                    f"{share[self.new]:.2f} of everybody's rate against {share[self.old]:.2f}, further by"
                    f" {value_of:.2f}, 95 % interval {low:.2f} to {high:.2f}"
                    + (f", {most} false alarms, {ENOUGH} needed" if most < ENOUGH else ""),
                )

    def _alerted(self, name: str) -> Mask:
        """The rows that the alert budget reaches."""
        budget = max(1, int(len(self.rows.amount) * self.learning.alerts_per_10000 / 10_000))
        alerted = np.zeros(len(self.rows.amount), dtype=bool)
        alerted[np.argsort(-self.rows.raw[name], kind="stable")[:budget]] = True
        return alerted


def _from_even(ratio: float) -> float:
    """How far a ratio is from 1, on the log scale; half is as far as double."""
    return abs(math.log(ratio)) if ratio > 0 else math.inf


def _needed(count: int) -> str:
    return "" if count >= ENOUGH else f", {ENOUGH} needed"
