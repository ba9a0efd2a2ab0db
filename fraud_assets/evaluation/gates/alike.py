"""Who is compared with whom when a trace is judged: rows that do the same, and each device, address or number once."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import polars as pl

from fraud_assets.evaluation.gates.patterns import DOING, Pattern, doing
from fraud_assets.evaluation.gates.sample import Sample


@dataclass(frozen=True)
class Alike:
    """A month's rows by what they do.

    Attributes
    ----------
    fraud, honest
        The sample's rows, honest ones only where some fraud does the same, with ``doing``, the number of what is done.
    sample
        All of them.
    """

    fraud: pl.DataFrame
    honest: pl.DataFrame
    sample: Sample

    @classmethod
    def of(cls, sample: Sample) -> Alike:
        done = doing(sample.schema)
        codes = sample.fraud.select(done=done).unique().sort("done").with_row_index(DOING)
        fraud, honest = (
            frame.with_columns(done=done).join(codes, on="done", maintain_order="left").drop("done")
            for frame in (sample.fraud, sample.honest)
        )
        return cls(fraud, honest, sample)

    def compared(self, looked_at: list[Pattern]) -> Iterator[tuple[Pattern, pl.DataFrame, pl.DataFrame]]:
        """For each trace, the frauds and honest rows to be compared; the trace of a thing once a thing and group.

        Yields
        ------
        The pattern; fraud_type, actor, customer_id, group and value of frauds; the last three of honest rows.
        """
        key = operator.itemgetter(0, 1)
        traces = [(p.trace_of, "" if p.given is None else str(p.given), p) for p in looked_at if p.trace_of]
        for (trace_of, _), alike in groupby(sorted(traces, key=key), key=key):
            patterns = [pattern for _, _, pattern in alike]
            fraud, honest = self._rows(trace_of, patterns[0].given)
            for pattern in patterns:
                yield (
                    pattern,
                    fraud.select("fraud_type", "actor", "customer_id", "group", value=pattern.value),
                    honest.select("customer_id", "group", value=pattern.value),
                )

    def _rows(self, trace_of: str, given: pl.Expr | None) -> tuple[pl.DataFrame, pl.DataFrame]:
        """All rows with their ``group``, or if it is not rows that are compared, the first row of each thing."""
        is_doing = given is not None and DOING in given.meta.root_names()
        group = pl.lit(0) if given is None else given
        fraud, honest = (
            frame.with_columns(group=group)
            for frame in ((self.fraud, self.honest) if is_doing else (self.sample.fraud, self.sample.honest))
        )
        if trace_of == "row":
            return fraud.drop_nulls("group"), honest.drop_nulls("group")
        there = pl.col(trace_of).is_not_null() & pl.col("group").is_not_null()
        once = pl.struct(trace_of, "group").is_first_distinct()
        # A thing that several actors use is one thing: that they share it is a lead, not a flaw.
        ours = fraud.filter(there).unique(["fraud_type", "group", trace_of], keep="first", maintain_order=True)
        return ours, honest.filter(there & once)
