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
        The sample's rows, with the number of what is done (:data:`DOING`); null where no fraud does the same.
    """

    fraud: pl.DataFrame
    honest: pl.DataFrame

    @classmethod
    def of(cls, sample: Sample) -> Alike:
        done = doing(sample.schema)
        codes = sample.fraud.select(done=done).unique().sort("done").with_row_index(DOING)

        def numbered(frame: pl.DataFrame) -> pl.DataFrame:
            number = frame.select(done=done).join(codes, on="done", how="left", maintain_order="left")[DOING]
            return frame.with_columns(number)

        return cls(numbered(sample.fraud), numbered(sample.honest))

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
            given = patterns[0].given
            group = (pl.lit(0) if given is None else given).alias("group")
            # A thing that several actors use is one thing: that they share it is a lead, not a flaw.
            ours = _chosen(self.fraud, group, trace_of, ["fraud_type"])
            theirs = _chosen(self.honest, group, trace_of, [])
            for pattern in patterns:
                fraud = self.fraud.select("fraud_type", "actor", "customer_id", group, value=pattern.value)
                honest = self.honest.select("customer_id", group, value=pattern.value)
                yield pattern, fraud.filter(ours), honest.filter(theirs)


def _chosen(rows: pl.DataFrame, group: pl.Expr, trace_of: str, by: list[str]) -> pl.Series:
    """The rows that are in a group; if it is not rows that are compared, the first of each thing and group."""
    if trace_of == "row":
        return rows.select(group.is_not_null()).to_series()
    named = rows.select(*by, group, thing=pl.col(trace_of))
    first = pl.struct(pl.all()).is_first_distinct()
    return named.select(pl.col("thing").is_not_null() & pl.col("group").is_not_null() & first).to_series()
